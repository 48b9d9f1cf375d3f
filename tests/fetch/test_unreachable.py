"""A host that cannot be reached at the very first is not waited for; one that answered before is."""

from __future__ import annotations

import socket
import threading

import pytest

from pico_banana.cli.download_bar import progress_bar
from pico_banana.errors import InterruptedTransferError
from pico_banana.mirrors.fetch.item import Candidate, FetchItem
from pico_banana.mirrors.fetch.job import Job
from pico_banana.mirrors.fetch.lane import HostLimits, Lane
from pico_banana.mirrors.fetch.one import Fetcher
from pico_banana.mirrors.fetch.progress import HostState, Progress
from pico_banana.mirrors.fetch.report import Report
from pico_banana.mirrors.fetch.retry import RetryPolicy
from pico_banana.mirrors.fetch.stream import ResumingStream
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.rehearsal.serving.faults import Fault, Rule
from pico_banana.rehearsal.serving.serve import serve

HOUR = RetryPolicy(attempts=5, first_wait_s=3600.0, longest_wait_s=3600.0)  # whoever waits here does not come back


@pytest.fixture
def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def item(root, folder):
    url = f"{root}/a.png"
    return FetchItem("picobanana://edited/a.png", folder / "a.png", (Candidate("cdn", url),))


def test_one_file(closed_port, tmp_path):
    with pytest.raises(
        InterruptedTransferError, match=r"127\.0\.0\.1 cannot be reached \(Connection refused\); check the network"
    ):
        Fetcher(policy=HOUR).fetch(item(closed_port, tmp_path))


def test_a_name_that_nobody_knows(tmp_path):
    with pytest.raises(InterruptedTransferError, match=r"nowhere\.invalid cannot be reached"):
        Fetcher(policy=HOUR).fetch(item("http://nowhere.invalid", tmp_path))


def test_a_job(closed_port, tmp_path):
    report = Job(Transport(), policy=HOUR).run([item(closed_port, tmp_path)])
    assert report.failed == {"network": 1}
    assert report.requests == 1


def test_a_break_in_the_middle_is_waited_out():
    """The server sends half, is gone for the first question after that, and then comes back."""
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    gone = threading.Event()

    def serve():
        nonlocal server
        _answer(server, b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 10\r\n\r\n01234')
        server.close()
        gone.wait()
        server = socket.create_server(("127.0.0.1", port))
        _answer(
            server, b'HTTP/1.1 206 OK\r\nETag: "1"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789'
        )
        server.close()

    class Policy(RetryPolicy):
        def again(self, error, **how):
            if isinstance(error, InterruptedTransferError) and not error.connected:
                gone.set()
            return super().again(error, **how)

    thread = threading.Thread(target=serve)
    thread.start()
    stream = ResumingStream(
        Transport(), f"http://127.0.0.1:{port}/x", policy=Policy(attempts=50, first_wait_s=0.05, longest_wait_s=0.05)
    )
    parts = b""
    while part := stream.read(10):
        parts += part
    thread.join()
    assert parts == b"0123456789"
    assert gone.is_set()


def test_a_lane_knows_whether_its_host_was_heard():
    lane = Lane("h", HostLimits())
    lane.start(0.0)
    lane.finish(0.1, started=0.0, error=InterruptedTransferError("x"))
    assert not lane.heard
    lane.start(1.0)
    lane.finish(1.1, started=1.0)
    assert lane.heard


def _answer(server, data):
    connection, _ = server.accept()
    with connection:
        connection.recv(1 << 16)
        connection.sendall(data)


def test_whoever_waits_is_told_for_whom_and_how_long(tmp_path, capsys):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "a.png").write_bytes(b"a")
    told = []

    def look(progress):
        told.append(dict(progress.retrying))
        if progress.retrying:
            job.stop()

    with serve(tmp_path / "m", faults=(Rule(Fault.ERROR_500),)) as server:
        job = Job(Transport(), policy=HOUR, progress=look)
        job.run([item(server.url, tmp_path)])
    ((host, seconds),) = told[-1].items() or told[-2].items()
    assert seconds > 1000
    show, report = progress_bar(9), Report(total=3)
    paused = HostState("cdn.example", 0, 4, None, 61.0, 1)
    for progress in (Progress(report, (), {host: 17.0}), Progress(report, (paused,)), Progress(report, (paused,))):
        show(progress)
    assert capsys.readouterr().err.splitlines() == [
        f"{host} gave no good answer; retrying in 17 s …",
        "cdn.example asked to wait; retrying in 61 s …",
    ]
