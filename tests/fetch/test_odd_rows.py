"""One odd row never ends a job over pictures: it is counted and listed, and the other pictures come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.pictures.jobs.copying import copy_mirror
from pico_banana.pictures.jobs.download import Download
from pico_banana.pictures.jobs.upkeep import verify
from pico_banana.rehearsal.serving.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "farm1.staticflickr.com"


def row(number: int, **changes: str) -> dict[str, str]:
    """Give a published row of the mirror's pictures."""
    return {
        "open_image_input_url": f"https://{HOST}/1/{number}_o.jpg",
        "text": f"Lift lantern {number}",
        "output_image": f"images/positive-edit/{number}.png",
        "edit_type": "Zoom in",
        "summarized_text": "Lift",
    } | changes


ODD = [
    row(1, output_image="images/../x.png"),
    row(2, output_image=f"images/{'n' * 300}.png"),
    row(3, open_image_input_url="javascript:alert(1)"),
    row(4, open_image_input_url="http://[::1/x.jpg"),
]


@pytest.fixture
def url(mirror: Path) -> Iterator[str]:
    """A server with two good rows, four odd ones, and a line that is no JSON between them."""
    lines = [json.dumps(row(0)), *map(json.dumps, ODD), "{", json.dumps(row(5))]
    (mirror / "jsonl").mkdir()
    (mirror / "jsonl" / "sft.jsonl").write_text("\n".join(lines) + "\n")
    with serve(mirror) as server:
        yield server.url


def test_a_download_goes_on_behind_odd_rows(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", "single_turn", "--mirror", url, "--yes", "--json"]) == 1
    totals = json.loads(capsys.readouterr().out)
    assert (totals["total"], totals["done"], totals["failed"]) == (9, 4, {"bad_row": 5})
    assert "sft.jsonl:2: 'output_image'" in totals["example"]
    with open(totals["path"], encoding="utf-8") as report:  # noqa: PTH123 - a path as text
        listed = [json.loads(line) for line in report]
    failed = [(one["address"].rpartition(":")[2], one["reason"]) for one in listed if one["status"] == "failed"]
    assert failed == [(str(line), "bad_row") for line in (2, 3, 4, 5, 6)]
    assert main(["verify", "single_turn", "--mirror", url, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["files"], found["good"], len(found["unusable"])) == (9, 4, 5)
    assert main(["repair", "single_turn", "--mirror", url, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["fetched"]["reused"] == 4


def test_odd_rows_that_may_be_left_out_are_no_failure(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", "single_turn", "--mirror", url, "--yes", "--skip-bad-rows"]) == 0
    assert main(["download", "single_turn", "--mirror", url, "--yes", "--allow-failed", "5"]) == 0
    assert "5 failed" in capsys.readouterr().out
    assert main(["download", "single_turn", "--mirror", url, "--dry-run"]) == 0
    assert "5 unusable lines or addresses" in capsys.readouterr().out


def test_a_copy_goes_on_behind_odd_rows(url: str, tmp_path: Path) -> None:
    rows = pb.load(mirror=url, on_bad_rows="skip")
    report = copy_mirror(Download(rows, bad_rows=rows.bad_rows), str(tmp_path / "copy"))
    assert (report.done, report.failed) == (4, {"bad_row": 5})
    remote = copy_mirror(Download(rows, bad_rows=rows.bad_rows), "memory://odd-rows")
    assert (remote.done, remote.failed) == (4, {"bad_row": 5})


def test_an_address_that_is_none_is_one_failed_item(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pb.load(mirror=url, on_bad_rows="skip")
    good = [row.edited.address for row in rows]
    odd = [good[0], "picobanana://nowhere", "picobanana://edited/../x.png", good[1]]
    # Only a row store that another version wrote could hold such addresses.
    monkeypatch.setattr("pico_banana.pictures.jobs.download.needed_pictures", lambda *_: iter(odd))
    assert Download(rows).plan().unusable == 2
    report = Download(rows).run()
    assert (report.done, report.failed) == (2, {"no_address": 2})
    assert list(verify(Download(rows)).unusable) == odd[1:3]
