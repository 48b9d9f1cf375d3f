"""A large ledger parted among processes."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SPAN = 2_000  # items read at a time, which bounds memory; the triggers of the ledger know this number
_ITEMS_WORTH_A_PROCESS = 5_000  # fewer are done before another process has started

TaskT = TypeVar("TaskT")
PartT = TypeVar("PartT")


def spans(items: range, workers: int) -> list[range]:
    """Part items.

    Args:
        items: their ids.
        workers: the most parts.

    Returns:
        At least one range; together all of them, in their order. All but the last one hold whole spans.
    """
    count = max(1, min(workers, len(items) // _ITEMS_WORTH_A_PROCESS))
    size = -(-len(items) // count // SPAN) * SPAN
    return [items[first : first + size] for first in range(0, len(items), size)] if items else [items]


def each(work: Callable[[TaskT], PartT], tasks: Sequence[TaskT]) -> Iterator[PartT]:
    """Do tasks, each in a process of its own when there are several.

    Args:
        work: what is done; a function of a module.
        tasks: the tasks.

    Yields:
        What came of them, in their order.
    """
    if len(tasks) == 1:
        yield work(tasks[0])
        return
    # Spawned: a forked child would share SQLite's connections with its parent.
    with ProcessPoolExecutor(len(tasks), mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, tasks)
