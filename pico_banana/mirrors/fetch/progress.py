"""How far a job is, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.mirrors.fetch.lane import Lane
    from pico_banana.mirrors.fetch.report import Report


@dataclass(frozen=True, slots=True)
class HostState:
    """What one host is doing, for a progress display.

    Attributes:
        host: its name.
        in_flight: requests on their way.
        window: most that may be.
        rate: requests a second it is held to, or None.
        paused_s: seconds until it may be asked again.
        throttled: requests it turned away so far.
    """

    host: str
    in_flight: int
    window: int
    rate: float | None
    paused_s: float
    throttled: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        report: the totals so far.
        hosts: every host asked so far.
        retrying: seconds until the next try, by host whose answers were no good.
    """

    report: Report
    hosts: tuple[HostState, ...]
    retrying: Mapping[str, float] = field(default_factory=dict)


def state_of(lane: Lane, now: float) -> HostState:
    """Describe a lane.

    Args:
        lane: the lane.
        now: the time on its clock.

    Returns:
        What it is doing.
    """
    return HostState(
        lane.host,
        lane.active,
        int(lane.window),
        lane.rate_now(now),
        max(0.0, lane.resume_at - now),
        lane.throttled,
    )
