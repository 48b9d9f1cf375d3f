"""Run independent tasks in this process or in several; the task does not know which."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")


def run_tasks(function: Callable[[T], R], tasks: Sequence[T], *, workers: int = 1) -> Iterator[R]:
    """Call a function once for each task.

    Args:
        function: a module's function, so that other processes find it.
        tasks: its arguments; they travel to the other processes.
        workers: processes; 1 runs in this one.

    Yields:
        The results, in the order in which they are ready.
    """
    if workers <= 1 or len(tasks) <= 1:
        yield from map(function, tasks)
    else:
        yield from _in_processes(function, tasks, workers)


def _in_processes(function: Callable[[T], R], tasks: Sequence[T], workers: int) -> Iterator[R]:
    # Spawned, not forked: the threads of decoders and of Arrow do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context, initializer=_leave_signals)
    futures = [pool.submit(function, task) for task in tasks]
    try:
        for future in as_completed(futures):
            yield future.result()
    except BaseException:
        # Whoever asks to stop waits for no shard: one takes half a minute, and only whole ones count.
        _end(pool)
        raise
    pool.shutdown()


def _leave_signals() -> None:
    """Leave Ctrl-C to the parent, which ends its children; both would print a traceback else.

    A parent that is killed, or ended by a SIGTERM that it does not catch, cannot end them: each watches it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end(pool: ProcessPoolExecutor) -> None:
    children = list((pool._processes or {}).values())  # noqa: SLF001  terminate_workers() is there from 3.14 on
    pool.shutdown(wait=False, cancel_futures=True)
    for child in children:
        child.terminate()
    for child in children:
        child.join()
