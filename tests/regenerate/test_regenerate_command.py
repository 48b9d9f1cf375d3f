"""The command line, and the procedural run on the embedded sample, whose rows load like the release's."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.plan.photos import find_photos, read_photo
from pico_banana.regenerate.settings.sections import SourceSettings

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
seed = 7
[source]
folder = "sample"
limit = 10
[sessions]
share = 0.5
[run]
items_in_flight = 4
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def ledger(config, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "ledger"
    assert main(["regenerate", "run", str(config), "--ledger", str(folder)]) == 0
    return folder


def told(capsys, *words: object) -> dict:
    capsys.readouterr()
    assert main(["regenerate", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_dry_run_forecasts_and_writes_nothing(config, tmp_path, capsys):
    found = told(capsys, "run", config, "--ledger", tmp_path / "none", "--dry-run")
    assert found["items"] == 10
    assert 5 < found["accepted"] <= 10
    assert found["calls"]["write"] >= 10
    assert not (tmp_path / "none").exists()


def test_only_a_run_needs_a_key(tmp_path, capsys, monkeypatch):
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "gemini.toml"
    config.write_text(
        CONFIG + '[editor]\nbackend = "gemini"\nmodel = "m"\n[judge]\nbackend = "openai"\nmodel = "gpt"\n'
        "[prices.m]\nper_picture = 0.039\n[prices.gpt]\ninput_per_million = 1.0\noutput_per_million = 10.0\n"
    )
    found = told(capsys, "run", config, "--ledger", tmp_path / "none", "--dry-run")
    assert found["total_usd"] > 10 * 0.039
    assert told(capsys, "plan", config, "--ledger", tmp_path / "l")["items"] == 10
    assert main(["regenerate", "run", str(config), "--ledger", str(tmp_path / "l")]) == 2
    assert "set the environment variable GEMINI_API_KEY" in capsys.readouterr().err


def test_a_finished_ledger_says_what_is_there(config, ledger, capsys):
    again = told(capsys, "run", config, "--ledger", ledger)
    assert (again["total"], again["earlier"], again["calls"]) == (0, 10, 0)
    assert main(["regenerate", "run", str(config), "--ledger", str(ledger)]) == 0
    assert capsys.readouterr().out.startswith("nothing is left to do: 10 items were finished before")


def test_plan_then_status(config, tmp_path, capsys):
    assert told(capsys, "plan", config, "--ledger", tmp_path / "l")["items"] == 10
    status = told(capsys, "status", tmp_path / "l")
    assert (status["items"], status["finished"], status["calls"]) == (10, 0, {})


def test_the_result_loads_like_the_release(ledger, tmp_path, capsys):
    made = told(capsys, "assemble", ledger, "--out", tmp_path / "out")
    assert made["items"] == 10 == made["accepted"] + sum(made["ended"].values())
    single = pb.load("single_turn", mirror=tmp_path / "out")
    assert len(single) == made["accepted"] > 4
    assert single[0].source.image().size != (0, 0)
    assert single[0].edited.image().size != (0, 0)
    assert all(record.edit_type.known for record in single)
    assert len(pb.load("multi_turn", mirror=tmp_path / "out")) == made["sessions"]
    notes = [
        json.loads(line) for line in (tmp_path / "out" / "annotations" / "regenerate.jsonl").read_text().splitlines()
    ]
    ids = {
        record.id
        for name in ("single_turn", "preference", "multi_turn")
        for record in pb.load(name, mirror=tmp_path / "out")
    }
    assert {note["id"] for note in notes} == ids


def test_load_dataset_reads_it(ledger, tmp_path):
    assert main(["regenerate", "assemble", str(ledger), "--out", str(tmp_path / "out")]) == 0
    dataset = pb.load_dataset("single_turn", split="train", mirror=str(tmp_path / "out"))
    assert dataset[0]["edited_image"].size != (0, 0)


def test_assembling_twice_and_stricter(ledger, tmp_path, capsys):
    usual = told(capsys, "assemble", ledger, "--out", tmp_path / "out")
    strict = told(capsys, "assemble", ledger, "--out", tmp_path / "out", "--threshold", "0.995")
    assert strict["accepted"] < usual["accepted"]
    pictures = list((tmp_path / "out" / "images").rglob("*.png"))
    assert len(pictures) + strict["accepted"] >= strict["pictures"]
    assert len(list((tmp_path / "out" / "images" / "positive-edit").iterdir())) == strict["accepted"]


def test_assembling_into_a_folder_of_something_else_is_refused(ledger, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    assert main(["regenerate", "assemble", str(ledger), "--out", str(tmp_path / "mine")]) == 1
    assert "name a new folder" in capsys.readouterr().err


def test_report_and_its_page(ledger, tmp_path, capsys):
    report = told(capsys, "report", ledger, "--html", tmp_path / "report.html", "--examples", "4")
    assert report["items"] == 10 == sum(part["items"] for part in report["types"].values())
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/jpeg") >= 8
    assert "<script src" not in page  # what it needs is in it
    assert main(["regenerate", "report", str(ledger)]) == 0
    assert "edit type" in capsys.readouterr().out


def test_a_second_run_has_nothing_to_do(config, ledger, capsys):
    assert told(capsys, "run", config, "--ledger", ledger)["total"] == 0
    assert told(capsys, "retry-failed", config, "--ledger", ledger)["total"] == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["run", "none.toml", "--ledger", "l"], 2, "none.toml is not there"),
        (["status", "nowhere"], 1, "regenerate plan"),
        (["assemble", "nowhere", "--out", "o"], 1, "regenerate plan"),
    ],
)
def test_mistakes_are_told_in_one_line(words, code, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["regenerate", *words]) == code
    err = capsys.readouterr().err
    assert says in err
    assert "Traceback" not in err


def test_a_broken_photo_is_named_and_nothing_is_paid_for_it(serve, tmp_path, capsys):
    photos = tmp_path / "my photos"
    photos.mkdir()
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0ab")
    for number, photo in enumerate(list(find_photos(SourceSettings(folder="sample", limit=2)))):
        (photos / f"whole{number}.jpg").write_bytes(read_photo(photo).data)
    server = serve()
    config, ledger = tmp_path / "my config.toml", tmp_path / "ledger"
    table = 'backend = "gemini"\nmodel = "gemini-2.5-flash"\n' + f'base_url = "{server.gemini_url}"\n'
    config.write_text(f'[source]\nfolder = "{photos}"\n' + "".join(f"[{one}]\n{table}" for one in ("writer", "judge")))
    words = ["regenerate", "run", str(config), "--ledger", str(ledger)]
    assert main([*words, "--allow-failed", "1"]) == 0
    told = capsys.readouterr().out
    left_out = [line for line in told.splitlines() if line.startswith("left out")]
    assert len(left_out) == 1
    assert str(photos / "broken.jpg") in left_out[0]
    assert "2 done, 1 failed, 0 left of 3" in told
    with open_ledger(ledger) as opened:
        broken = [item.id for item in opened.items() if item.photo.locator.endswith("broken.jpg")]
        asked = opened.database.execute("SELECT count(*) FROM calls WHERE item = ?", broken).fetchone()[0]
    assert (len(broken), asked) == (1, 0)

    again = re.search(r"try again with `(.*)`", told)[1]  # a command as it stands, spaces and all
    (photos / "broken.jpg").write_bytes((photos / "whole0.jpg").read_bytes())
    assert main(shlex.split(again)[1:]) == 0
    assert "1 done, 0 failed" in capsys.readouterr().out
