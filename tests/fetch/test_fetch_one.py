"""One file through every fault of the rehearsal server: the right bytes, or the right error, and nothing else."""

from __future__ import annotations

import pytest

from pico_banana.errors import (
    GoneError,
    PictureCorruptError,
    PictureMissingError,
    RequestRefusedError,
    ServerError,
    ThrottledError,
    TransportError,
)
from pico_banana.mirrors.fetch.item import Candidate
from pico_banana.rehearsal.serving.faults import Fault, Limit, Rule
from pico_banana.rehearsal.serving.serve import serve
from tests.fetch.conftest import PHOTO_HOST, png


def once(fault):
    return (Rule(fault, times=1),)


HEALS = [
    Fault.ERROR_500,
    Fault.BUSY_503,
    Fault.THROTTLED_429,
    Fault.HANG_UP,
    Fault.CUT,
    Fault.SHORT,
    Fault.SHORT_UNSAID,
    Fault.SHORT_AGREED,
    Fault.HTML,
    Fault.OTHER_PICTURE,
]


@pytest.mark.parametrize("fault", HEALS)
def test_a_fault_that_heals_costs_one_more_request(mirror, home, edit, fetcher, fault):
    with serve(mirror, faults=once(fault)) as server:
        path = fetcher.fetch(edit(server.url))
    assert path.read_bytes() == png(0)
    assert server.log.total == 2
    assert [p.name for p in path.parent.iterdir()] == ["0.png"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.MISSING_404, PictureMissingError),
        (Fault.GONE_410, PictureMissingError),
        (Fault.REFUSED_403, RequestRefusedError),
    ],
)
def test_a_final_answer_is_asked_for_once(mirror, home, edit, fetcher, fault, error):
    with serve(mirror, faults=(Rule(fault),)) as server, pytest.raises(error):
        fetcher.fetch(edit(server.url))
    assert server.log.total == 1
    assert not list(home.rglob("*.p*"))


@pytest.mark.parametrize(
    ("fault", "error", "requests"),
    [
        (Fault.ERROR_500, ServerError, 4),
        (Fault.HANG_UP, TransportError, 4),
        (Fault.HTML, PictureCorruptError, 3),
        (Fault.OTHER_PICTURE, PictureCorruptError, 3),
        (Fault.SHORT_UNSAID, PictureCorruptError, 3),
        (Fault.SHORT_AGREED, PictureCorruptError, 3),
    ],
)
def test_a_lasting_fault_ends_in_its_own_error(mirror, home, edit, fetcher, fault, error, requests):
    with serve(mirror, faults=(Rule(fault),)) as server, pytest.raises(error):
        fetcher.fetch(edit(server.url))
    assert server.log.total == requests
    assert not list(home.rglob("*.png")), "nothing wrong became visible"


@pytest.mark.parametrize("fault", [Fault.DRIP, Fault.WRONG_TYPE, Fault.MOVED, Fault.NO_ETAG])
def test_harmless_oddities_are_taken(mirror, edit, fetcher, fault):
    with serve(mirror, faults=(Rule(fault),)) as server:
        assert fetcher.fetch(edit(server.url)).read_bytes() == png(0)


def test_a_cut_transfer_goes_on_where_it_stopped(mirror, edit, fetcher):
    whole = len(png(0))
    with serve(mirror, faults=once(Fault.CUT)) as server:
        fetcher.fetch(edit(server.url))
    assert [(r.status, r.range) for r in server.log.requests] == [(200, ""), (206, f"bytes={whole // 2}-")]


def test_a_server_that_ignores_range_starts_again(mirror, edit, fetcher):
    with serve(mirror, faults=(Rule(Fault.CUT, times=1), Rule(Fault.NO_RANGE))) as server:
        assert fetcher.fetch(edit(server.url)).read_bytes() == png(0)
    assert [r.status for r in server.log.requests] == [200, 200]


def test_a_file_that_changed_meanwhile_starts_again(mirror, edit, fetcher):
    with serve(mirror, faults=(Rule(Fault.CUT, times=1), Rule(Fault.NEW_ETAG))) as server:
        assert fetcher.fetch(edit(server.url)).read_bytes() == png(0)
    assert [r.status for r in server.log.requests] == [200, 200], "If-Range did not match: the whole file came"


def test_without_an_etag_nothing_is_glued_together(mirror, edit, fetcher):
    with serve(mirror, faults=(Rule(Fault.CUT, times=1), Rule(Fault.NO_ETAG))) as server:
        assert fetcher.fetch(edit(server.url)).read_bytes() == png(0)
    assert [r.range for r in server.log.requests] == ["", ""]


def test_a_stalled_transfer_is_broken_off_and_resumed(mirror, edit, fetcher):
    fetcher.transport.timeout_s = 0.3
    with serve(mirror, faults=once(Fault.STALL)) as server:
        assert fetcher.fetch(edit(server.url)).read_bytes() == png(0)
    assert [r.status for r in server.log.requests] == [200, 206]


def test_damage_in_the_middle_is_found_by_hash_and_by_length(mirror, edit, fetcher):
    import hashlib

    right = hashlib.md5(png(0)).hexdigest()
    with serve(mirror, faults=(Rule(Fault.FLIPPED),)) as server:
        with pytest.raises(PictureCorruptError, match="MD5"):
            fetcher.fetch(edit(server.url, md5=right))
        with pytest.raises(PictureCorruptError, match="expected"):
            fetcher.fetch(edit(server.url, expected_size=17))


def test_the_next_candidate_takes_over(mirror, home, edit, fetcher):
    item = edit("http://127.0.0.1:1")
    with serve(mirror, faults=(Rule(Fault.MISSING_404, where="*/gone/*"),)) as server:
        urls = (
            Candidate("first", f"{server.url}/gone/0.png"),
            Candidate("second", f"{server.url}/images/positive-edit/0.png"),
        )
        item = type(item)(item.address, item.path, urls)
        assert fetcher.fetch(item).read_bytes() == png(0)


def test_a_host_override_keeps_the_host_that_is_meant(mirror, home, edit, fetcher):
    with serve(mirror) as server:
        fetcher.transport.hosts = server.hosts("*.staticflickr.com")
        url = f"https://{PHOTO_HOST}/1/3_o.jpg"
        item = type(edit(server.url))("picobanana://source/x", home / "x.jpg", (("flickr", url),), kind="jpeg")
        fetcher.fetch(item)
    assert [(r.host, r.path) for r in server.log.requests] == [(PHOTO_HOST, "/1/3_o.jpg")]


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_a_limiter_is_obeyed_in_every_form(mirror, edit, fetcher, form):
    limits = (Limit(rate=20, burst=1, retry_after=form, pause_s=1),)
    with serve(mirror, limits=limits) as server:
        for number in range(4):
            assert fetcher.fetch(edit(server.url, number)).read_bytes() == png(number)
    assert server.log.by_status[200] == 4


def test_what_is_there_is_not_asked_for(mirror, edit, fetcher):
    with serve(mirror) as server:
        fetcher.fetch(edit(server.url))
        server.log.clear()
        fetcher.fetch(edit(server.url))
    assert server.log.total == 0


def test_a_long_ban_is_an_error_and_not_a_long_sleep(mirror, edit, fetcher):
    limits = (Limit(rate=0.001, burst=1, retry_after="seconds", pause_s=3600),)
    with serve(mirror, limits=limits) as server:
        fetcher.fetch(edit(server.url, 0))
        with pytest.raises(TransportError) as caught:
            fetcher.fetch(edit(server.url, 1))
    assert isinstance(caught.value, ThrottledError)
    assert not isinstance(caught.value, GoneError)
