"""What a server sends in place of rows is no subset of nothing: it is refused, put away, and asked for again."""

from __future__ import annotations

import gzip
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from core_rows import edit, lines, mirror_of, session

import pico_banana as pb
from pico_banana.errors import PicoBananaError, RowError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A mirror in a folder, and its address."""
    folder = mirror_of(tmp_path / "served", single_turn=[edit(1), edit(2)])
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


BAD = {
    "nothing": b"",
    "line ends": b"\n\n\n",
    "login page": b"<!doctype html><title>Log in</title>",
    "JSON error": b'{"error": "busy"}',
    "JSON list": b"[]",
    "compressed": gzip.compress(lines([edit(1)])),
    "zeros": bytes(4096),
}


@pytest.mark.parametrize("on_bad_rows", ["error", "skip"])
@pytest.mark.parametrize("kind", BAD)
def test_an_answer_without_a_row_is_refused_and_heals(served: tuple[Path, str], kind: str, on_bad_rows: str) -> None:
    folder, url = served
    rows = folder / "jsonl" / "sft.jsonl"
    good = rows.read_bytes()
    rows.write_bytes(BAD[kind])
    with pytest.raises(PicoBananaError):
        pb.load(mirror=url, on_bad_rows=on_bad_rows)
    rows.write_bytes(good)
    assert len(pb.load(mirror=url)) == 2


def test_an_empty_file_that_a_power_cut_left_is_fetched_again(served: tuple[Path, str], store: Path) -> None:
    _, url = served
    assert len(pb.load(mirror=url)) == 2
    next(store.rglob("sft.jsonl")).write_bytes(b"")
    assert len(pb.load(mirror=url)) == 2


def test_a_file_with_rows_and_bad_lines_is_kept(served: tuple[Path, str]) -> None:
    folder, url = served
    (folder / "jsonl" / "sft.jsonl").write_bytes(lines([edit(1), b"no row"]))
    with pytest.raises(RowError, match=r"sft\.jsonl:2: not JSON"):
        pb.load(mirror=url)
    assert len(pb.load(mirror=url, on_bad_rows="skip")) == 1


def test_a_folder_of_ones_own_may_have_no_rows(tmp_path: Path) -> None:
    assert len(pb.load(mirror=mirror_of(tmp_path, single_turn=b""))) == 0


def test_a_count_that_is_far_from_the_releases_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path))
    mirror_of(tmp_path, single_turn=[edit(1), edit(2)], multi_turn=[session(1)])
    assert len(pb.load("single_turn")) == 2
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"{tmp_path / 'jsonl' / 'sft.jsonl'} has 2 rows, and the release 257,730: it was cut")
    caplog.clear()
    pb.load("multi_turn")  # nobody published how many there are
    pb.load("single_turn", mirror=tmp_path)
    pb.load("single_turn", rows=tmp_path / "jsonl" / "sft.jsonl")
    assert not caplog.records
