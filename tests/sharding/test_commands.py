"""Every long command in shards gives what it gives in one piece."""

from __future__ import annotations

import json

import pytest

import pico_banana
from pico_banana.rows.sidecar import read_annotations
from tests.regenerate.test_regenerate_command import CONFIG as REGENERATE
from tests.regenerate.test_regenerate_command import told as regenerate_told
from tests.sharding.conftest import run, without_calls

SAMPLE = ("--mirror", "sample")
ROWS = ("single_turn", *SAMPLE, "--limit", "5")


def told(capsys, *words: object) -> dict:
    capsys.readouterr()
    assert run(*words, "--json") == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def shards(count: int, *words: object) -> None:
    for index in (1, 0, 2)[:count]:  # in any order
        assert run(*words, "--shard", f"{index}/{count}") == 0


def test_measurements(tmp_path, capsys):
    assert run("measure", tmp_path / "whole.parquet", *ROWS) == 0
    out = tmp_path / "parts.parquet"
    assert run("measure", out, *ROWS, "--shard", "1/3") == 0
    assert run("merge", out) == 1
    assert "2 of 3 shards" in (said := capsys.readouterr().err)
    assert "0/3: not begun; 2/3: not begun" in said
    assert run("measure", out, *ROWS, "--shard", "any/3") == 0
    capsys.readouterr()
    assert run("measure", out, *ROWS, "--shard", "any/3") == 0
    assert f"all 3 shards of {out} are finished" in capsys.readouterr().err
    whole = read_annotations(tmp_path / "whole.parquet")
    sums = {"edits": 5, "reliable": sum(whole["reliable"].to_pylist()), "failed": 0}
    assert told(capsys, "merge", out) == {"command": "measure", "shards": 3, **sums}
    assert read_annotations(out).equals(whole)


def test_exports(tmp_path, capsys):
    shards(3, "export", "parquet", tmp_path / "out", *ROWS)
    assert told(capsys, "merge", tmp_path / "out")["written"] == 5
    import datasets

    files = sorted(str(path) for path in (tmp_path / "out.shards").rglob("*.parquet"))
    found = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    assert found["id"] == pico_banana.load("single_turn", mirror="sample", limit=5).ids
    assert run("export", "parquet", tmp_path / "out", *ROWS[:-1], "4", "--shard", "0/3") == 1
    assert "made of other rows or with other options" in capsys.readouterr().err


def test_packs(tmp_path, capsys):
    from pico_banana.training.packs import PackExamples

    size = ("--size", "32", "--workers", "1")
    assert run("pack", tmp_path / "whole", *ROWS, *size) == 0
    shards(3, "pack", tmp_path / "out", *ROWS, *size)
    assert told(capsys, "merge", tmp_path / "out")["packed"] == 5
    whole, merged = PackExamples(tmp_path / "whole"), PackExamples(tmp_path / "out")
    assert len(merged) == 5
    for number in range(5):
        first, second = whole.load(number), merged.load(number)
        assert merged.id(number) == whole.id(number)
        assert first.keys() == second.keys()
        assert all((first[name] == second[name]).all() for name in first if hasattr(first[name], "shape"))


def test_downloads(tmp_path, capsys):
    run_folder = tmp_path / "fetch"
    shards(3, "download", *ROWS, "--run", run_folder, "--yes")
    merged = told(capsys, "merge", run_folder)
    assert merged["failed"] == 0
    assert merged["total"] == merged["done"] + merged["reused"] > 5
    assert run("download", *ROWS, "--shard", "0/3") == 2
    assert "--shard needs --run DIR" in capsys.readouterr().err


def test_auto_takes_what_the_engine_says(tmp_path, monkeypatch):
    for name, value in {"ID": "2", "MIN": "1", "MAX": "3", "COUNT": "3"}.items():
        monkeypatch.setenv(f"SLURM_ARRAY_TASK_{name}", value)
    assert run("measure", tmp_path / "a.jsonl", *ROWS, "--shard", "auto") == 0
    assert len(read_annotations(tmp_path / "a.jsonl.shards" / "0001-of-0003" / "a.jsonl")) == 2


def test_shards_without_rows_are_shards(tmp_path):
    rows = (*ROWS[:-1], "1")
    assert run("measure", tmp_path / "a.parquet", *rows, "--shard", "any/2") == 0
    assert run("export", "webdataset", tmp_path / "e", *rows, "--shard", "any/2") == 0
    assert run("pack", tmp_path / "p", *rows, "--size", "32", "--workers", "1", "--shard", "any/2") == 0
    assert [run("merge", tmp_path / name) for name in ("a.parquet", "e", "p")] == [0, 0, 0]
    assert len(read_annotations(tmp_path / "a.parquet")) == 1


def test_an_address_needs_a_shard(capsys):
    assert run("measure", "memory://x/a.parquet", *ROWS) == 2
    assert "--shard 0/1" in capsys.readouterr().err


def test_regenerations(config, tmp_path, capsys):
    """Rows, pictures and annotations of three shards are, byte for byte, those of one process."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert run("regenerate", "run", config, "--ledger", whole) == 0
    shards(3, "regenerate", "run", config, "--ledger", parts)
    assert told(capsys, "merge", parts)["items"] == 6
    for ledger in (whole, parts):
        assert run("regenerate", "assemble", ledger, "--out", f"{ledger}-data") == 0
    files = {
        ledger.name: {
            str(path.relative_to(f"{ledger}-data")): path.read_bytes()
            for path in (tmp_path / f"{ledger.name}-data").rglob("*")
            if path.is_file() and "annotations" not in path.parts
        }
        for ledger in (whole, parts)
    }
    assert files["parts"].keys() == files["whole"].keys()
    assert files["parts"] == files["whole"]
    for command in ("status", "report"):
        found = [regenerate_told(capsys, command, ledger) for ledger in (whole, parts)]
        for one in found:
            for stage in one.get("stages", {}).values():
                stage.pop("mean_s")
        assert found[0] == found[1], command
    assert run("regenerate", "report", parts, "--html", tmp_path / "report.html") == 0
    assert (tmp_path / "report.html").read_text().count("<article") > 1


def test_a_run_is_one_ledger_or_shards_and_never_both(config, tmp_path, capsys):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert run("regenerate", "run", config, "--ledger", whole) == 0
    assert run("regenerate", "run", config, "--ledger", whole, "--shard", "0/2") == 1
    assert f"{whole} was begun without shards" in capsys.readouterr().err
    assert run("regenerate", "run", config, "--ledger", parts, "--shard", "0/2") == 0
    assert run("regenerate", "run", config, "--ledger", parts) == 1
    assert "was begun in shards; go on with --shard any/N" in capsys.readouterr().err


def test_judgements(tmp_path, capsys):
    """Scores of shards lie in one folder, and are read as those of one process."""
    from pico_banana.benchmark.scores.reading import read_scores
    from pico_banana.rehearsal.models import ModelServer

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    with ModelServer() as server:
        words = ("score", *ROWS, "--judge", f"openai:critic@{server.openai_url}", "--ledger")
        assert run(*words, whole) == 0
        shards(3, *words, parts)
        paid = server.paid.total()
        assert told(capsys, "merge", parts) == {"command": "score", "shards": 3, "scores": 5, "failed": 0, "usd": 0.0}
        assert run(*words, parts, "--shard", "any/3") == 0
        assert run(*words, parts) == 0
        assert server.paid.total() == paid
    assert run(*words, parts, "--shard", "3/3") == 2
    assert "shards are counted from 0" in capsys.readouterr().err
    found = [read_scores(folder).to_arrow().sort_by("id").to_pylist() for folder in (whole, parts)]
    assert len(found[0]) == 5
    assert found[0] == found[1]


def test_shards_that_planned_other_photos_are_noticed(config, tmp_path, capsys):
    import shutil

    from pico_banana.rehearsal.sample import sample_root

    photos = tmp_path / "photos"
    shutil.copytree(sample_root() / "source", photos)
    config.write_text(REGENERATE.replace('folder = "sample"', f'folder = "{photos}"'))
    ledger = tmp_path / "ledger"
    assert run("regenerate", "run", config, "--ledger", ledger, "--shard", "0/2") == 0
    next(photos.rglob("*.jpg")).unlink()
    assert run("regenerate", "run", config, "--ledger", ledger, "--shard", "1/2") == 0
    assert run("merge", ledger) == 1
    assert "were made of different rows" in capsys.readouterr().err


def test_benchmarks(tmp_path, capsys):
    from pico_banana.benchmark import results_in

    words = ("benchmark", "run", *SAMPLE, "--editor", "procedural", "--limit", "2")
    words += ("--size", "mini", "--no-anchors")
    assert run(*words, "--out", tmp_path / "whole") == 0
    shards(2, *words, "--out", tmp_path / "out")
    assert run("merge", tmp_path / "out") == 0
    whole, merged = results_in(tmp_path / "whole"), results_in(tmp_path / "out")
    for one, other in zip(whole, merged, strict=True):
        assert [without_calls(item) for item in other.items] == [without_calls(item) for item in one.items]
        assert other.passport["endings"] == one.passport["endings"]
        assert other.passport["shards"] == 2
    assert run("benchmark", "report", tmp_path / "out") == 0


def test_the_anchors_of_a_benchmark_are_the_mean_of_all_shards(tmp_path):
    from pico_banana.benchmark import Results, merge_runs

    for index, scores in enumerate(({"a": 0.2, "b": None}, {"a": 0.4, "b": 0.5})):
        asked = {"name": "x", "answered_by": {"m": 2}, "usd": 0.5, "asked_between": [f"2026-0{index + 1}", "2026-09"]}
        passport = {"editor": asked, "judge": {**asked, "changed": ""}, "wording": "long", "usd": 1.0, "written_at": ""}
        Results(passport, (), scores).write(tmp_path / str(index))
    (path,) = merge_runs([tmp_path / "0", tmp_path / "1"], tmp_path / "out")
    told = json.loads(path.read_text())
    assert told["anchors"] == pytest.approx({"a": 0.3, "b": 0.5})
    assert told["passport"]["usd"] == 2.0
    assert told["passport"]["editor"] == {
        "name": "x",
        "answered_by": {"m": 4},
        "usd": 1.0,
        "asked_between": ["2026-01", "2026-09"],
    }
