"""The progress of a download on stderr: a bar with the hosts on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pico_banana.cli.live import LiveLine
from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.telling import escaped

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.mirrors.fetch.progress import HostState, Progress
    from pico_banana.mirrors.fetch.report import Report

_NOTICED_S = 1.0


def progress_bar(total: int) -> Callable[[Progress], None]:
    """Make a progress bar on stderr.

    Args:
        total: files in the plan.

    Returns:
        What takes the progress of a job.
    """
    if not sys.stderr.isatty():
        line, pauses = LiveLine(), Pauses()

        def plain(progress: Progress) -> None:
            pauses.tell(progress)
            line.show(f"{progress.report.total:,} of {total:,} files; {_rate(progress.report)}")

        return plain
    from tqdm import tqdm

    bar = tqdm(total=total, unit="file", file=sys.stderr, dynamic_ncols=True, mininterval=0.2)

    def show(progress: Progress) -> None:
        report = progress.report
        bar.update(report.total - report.left - bar.n)
        waits = " ".join(_waiting(progress).values())
        hosts = " ".join(map(_host, progress.hosts))
        bar.set_postfix_str(escaped(f"{_rate(report)}; {waits} {hosts}"[:160]), refresh=True)

    return show


class Pauses:
    """Says in a log which host is waited for, once a pause: silence there looks like a hang."""

    def __init__(self) -> None:
        """Say nothing yet."""
        self._told: set[str] = set()

    def tell(self, progress: Progress) -> None:
        """Write a line for every host that is waited for since the last look.

        Args:
            progress: how far the job is.
        """
        waiting = _waiting(progress)
        for host in waiting.keys() - self._told:
            sys.stderr.write(f"{waiting[host]}\n")
        self._told = set(waiting)


def _waiting(progress: Progress) -> dict[str, str]:
    """Say by host for how long it is waited for, where that is long enough to be noticed."""
    paused = {state.host: state.paused_s for state in progress.hosts if state.paused_s >= _NOTICED_S}
    held = {host: f"{host} asked to wait; retrying in {seconds:.0f} s …" for host, seconds in paused.items()}
    failing = {host: seconds for host, seconds in progress.retrying.items() if seconds >= _NOTICED_S}
    return {host: f"{host} gave no good answer; retrying in {s:.0f} s …" for host, s in failing.items()} | held


def _rate(report: Report) -> str:
    return f"{readable(report.bytes / max(report.seconds, 1e-9))}/s, {report.failures:,} failed"


def _host(host: HostState) -> str:
    held = f" paused {host.paused_s:.0f}s" if host.paused_s > 0 else f" {host.rate:.0f}/s" if host.rate else ""
    return f"[{host.host} {host.in_flight}/{host.window}{held}]"
