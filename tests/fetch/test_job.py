"""Very many files: nothing lost, nothing asked twice, and numbers that add up."""

from __future__ import annotations

import json
import threading
import time

import pytest

from pico_banana.mirrors.fetch.failures import Failures
from pico_banana.mirrors.fetch.item import FetchItem
from pico_banana.mirrors.fetch.job import Job
from pico_banana.mirrors.fetch.report import report_path
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.rehearsal.serving.faults import Fault, Limit, Rule
from pico_banana.rehearsal.serving.serve import serve
from tests.fetch.conftest import PHOTO_HOST, QUICK, jpeg, png

COUNT = 12


def run(items, home=None, *, hosts=None, **options):
    transport = Transport(hosts=hosts, timeout_s=2.0)
    try:
        report = Job(transport, policy=QUICK, **{"connections": 8, **options}).run(items)
    finally:
        transport.close()
    assert report.total == report.done + report.reused + report.failures
    return report


@pytest.fixture
def items(edit):
    return lambda url: (edit(url, number) for number in range(COUNT))


def test_a_rerun_asks_for_nothing(mirror, home, items):
    with serve(mirror) as server:
        first = run(items(server.url))
        server.log.clear()
        second = run(items(server.url))
    assert (first.done, second.reused, second.total) == (COUNT, COUNT, COUNT)
    assert server.log.total == server.log.connections == 0
    for number in range(COUNT):
        assert (home / f"images/positive-edit/{number}.png").read_bytes() == png(number)


def test_a_rerun_asks_only_for_what_is_missing(mirror, home, items):
    with serve(mirror) as server:
        run(items(server.url))
        (home / "images/positive-edit/3.png").unlink()
        (home / "images/positive-edit/5.png").write_bytes(b"")  # what a power cut can leave
        server.log.clear()
        report = run(items(server.url))
    assert sorted(r.path for r in server.log.requests) == [f"/images/positive-edit/{n}.png" for n in (3, 5)]
    assert all(r.method == "GET" for r in server.log.requests)
    assert (report.done, report.reused) == (2, COUNT - 2)


def test_every_obtainable_file_arrives_through_every_fault(mirror, home, items):
    kinds = (
        Fault.ERROR_500, Fault.BUSY_503, Fault.THROTTLED_429, Fault.HANG_UP, Fault.CUT, Fault.SHORT,
        Fault.SHORT_UNSAID, Fault.SHORT_AGREED, Fault.HTML, Fault.OTHER_PICTURE,
    )  # fmt: skip
    rules = tuple(Rule(kind, share=0.3, times=1) for kind in kinds)
    gone = (Rule(Fault.MISSING_404, where="*/4.png"), Rule(Fault.GONE_410, where="*/7.png"))
    with serve(mirror, faults=gone + rules, seed=3) as server:
        transport = Transport(timeout_s=2.0)
        report = Job(transport, connections=8, policy=type(QUICK)(attempts=12, first_wait_s=0.01)).run(
            items(server.url)
        )
        transport.close()
    assert (report.done, report.failed) == (COUNT - 2, {"gone": 2})
    for number in set(range(COUNT)) - {4, 7}:
        assert (home / f"images/positive-edit/{number}.png").read_bytes() == png(number)


def test_what_is_gone_is_remembered_for_a_while(mirror, home, items):
    known = home / "failures.jsonl"
    with serve(mirror, faults=(Rule(Fault.GONE_410, where="*/4.png"),)) as server:
        run(items(server.url), failures=Failures(known))
        server.log.clear()
        again = run(items(server.url), failures=Failures(known))
        assert (server.log.total, again.failed) == (0, {"gone": 1})
        aged = run(items(server.url), failures=Failures(known, most_age_days=0))
        assert (server.log.total, aged.failed) == (1, {"gone": 1})


def test_one_line_for_each_item(mirror, home, items):
    with serve(mirror, faults=(Rule(Fault.MISSING_404, where="*/4.png"),)) as server:
        run([next(iter(items(server.url)))])
        report = run(items(server.url), report_to=report_path(home, "download"))
    lines = [json.loads(line) for line in report.path.read_text().splitlines()]
    assert sorted(line["status"] for line in lines) == ["done"] * 10 + ["failed"] + ["reused"]
    (failed,) = (line for line in lines if line["status"] == "failed")
    assert (failed["reason"], failed["requests"], failed["address"]) == (
        "gone",
        1,
        "picobanana://edited/positive-edit/4.png",
    )
    assert sum(line["bytes"] for line in lines if line["status"] == "done") == report.bytes
    assert "404" in failed["detail"]


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_a_limiter_costs_few_requests_too_many(mirror, home, edit, form):
    copies = [FetchItem(f"picobanana://x/{n}", home / f"x/{n}.png", edit(".", n % COUNT).candidates) for n in range(60)]
    with serve(mirror, limits=(Limit(rate=40, burst=10, retry_after=form, pause_s=1),), latency_s=0.01) as server:
        items = (
            FetchItem(i.address, i.path, (("cdn", f"{server.url}/images/positive-edit/{n % COUNT}.png"),))
            for n, i in enumerate(copies)
        )
        report = run(items)
    assert report.done == 60
    assert report.requests == server.log.total <= 60 * 1.5


def test_retry_after_stops_the_whole_host(mirror, items):
    times = []
    with serve(mirror, limits=(Limit(rate=50, burst=4, retry_after="seconds", pause_s=1),)) as server:
        add = server.log.add
        server.log.add = lambda entry: (times.append((time.monotonic(), entry.status)), add(entry))
        report = run(items(server.url), connections=4)
    assert report.done == COUNT
    refused = [at for at, status in times if status == 429]
    assert refused
    for at in refused:
        assert not [t for t, _ in times if at + 0.2 < t < at + 0.95], "somebody asked during the pause"


def test_a_slow_host_does_not_hold_up_a_fast_one(mirror, home, edit):
    def photo(number):
        url = f"https://{PHOTO_HOST}/1/{number}_o.jpg"
        return FetchItem(
            f"picobanana://source/{number}", home / f"source/{number}.jpg", (("flickr", url),), kind="jpeg"
        )

    limits = (Limit(rate=4, burst=1, where="*.staticflickr.com"),)
    with serve(mirror, limits=limits) as server:
        items = [photo(n) for n in range(4)] + [edit(server.url, n) for n in range(COUNT)]
        report = run(items, hosts=server.hosts("*.staticflickr.com"))
        order = [r.host for r in server.log.requests if r.status == 200]
    assert report.done == COUNT + 4
    assert order[-1] == PHOTO_HOST
    assert (home / "source/2.jpg").read_bytes() == jpeg(2)


def test_memory_is_bounded_by_the_queue_and_not_by_the_items(mirror, home, edit):
    import tracemalloc

    with serve(mirror) as server:
        run([edit(server.url, 0)])
        item = edit(server.url, 0)

        def peak(count):
            tracemalloc.start()
            run(FetchItem(f"picobanana://x/{n}", item.path, item.candidates) for n in range(count))
            highest = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return highest

        small, large = peak(500), peak(10_000)
    assert large < small + 200_000


def test_two_jobs_at_once_fetch_each_file_once(mirror, home, items):
    reports = []
    with serve(mirror, latency_s=0.05) as server:
        jobs = [threading.Thread(target=lambda: reports.append(run(items(server.url)))) for _ in range(2)]
        [job.start() for job in jobs]
        [job.join() for job in jobs]
    assert set(server.log.by_path.values()) == {1}
    assert sum(r.done for r in reports) == COUNT
    assert sum(r.reused for r in reports) == COUNT


def test_a_full_disk_ends_the_job_and_spoils_nothing(tmp_path, mirror, items, small_disk):
    from pico_banana.errors import DiskFullError

    with serve(mirror) as server:
        mine = [FetchItem(i.address, small_disk / f"{n}.png", i.candidates) for n, i in enumerate(items(server.url))]
        with pytest.raises(DiskFullError, match="room"):
            run(mine)
    whole = [path for path in small_disk.iterdir() if path.suffix == ".png"]
    assert 0 < len(whole) < COUNT
    for path in whole:
        assert path.read_bytes() == png(int(path.stem))
