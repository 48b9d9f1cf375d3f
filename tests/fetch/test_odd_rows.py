"""One odd row never ends a job over pictures: it is counted and listed, and the other pictures come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import PictureError
from pico_banana.mirrors.fetch.item import Candidate, FetchItem
from pico_banana.mirrors.fetch.job import Job
from pico_banana.mirrors.fetch.one import Fetcher
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.pictures.jobs.copying import copy_mirror
from pico_banana.pictures.jobs.download import Download
from pico_banana.pictures.jobs.upkeep import verify
from pico_banana.rehearsal.serving.serve import serve
from tests.fetch.conftest import QUICK, png
from tests.fetch.raw_server import answer, raw_server

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


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_picture_below_another_is_one_failed_item(tmp_path: Path, order: tuple[int, int]) -> None:
    """`images/1.png` and `images/1.png/2.png` cannot both lie in one folder, whichever comes first."""
    names = ["1.png", "1.png/2.png"]
    with raw_server(lambda _: answer("200 OK", png(0))) as server:
        items = [
            FetchItem(f"picobanana://edited/{name}", tmp_path / name, (Candidate("cdn", f"{server.url}/{name}"),))
            for name in (names[order[0]], names[order[1]], "3.png")
        ]
        report = Job(Transport(timeout_s=5), policy=QUICK, connections=1).run(items)
        assert (report.done, report.failures) == (2, 1)
        with pytest.raises(PictureError):
            Fetcher(Transport(timeout_s=5), policy=QUICK).fetch(items[1])
    assert (tmp_path / "3.png").read_bytes() == png(0)


@pytest.mark.parametrize("name", ["1.png.part", "1.png.part.from"])
@pytest.mark.parametrize("role", ["output_image", "open_image_input_url"])
def test_no_picture_is_called_as_an_unfinished_one(mirror: Path, role: str, name: str) -> None:
    """Such a picture would be the claim of `1.png`, be cut to nothing by it, and be removed by `clean`."""
    odd = row(1, **{role: f"https://{HOST}/1/{name}" if "url" in role else f"images/positive-edit/{name}"})
    (mirror / "jsonl").mkdir()
    (mirror / "jsonl" / "sft.jsonl").write_text(f"{json.dumps(row(0))}\n{json.dumps(odd)}\n")
    rows = pb.load(mirror=str(mirror), on_bad_rows="skip")
    assert len(rows) == 1
    ((_, problem),) = [(bad.line, bad.reason) for bad in rows.bad_rows]
    assert "ends as only unfinished downloads do (.part)" in problem
