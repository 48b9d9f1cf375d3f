"""Reading ahead goes on in a forked child, also when a thread of the parent was just at it."""

from __future__ import annotations

import os
import threading

import pytest

from pico_banana.pictures.readahead import ReadAhead

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@pytest.mark.parametrize("held", [False, True])
def test_a_forked_child_reads_ahead_by_itself(held, tmp_path):
    ahead = ReadAhead(lambda address: (tmp_path / address).touch(), ahead=3)
    ahead.expect([f"{number}" for number in range(20)])
    ahead.opened("0")
    lock = ahead._lock
    free = threading.Event()
    if held:
        taken = threading.Event()
        threading.Thread(target=lambda: (lock.acquire(), taken.set(), free.wait(), lock.release())).start()
        taken.wait()
    child = os.fork()
    if child == 0:
        ahead.opened("10")
        ahead._pool.shutdown(wait=True)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    free.set()
    ahead._pool.shutdown(wait=True)
    assert status == 0
    assert {"11", "12", "13"} <= {path.name for path in tmp_path.iterdir()}
