"""What an interrupted transfer left is finished, or thrown away, and never glued to something else."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

import pico_banana as pb
from pico_banana.errors import PictureMissingError, RequestRefusedError, TransportError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.fetch.job import Job
from pico_banana.mirrors.fetch.stream import ResumingStream
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.pictures.jobs.download import Download
from pico_banana.pictures.jobs.upkeep import repair
from tests.fetch.conftest import QUICK, png
from tests.fetch.raw_server import answer, raw_server

DATA, OTHER = png(0), png(1)
START = len(DATA) // 2


def tag(data):
    return f'"{hashlib.md5(data).hexdigest()}"'


DATA_TAG = tag(DATA)


def left(item, data, *, etag=DATA_TAG, total=None):
    """Leave what an interrupted transfer leaves."""
    url = item.candidate(0).url
    item.path.parent.mkdir(parents=True, exist_ok=True)
    item.path.with_name(item.path.name + ".part").write_bytes(data)
    note = {"url": url, "etag": etag} | ({} if total is None else {"total": total})
    item.path.with_name(item.path.name + ".part.from").write_text(json.dumps(note))


def server_of(data, *, ranged):
    """Serve one file; what a request for a range gets is up to the test."""
    whole = answer("200 OK", data, ETag=tag(data))

    def respond(asked):
        found = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        return whole if found is None else ranged(int(found[1]))

    return raw_server(respond)


def part(data, first, *, start=None, etag=None, total=None, end=None):
    end = len(data) if end is None else end
    start = first if start is None else start
    return answer(
        "206 Partial Content",
        data[start:end],
        ETag=tag(data) if etag is None else etag,
        Content_Range=f"bytes {start}-{end - 1}/{len(data) if total is None else total}",
    )


def only(item):
    """Say that nothing but the file itself is there."""
    return [path.name for path in item.path.parent.iterdir()] == [item.path.name]


def by_fetcher(item, fetcher):
    fetcher.fetch(item)


def by_job(item, fetcher):
    assert Job(fetcher.transport, policy=QUICK).run([item]).failures == 0


@pytest.mark.parametrize("way", [by_fetcher, by_job])
def test_a_whole_part_is_finished(edit, fetcher, way):
    with server_of(DATA, ranged=lambda at: answer("416 x", Content_Range=f"bytes */{at}", ETag=tag(DATA))) as server:
        item = edit(server.url)
        left(item, DATA)
        way(item, fetcher)
    assert item.path.read_bytes() == DATA
    assert [asked.headers["range"] for asked in server.asked] == [f"bytes={len(DATA)}-"]
    assert only(item)


def test_a_part_known_to_be_whole_is_finished(edit, fetcher):
    with server_of(DATA, ranged=lambda _: answer("416 x", Content_Range=f"bytes */{len(DATA)}")) as server:
        item = edit(server.url)
        left(item, DATA, total=len(DATA))
        fetcher.fetch(item)
    assert item.path.read_bytes() == DATA
    assert only(item)


def test_a_whole_part_that_is_damaged_comes_again(edit, fetcher):
    with server_of(DATA, ranged=lambda at: answer("416 x", Content_Range=f"bytes */{at}")) as server:
        item = edit(server.url)
        left(item, DATA[:-12] + bytes(12))
        fetcher.fetch(item)
    assert item.path.read_bytes() == DATA


REFUSALS = [
    answer("416 x"),
    answer("416 x", Content_Range="bytes */7"),
    answer("416 x", Content_Range="bytes */²"),
    answer("403 Forbidden"),
    answer("404 Not Found"),
    answer("400 Bad Request"),
    answer("405 x"),
    answer("500 x"),
    answer("501 Not Implemented"),
]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("size", [1, START, len(DATA), len(DATA) + 99])
def test_a_refused_range_is_asked_for_without_one(edit, fetcher, refusal, size):
    with server_of(DATA, ranged=lambda _: refusal) as server:
        item = edit(server.url)
        left(item, (DATA + DATA)[:size])
        fetcher.fetch(item)
    assert item.path.read_bytes() == DATA
    assert [asked.headers.get("range") for asked in server.asked] == [f"bytes={size}-", None]
    assert only(item)


MISFITS = {
    "another start": lambda at: part(DATA, at, start=at + 1),
    "an earlier start": lambda at: part(DATA, at, start=at - 1),
    "another version": lambda at: part(OTHER, at),
    "no version": lambda at: part(DATA, at, etag=""),
    "a weak version": lambda at: part(DATA, at, etag=f"W/{tag(DATA)}"),
    "another total": lambda at: part(DATA, at, total=len(DATA) + 1),
    "not to the end": lambda at: part(DATA, at, end=at + 5),
    "no range": lambda at: answer("206 x", DATA[at:], ETag=tag(DATA)),
    "no number": lambda at: answer("206 x", DATA[at:], ETag=tag(DATA), Content_Range="bytes ²-9/10"),
    "backwards": lambda at: answer(
        "206 x", DATA[at:], ETag=tag(DATA), Content_Range=f"bytes {at}-{at - 2}/{len(DATA)}"
    ),
    "items": lambda at: answer(
        "206 x", DATA[at:], ETag=tag(DATA), Content_Range=f"items {at}-{len(DATA) - 1}/{len(DATA)}"
    ),
    "another length": lambda at: (
        part(DATA, at).replace(DATA[at:], b"short").replace(b"Content-Length: ", b"Content-Length: 1")
    ),
    "compressed": lambda at: part(DATA, at).replace(b"ETag", b"Content-Encoding: gzip\r\nETag", 1),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_range_that_does_not_fit_starts_anew(edit, fetcher, misfit):
    with server_of(DATA, ranged=MISFITS[misfit]) as server:
        item = edit(server.url)
        left(item, DATA[:START], total=len(DATA))
        fetcher.fetch(item)
    assert item.path.read_bytes() == DATA
    assert [asked.headers.get("range") for asked in server.asked] == [f"bytes={START}-", None]


def test_two_versions_are_never_glued(edit, fetcher):
    with server_of(OTHER, ranged=lambda at: part(OTHER, at)) as server:
        item = edit(server.url)
        left(item, DATA[:START])
        fetcher.fetch(item)
    assert item.path.read_bytes() == OTHER


def test_a_failing_server_costs_nothing_of_what_is_here(edit, fetcher):
    with raw_server(lambda _: answer("500 x")) as server:
        item = edit(server.url)
        left(item, DATA[:START])
        with pytest.raises(TransportError):
            fetcher.fetch(item)
    assert item.path.with_name("0.png.part").read_bytes() == DATA[:START]


def test_what_is_gone_is_gone_with_and_without_a_range(edit, fetcher):
    with raw_server(lambda _: answer("404 x")) as server:
        item = edit(server.url)
        left(item, DATA[:START])
        with pytest.raises(PictureMissingError):
            fetcher.fetch(item)


def test_rows_are_finished_and_mended_too(tmp_path):
    rows = b"".join(line(number, "NEW") for number in range(4))
    old = b"".join(line(number, "OLD") for number in range(4))

    def respond(asked):
        at = int(asked.headers.get("range", "bytes=0-").strip("bytes=-"))
        if at >= len(rows):
            return answer("416 x", Content_Range=f"bytes */{len(rows)}")
        return part(rows, at) if at else answer("200 OK", rows, ETag=tag(rows))

    for kept, etag in ((rows, tag(rows)), (old[: len(old) // 2], tag(old)), (rows + b"\n{}", tag(rows))):
        with raw_server(respond) as server:
            final = tmp_path / "home/mirrors" / resolve_mirror(server.url).name / "jsonl/sft.jsonl"
            final.parent.mkdir(parents=True)
            final.with_name("sft.jsonl.part").write_bytes(kept)
            note = {"url": f"{server.url}/jsonl/sft.jsonl", "etag": etag}
            final.with_name("sft.jsonl.part.from").write_text(json.dumps(note))
            loaded = pb.load("single_turn", mirror=server.url)
            assert [row.instruction for row in loaded] == [f"NEW {number}" for number in range(4)]
            assert final.read_bytes() == rows


def line(number, verb):
    row = {
        "open_image_input_url": "https://h/1.jpg",
        "text": f"{verb} {number}",
        "output_image": f"images/positive-edit/{number}.png",
        "edit_type": "Zoom in",
        "summarized_text": "s",
    }
    return json.dumps(row).encode() + b"\n"


class Cut:
    """A file whose first answer ends early."""

    def __init__(self, data, then):
        self.first = answer("200 OK", data, ETag=tag(data)).replace(data, data[:START])
        self.then = then

    def __call__(self, asked):
        first, self.first = self.first, None
        return first or self.then(asked)


@pytest.mark.parametrize("refusal", REFUSALS[:7])
def test_a_stream_reads_over_what_it_had(refusal):
    whole = answer("200 OK", DATA, ETag=tag(DATA))
    with raw_server(Cut(DATA, lambda asked: refusal if "range" in asked.headers else whole)) as server:
        stream = ResumingStream(Transport(timeout_s=5), f"{server.url}/x", policy=QUICK)
        assert b"".join(iter(lambda: stream.read(1 << 16), b"")) == DATA


@pytest.mark.parametrize("then", [lambda _: part(OTHER, START), lambda _: part(DATA, START, total=len(DATA) + 1)])
def test_a_stream_of_another_file_is_an_error(then):
    whole = answer("200 OK", OTHER)
    with raw_server(Cut(DATA, lambda asked: then(asked) if "range" in asked.headers else whole)) as server:
        stream = ResumingStream(Transport(timeout_s=5), f"{server.url}/x", policy=QUICK)
        with pytest.raises(RequestRefusedError, match="changed while it was read"):
            list(iter(lambda: stream.read(1 << 16), b""))


def test_an_empty_file_is_absent_for_everybody(rehearsal, home):
    from pico_banana.mirrors.addresses import parse_address
    from pico_banana.pictures.filesystem import local_path, stored_path
    from pico_banana.rehearsal.serving.serve import serve

    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url, limit=3)
        address = rows[0].edited.address
        kept = local_path(address)
        whole = kept.read_bytes()
        kept.write_bytes(b"")
        assert stored_path(parse_address(address), rows.mirror) is None
        assert rows[0].edited.bytes() == whole, "opened, it comes again"
        kept.write_bytes(b"")
        assert repair(Download(rows))[0].missing == len(list(Download(rows).items())), "and verify counts it as missing"
        assert kept.read_bytes() == whole
        (file,) = home.rglob("sft.jsonl")
        file.write_bytes(b"")
        assert len(pb.load("single_turn", mirror=server.url)) == 40
