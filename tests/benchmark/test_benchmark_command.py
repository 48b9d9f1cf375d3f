"""The commands over the sample, and what they write."""

from __future__ import annotations

import csv
import json

import pytest
import yaml

import pico_banana as pb
from pico_banana import benchmark
from pico_banana.benchmark.runs.alike import alike
from pico_banana.cli import main
from pico_banana.regenerate.values import Picture


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    definition = benchmark.make(mirror="sample")
    for editor in ("procedural", "procedural:0.4"):
        options = benchmark.Options(anchors=editor == "procedural", limit=20)
        benchmark.run(definition, folder, editor=editor, mirror="sample", options=options)
    return folder


def test_the_weak_editor_is_ranked_below_and_the_interval_says_so(bench, capsys):
    assert main(["benchmark", "report", str(bench), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["editors"]] == ["procedural", "procedural:0.4"]
    (duel,) = told["duels"]
    assert duel["score"]["low"] > 0
    assert told["editors"][0]["anchors"]["told_apart"] == 1


def test_csv_page_and_files_for_the_hub_hold_the_same_numbers(bench, tmp_path, capsys):
    places = [f"--{kind}={tmp_path / name}" for kind, name in (("csv", "r.csv"), ("html", "r.html"), ("hub", "hub"))]
    assert main(["benchmark", "report", str(bench), *places, "--dataset", "me/bench", "--by", "category"]) == 0
    assert "procedural:0.4" in capsys.readouterr().out
    report = benchmark.report(bench)
    rows = list(csv.DictReader((tmp_path / "r.csv").read_text("utf-8").splitlines()))
    assert float(rows[0]["success"]) == report.editors[0].whole.success.value
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.count("<svg") == 3
    assert "currentColor" in page  # charts take the colours of the page, also of a dark one
    assert page.count("<figcaption>photo") == page.count("<figcaption>procedural:0.4") > 0
    assert "data:image/jpeg;base64," in page
    assert page.count("<script") == 1  # the part that all pages have; charts are there without it
    assert 'src="http' not in page
    written = yaml.safe_load(
        (tmp_path / "hub" / "procedural" / ".eval_results" / "pico-banana-benchmark.yaml").read_text()
    )
    assert written[0]["dataset"] == {"id": "me/bench", "task_id": "success"}
    assert written[0]["value"] == report.editors[0].whole.success.value
    assert yaml.safe_load((tmp_path / "hub" / "eval.yaml").read_text())["tasks"][0]["id"] == "success"


def test_a_definition_is_made_and_a_training_list_is_held_against_it(tmp_path, capsys):
    path = tmp_path / "bench.json"
    assert main(["benchmark", "make", "--mirror", "sample", "--out", str(path)]) == 0
    definition = benchmark.read_definition(path)
    inside = pb.load("single_turn", mirror="sample", ids=definition.single_turn)[0]
    free = pb.load("single_turn", mirror="sample", exclude=path)
    twin = next(
        one
        for one in pb.load("single_turn", mirror="sample", split="benchmark")
        if one.id not in definition.single_turn
    )
    url = "https://" + inside.source.address.partition("source/")[2]
    name = inside.id.removeprefix("single_turn/")
    caught = [
        inside.id,
        f"images/{name}.png",
        f"https://cdn.example/nb/images/{name}.png",
        json.dumps({"output_image": f"images/{name}.png"}),
    ]
    lines = [*caught, url, twin.id, free[0].id, "nothing-of-the-kind"]
    (tmp_path / "ids.txt").write_text("\n".join(lines), "utf-8")
    capsys.readouterr()
    assert (
        main(
            [
                "benchmark",
                "overlap",
                str(tmp_path / "ids.txt"),
                "--definition",
                str(path),
                "--mirror",
                "sample",
                "--json",
            ]
        )
        == 1
    )
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == caught
    assert told["photos"] == [*caught, url, twin.id]
    assert told["unknown"] == ["nothing-of-the-kind"]
    (tmp_path / "free.txt").write_text("\n".join(free.ids), "utf-8")
    assert (
        main(["benchmark", "overlap", str(tmp_path / "free.txt"), "--definition", str(path), "--mirror", "sample"]) == 0
    )


def test_files_of_a_pair_say_nothing_of_which_was_chosen():
    for record in pb.load("preference", mirror="sample", limit=4, lacks_flags=["rejected_empty"]):
        one, other = alike(*(Picture.of(ref.path.read_bytes()) for ref in (record.chosen, record.rejected[0])))
        assert len(one.data) == len(other.data)
        assert one.data[:40] == other.data[:40]
        assert one.sha256 != other.sha256
