"""The items of a run parted among processes."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from pico_banana.regenerate.ledger.many import each_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pico_banana.regenerate.ledger.many import Run

SPAN = 2_000  # items read at a time, which bounds memory; the triggers of the ledger know this number
_ITEMS_WORTH_A_PROCESS = 5_000  # fewer are done before another process has started

TaskT = TypeVar("TaskT")
PartT = TypeVar("PartT")


def parted(run: Run, workers: int) -> tuple[list[tuple[Path, range]], int]:
    """Part the items of a run.

    Args:
        run: one ledger, or those of shards.
        workers: the most processes.

    Returns:
        The ledger's folder and the ids of the items of each part, in the order of the items; and how many processes
        they are worth.
    """
    parts, items = [], 0
    for ledger in each_ledger(run):
        found = ledger.item_ids()
        items += len(found)
        parts += [(ledger.folder, span) for span in spans(found, workers)]
    return parts, worth(items, workers)


def worth(items: int, workers: int) -> int:
    """Say how many processes items are worth.

    Args:
        items: how many.
        workers: the most processes.

    Returns:
        From 1.
    """
    return max(1, min(workers, items // _ITEMS_WORTH_A_PROCESS))


def spans(items: range, workers: int) -> list[range]:
    """Part items.

    Args:
        items: their ids.
        workers: the most parts.

    Returns:
        At least one range; together all of them, in their order. They are cut where spans begin.
    """
    size = -(-len(items) // worth(len(items), workers) // SPAN) * SPAN
    return cut(items, size) if items else [items]


def cut(items: range, size: int) -> list[range]:
    """Cut items where spans begin; the first item of a shard may stand amid one.

    Args:
        items: their ids.
        size: of a part, whole spans.

    Returns:
        The parts, in their order.
    """
    begin = (items.start - 1) // SPAN * SPAN + 1
    return [range(max(at, items.start), min(at + size, items.stop)) for at in range(begin, items.stop, size)]


def each(work: Callable[[TaskT], PartT], tasks: Sequence[TaskT], workers: int) -> Iterator[PartT]:
    """Do tasks, in processes when there are several of both.

    Args:
        work: what is done; a function of a module.
        tasks: the tasks.
        workers: the most processes.

    Yields:
        What came of them, in their order.
    """
    if len(tasks) == 1 or workers == 1:
        yield from map(work, tasks)
        return
    # Spawned: a forked child would share SQLite's connections with its parent.
    with ProcessPoolExecutor(min(len(tasks), workers), mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, tasks)
