"""Hearing SIGINT and SIGTERM without being torn away in the middle of something."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def listening(heard: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Pass SIGINT and SIGTERM on to a function until the block ends; only the main thread may listen for them.

    Args:
        heard: called with the signal; the block goes on.

    Yields:
        Nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda got, _: heard(signal.Signals(got))) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
