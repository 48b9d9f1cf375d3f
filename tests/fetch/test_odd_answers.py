"""Answers that no server should give: each is one of our errors, in bounded time, memory and disk."""

from __future__ import annotations

import errno
import fcntl
import gzip
import zlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pico_banana as pb
from pico_banana.errors import (
    InterruptedTransferError,
    MirrorError,
    RequestRefusedError,
    StoreError,
    ThrottledError,
    TransportError,
)
from pico_banana.mirrors.fetch.item import Candidate, FetchItem
from pico_banana.mirrors.fetch.job import Job
from pico_banana.mirrors.fetch.lane import Lane
from pico_banana.mirrors.fetch.one import Fetcher
from pico_banana.mirrors.fetch.status import retry_after_s
from pico_banana.mirrors.fetch.transport import Transport
from tests.fetch.conftest import QUICK, png
from tests.fetch.raw_server import answer, raw_server
from tests.fetch.test_resuming import line

DATA = png(0)
ROWS = b"".join(line(number, "row") for number in range(4))
GOOD = answer("200 OK", DATA)
IMPATIENT = replace(QUICK, throttled_attempts=10)
ODD = {
    "open bracket": answer("302 x", Location="http://[::1/x"),
    "bad port": answer("302 x", Location="http://h:abc/x"),
    "high port": answer("302 x", Location="http://h:99999/x"),
    "long label": answer("302 x", Location=f"http://{'a' * 64}.example/x"),
    "long name": answer("302 x", Location=f"http://{'é' * 70}.example/x"),
    "empty label": answer("302 x", Location="http://a..example/x"),
    "a script": answer("302 x", Location="javascript:alert(1)"),
    "a file": answer("302 x", Location="file:///etc/passwd"),
    "superscript": answer("206 x", Content_Range="bytes \u00b2-9/10"),
    "year 9999": answer("429 x", Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"),
    "no status": b"HTTP/1.1 \xb2\r\n\r\n",
    "not HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "nothing": b"",
    "two lengths": answer("200 OK", DATA, Content_Length=[len(DATA), 99]),
    "negative length": answer("200 OK", DATA, Content_Length=-5),
    "underscored length": answer("200 OK", DATA, Content_Length="1_0"),
    "brotli": answer("200 OK", DATA, Content_Encoding="br"),
    "two codings": answer("200 OK", DATA, Content_Encoding="gzip, br"),
    "odd framing": answer("200 OK", DATA, Transfer_Encoding="gzip, chunked"),
    "bad chunk": answer("200 OK", b"zz\r\nabc", Content_Length=None, Transfer_Encoding="chunked"),
    "cut chunk": answer("200 OK", b"99\r\nabc", Content_Length=None, Transfer_Encoding="chunked"),
    "bad gzip": answer("200 OK", DATA, Content_Encoding="gzip"),
    "cut gzip": answer("200 OK", gzip.compress(DATA)[:-9], Content_Encoding="gzip"),
    "early end": answer("200 OK", DATA[:-9], Content_Length=len(DATA)),
    "endless": answer("200 OK", DATA[:200], Content_Length=1 << 60),
}


HARMLESS = {
    "no host": answer("302 x", Location="http:///x"),
    "no scheme": answer("302 x", Location="://x"),
    "letters": answer("302 x", Location="/\u00b2\u00ff x?\u00e9 y"),
    "the same length twice": answer("200 OK", DATA, Content_Length=[len(DATA), len(DATA)]),
    "identity": answer("200 OK", DATA, Content_Encoding="identity"),
    "no length": answer("200 OK", DATA, Content_Length=None),
}


def items(url, folder, count=6):
    return [
        FetchItem(f"picobanana://edited/{number}.png", folder / f"{number}.png", (Candidate("cdn", f"{url}/{number}"),))
        for number in range(count)
    ]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_is_one_failed_item(tmp_path, odd, monkeypatch):
    monkeypatch.setattr("pico_banana.mirrors.fetch.lane._LONGEST_REST_S", 0.01)
    with raw_server(lambda asked: ODD[odd] if asked.path == "/3" else GOOD) as server:
        report = Job(Transport(timeout_s=5), policy=IMPATIENT, connections=2).run(items(server.url, tmp_path))
    assert (report.done, report.failures) == (5, 1)


@pytest.mark.parametrize("odd", HARMLESS)
def test_a_harmless_oddity_is_taken(tmp_path, odd):
    with raw_server(lambda asked: HARMLESS[odd] if asked.path == "/3" else GOOD) as server:
        report = Job(Transport(timeout_s=5), policy=QUICK, connections=2).run(items(server.url, tmp_path))
    assert (report.done, report.failures) == (6, 0)


@pytest.mark.parametrize(
    ("packed", "coding"),
    [
        (gzip.compress(DATA), "gzip"),
        (gzip.compress(DATA[:99]) + gzip.compress(DATA[99:]), "X-GZip"),
        (zlib.compress(DATA), "deflate"),
        (zlib.compress(DATA)[2:-4], "deflate"),
    ],
)
def test_what_nobody_asked_to_compress_is_unpacked(edit, fetcher, packed, coding):
    with raw_server(lambda _: answer("200 OK", packed, Content_Encoding=coding, ETag='"1"')) as server:
        assert fetcher.fetch(edit(server.url)).read_bytes() == DATA


def test_a_bomb_is_no_picture(edit, fetcher):
    bomb = gzip.compress(DATA + bytes(1 << 20))
    with (
        raw_server(lambda _: answer("200 OK", bomb, Content_Encoding="gzip")) as server,
        pytest.raises(RequestRefusedError, match="more than 100,000 bytes"),
    ):
        fetcher.fetch(edit(server.url, most_bytes=100_000))
    assert len(server.asked) == 1


@pytest.mark.parametrize("length", [None, 1 << 40])
def test_a_body_without_end_is_not_kept(edit, fetcher, home, length):
    body = answer("200 OK", DATA + bytes(3 << 20), Content_Length=length)
    with (
        raw_server(lambda _: body) as server,
        pytest.raises(RequestRefusedError, match="which no such file has"),
    ):
        fetcher.fetch(edit(server.url, most_bytes=1 << 20))
    assert not [path for path in home.rglob("*") if path.is_file()]


NO_ROWS = {
    "a page": answer("200 OK", b"<html>log in</html>", Content_Type="text/html; charset=utf-8"),
    "a page under another name": answer("200 OK", b"\xef\xbb\xbf\n <!DOCTYPE html>", Content_Type="text/plain"),
    "nothing": answer("200 OK"),
    "nothing, unsaid": answer("200 OK", Content_Length=None),
    "gzip": answer("200 OK", gzip.compress(ROWS)),
    "two lengths": answer("200 OK", ROWS, Content_Length=[len(ROWS), len(ROWS) // 2]),
    "half": answer("200 OK", ROWS[: len(ROWS) // 2], Content_Length=len(ROWS)),
    "brotli": answer("200 OK", ROWS, Content_Encoding="br"),
    "half of a gzip body": answer("200 OK", gzip.compress(ROWS)[:-8], Content_Encoding="gzip"),
}


@pytest.mark.parametrize("name", NO_ROWS)
def test_what_is_no_rows_file_is_not_kept(name, home, monkeypatch):
    monkeypatch.setattr("pico_banana.mirrors.fetch.one._shared", Fetcher(Transport(timeout_s=5), policy=QUICK))
    well = False
    with raw_server(lambda _: answer("200 OK", ROWS) if well else NO_ROWS[name]) as server:
        with pytest.raises((MirrorError, TransportError)):
            pb.load("single_turn", mirror=server.url)
        assert not list(home.rglob("sft.jsonl"))
        well = True
        assert len(pb.load("single_turn", mirror=server.url)) == 4


def test_interim_answers_without_end_are_cut_short(edit):
    fetcher = Fetcher(Transport(timeout_s=30), policy=QUICK)
    with raw_server(lambda _: None) as server, pytest.raises(InterruptedTransferError, match="head of the answer"):
        fetcher.fetch(edit(server.url))


def test_bytes_now_and_then_are_not_waited_for(edit):
    """The head comes a byte at a time: each byte is in time, the whole is not."""
    import socket
    import threading

    over = threading.Event()
    transport = Transport(timeout_s=0.3)

    def drip(server, data):
        connection, _ = server.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(data)
            while not over.wait(0.02):
                try:
                    connection.sendall(b"1")
                except OSError:
                    return

    for data in (b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0;"):
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=drip, args=(server, data))
            thread.start()
            url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
            with pytest.raises(InterruptedTransferError, match="nothing to use came for"):
                transport.get(url).read()
            over.set()
            thread.join()
            over.clear()


@pytest.mark.parametrize("value", ["Fri, 31 Dec 9999 23:59:59 GMT", "999999999", "Sat, 01 Jan 0001 00:00:00 -2400"])
def test_a_pause_has_an_end(value):
    wait = retry_after_s(value)
    lane = Lane("h")
    lane.start(0.0)
    lane.finish(1.0, started=0.0, error=ThrottledError("x", retry_after=wait))
    assert lane.ready_at(1.0) <= 1.0 + 300 * 1.1


def test_a_disk_without_locks_is_said(edit, fetcher, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match=r"file system without locks.*PICO_BANANA_HOME"):
        fetcher.fetch(edit("http://127.0.0.1:1"))


def test_a_name_too_long_for_the_disk_is_one_failed_item(tmp_path):
    with raw_server(lambda _: GOOD) as server:
        good, other = items(server.url, tmp_path, 2)
        long = FetchItem(other.address, tmp_path / ("n" * 300 + ".png"), other.candidates)
        nul = FetchItem(other.address, tmp_path / "a\0.png", other.candidates)
        report = Job(Transport(timeout_s=5), policy=QUICK).run([long, nul, good])
    assert (report.done, report.failed) == (1, {"no_place": 2})


TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=40)
ODD_URLS = st.sampled_from(
    ["http://[", "http://h:x/", "http://\xff/", "//", "http://a b/", "http://127.0.0.1:1/\x01", "/"]
)
VALUES = {
    "Location": ODD_URLS | TEXT,
    "Content-Length": st.integers(-9, 3000).map(str) | TEXT,
    "Content-Range": st.builds("bytes {}-{}/{}".format, *[st.integers(-1, 3000) | st.just("*")] * 3) | TEXT,
    "Content-Encoding": st.sampled_from(["gzip", "deflate", "br", "identity", "gzip, gzip"]) | TEXT,
    "Transfer-Encoding": st.sampled_from(["chunked", "gzip, chunked", "identity"]) | TEXT,
    "Retry-After": st.just("0") | TEXT,
    "ETag": st.just('"1"') | TEXT,
    "Content-Type": st.sampled_from(["text/html", "image/png"]) | TEXT,
    "Connection": st.sampled_from(["close", "keep-alive"]),
}
HEADERS = st.lists(
    st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name])), max_size=6
)
STATUS = (
    st.sampled_from(["200 OK", "206 x", "301 x", "302 x", "416 x", "429 x", "403 x", "503 x", "304 x", "204 x"]) | TEXT
)
BODY = (
    st.binary(max_size=60)
    | st.just(DATA[:300])
    | st.just(b"5\r\n12345\r\n0\r\n\r\n")
    | st.just(gzip.compress(DATA[:300]))
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(status=STATUS, headers=HEADERS, body=BODY, offset=st.sampled_from([0, 3, 300]))
def test_nothing_but_our_errors_escapes(fuzzed, status, headers, body, offset):
    server, transport, say = fuzzed
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
    say["data"] = "\r\n".join(lines).encode("latin-1") + body
    try:
        with transport.get(f"{server.url}/x", offset=offset, if_range='"1"') as response:
            data = response.read()
            assert response.finished
            assert response.total in {None, response.offset + len(data)}
    except TransportError:
        return


@pytest.fixture(scope="module")
def fuzzed():
    """One server for all examples, which says what the example wants."""
    say: dict[str, bytes] = {}
    transport = Transport(timeout_s=2.0)
    with raw_server(lambda _: say["data"]) as server:
        yield server, transport, say
    transport.close()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | ODD_URLS | st.builds("http://{}:{}/{}".format, TEXT, TEXT, TEXT))
def test_no_address_is_too_odd(url):
    try:
        Transport(hosts={"*": "http://127.0.0.1:1"}, timeout_s=0.5).get("http://" + url.removeprefix("http://"))
    except TransportError:
        return
    pytest.fail("nobody listens there")
