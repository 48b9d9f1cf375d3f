"""The arithmetic of a lane against simulated limiters: no clock but the simulation's."""

from __future__ import annotations

import heapq
import itertools
import math
import random

import pytest

from pico_banana.errors import GoneError, InterruptedTransferError, ServerError, ThrottledError
from pico_banana.mirrors.fetch.lane import HostLimits, Lane
from pico_banana.mirrors.fetch.retry import RetryPolicy
from pico_banana.mirrors.fetch.status import retry_after_s

LATENCY_S = 0.05


def simulate(count, *, rate=math.inf, burst=math.inf, retry_after=None, in_flight=64, seed=0):
    """Ask a token bucket for `count` files; gives (seconds, requests, lane)."""
    dice = random.Random(seed)
    lane = Lane("h", HostLimits(in_flight=in_flight), _jitter=dice.random)
    now, filled_at, tokens, todo, done, order, flying = 0.0, 0.0, burst, count, 0, itertools.count(), []
    while done < count:
        while todo and lane.ready_at(now) <= now:
            lane.start(now)
            todo -= 1
            tokens = min(burst, tokens + (now - filled_at) * rate) if rate < math.inf else burst
            filled_at = now
            fine = tokens >= 1
            tokens -= fine
            heapq.heappush(flying, (now + LATENCY_S + dice.random() * 0.004, next(order), now, fine))
        ready = lane.ready_at(now) if todo else math.inf
        if flying and flying[0][0] <= ready:
            now, _, started, fine = heapq.heappop(flying)
            error = None if fine else ThrottledError("busy", retry_after=retry_after)
            lane.finish(now, started=started, error=error)
            done, todo = done + fine, todo + (not fine)
        else:
            now = ready
    return now, lane.requests, lane


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("burst", [10, 20, 50])
def test_a_limiter_costs_little_time_and_few_requests(burst, seed):
    seconds, requests, lane = simulate(1000, rate=100, burst=burst, seed=seed)
    assert seconds <= 1.2 * (1000 - burst) / 100
    assert requests <= 1.2 * 1000
    assert 80 <= lane.rate_now(seconds) <= 135, "it found the rate"


@pytest.mark.parametrize("burst", [10, 20])
def test_a_limiter_that_asks_for_pauses_is_risked_seldom(burst):
    seconds, requests, _ = simulate(2000, rate=100, burst=burst, retry_after=1.0)
    assert seconds <= 1.45 * (2000 - burst) / 100
    assert requests <= 1.2 * 2000


def test_without_a_limiter_the_window_fills_in_a_few_round_trips():
    seconds, requests, lane = simulate(2400)
    assert requests == 2400
    assert lane.window == 64
    assert seconds < 1.2 * 2400 / 64 * 0.052


def test_retry_after_stops_the_lane_for_everybody():
    lane = Lane("h", HostLimits(in_flight=8))
    for _ in range(3):
        lane.start(0.0)
    lane.finish(0.1, started=0.0, error=ThrottledError("busy", retry_after=7))
    assert 7.1 <= lane.ready_at(0.1) <= 7.9
    lane.finish(0.2, started=0.0)
    assert lane.ready_at(0.2) >= 7.1, "a success of an older request lifts no pause"


def test_a_503_counts_as_being_turned_away():
    lane = Lane("h")
    lane.start(0.0)
    lane.finish(0.1, started=0.0, error=ServerError("busy", status=503))
    assert lane.throttled == 1
    assert lane.ready_at(0.1) > 0.1


def test_a_failing_host_gets_fewer_requests_at_once_and_then_more_again():
    lane = Lane("h", HostLimits(in_flight=64, start=16))
    lane.start(0.0)
    lane.finish(1.0, started=0.0, error=InterruptedTransferError("broke"))
    assert lane.window < 16
    narrow = lane.window
    for second in range(2, 200):
        lane.start(float(second))
        lane.finish(second + 0.5, started=float(second))
    assert lane.window > narrow


def test_a_missing_file_says_nothing_bad_about_its_host():
    lane = Lane("h")
    before = lane.window
    lane.start(0.0)
    lane.finish(0.1, started=0.0, error=GoneError("no", status=404))
    assert lane.window > before
    assert lane.rate_now(1.0) is None


def test_a_host_with_a_fixed_rate_never_exceeds_it():
    lane = Lane("h", HostLimits(in_flight=9, start=9, rate=2.0))
    now = 0.0
    starts = []
    while len(starts) < 11:
        now = max(now, lane.ready_at(now))
        lane.start(now)
        starts.append(now)
        lane.finish(now, started=now)
    assert starts[-1] - starts[0] >= 4.5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 1970 00:00:09 GMT", 4.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_in_every_form(text, seconds):
    assert retry_after_s(text, now=5.0) == seconds


def test_the_class_of_an_error_decides_whether_it_is_tried_again():
    policy = RetryPolicy(attempts=3)
    assert policy.again(ServerError("x"), tried=2, throttled=0)
    assert not policy.again(ServerError("x"), tried=3, throttled=0)
    assert not policy.again(GoneError("x"), tried=1, throttled=0)
    assert policy.again(ThrottledError("x"), tried=0, throttled=20), "waiting is the host's business, not the item's"
    assert 0.5 * policy.first_wait_s <= policy.wait_s(1) <= policy.first_wait_s
    assert policy.wait_s(99) <= policy.longest_wait_s


def test_stray_refusals_do_not_starve_a_lane():
    """A tenth of the requests is turned away, whatever the rate: that is no limiter, and must not look like one."""
    dice = random.Random(4)
    lane = Lane("h", HostLimits(), _jitter=dice.random)
    now, flying, order, done = 0.0, [], itertools.count(), 0
    while done < 400:
        while lane.ready_at(now) <= now:
            lane.start(now)
            heapq.heappush(flying, (now + LATENCY_S, next(order), now, dice.random() > 0.1))
        ready = lane.ready_at(now)
        if flying and flying[0][0] <= ready:
            now, _, started, fine = heapq.heappop(flying)
            lane.finish(now, started=started, error=None if fine else ThrottledError("stray"))
            done += fine
        else:
            now = ready
    assert lane.rate_now(now) > 15
    assert now < 40
