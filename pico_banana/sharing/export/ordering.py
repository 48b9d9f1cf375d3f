"""Work in threads, a bounded number of items ahead, with the results in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


def ordered(items: Iterable[T], function: Callable[[T], R], *, workers: int) -> Iterator[tuple[T, R]]:
    """Call a function on items in threads, a bounded number ahead, and give the results in order.

    Args:
        items: the arguments.
        function: what to call.
        workers: threads.

    Yields:
        Each item with its result.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="pico-banana-export")
    waiting: deque[tuple[T, Future[R]]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(function, item)))
            if len(waiting) > 4 * workers:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
