"""Fetching what will be opened next: for readers that open one picture after the other, like a streamed `datasets` set.

Whoever knows the order says so with `expect`. Nothing is fetched for that alone; but once a picture of that order is
opened, the next few of the same kind are fetched in the background. A reader that never opens pictures fetches none.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AHEAD = 64
_WORKERS = 16
_MOST_SEQUENCES = 8  # tables in hand, times two roles; older ones are forgotten


class ReadAhead:
    """What is expected to be opened, and what is being fetched for it."""

    def __init__(self, bring: Callable[[str], object], *, ahead: int = AHEAD) -> None:
        """Expect nothing.

        Args:
            bring: fetches an address; its errors are left to whoever opens the picture.
            ahead: how many pictures may be fetched before they are opened.
        """
        self._bring, self._ahead = bring, ahead
        self._lock = threading.Lock()
        self._sequences: OrderedDict[int, tuple[Sequence[str], dict[str, int]]] = OrderedDict()
        self._fetched_to: dict[int, int] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._count = 0
        renew = weakref.WeakMethod(self._renew)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=lambda: (found := renew()) and found())

    def _renew(self) -> None:
        # A forked child inherits a pool without threads, and perhaps a lock held by a thread that is not there.
        self._lock, self._pool = threading.Lock(), None
        self._fetched_to = dict.fromkeys(self._sequences, 0)

    def expect(self, addresses: Sequence[str]) -> None:
        """Say what will be opened, in order.

        Args:
            addresses: pictures of one kind.
        """
        places = {address: place for place, address in reversed(list(enumerate(addresses)))}
        with self._lock:
            self._sequences[self._count] = (addresses, places)
            self._fetched_to[self._count] = 0
            self._count += 1
            while len(self._sequences) > _MOST_SEQUENCES:
                self._fetched_to.pop(self._sequences.popitem(last=False)[0])

    def anew(self) -> ReadAhead:
        """Give the same for a forked child.

        Returns:
            One that expects the same pictures, with threads and a lock of its own.
        """
        child = ReadAhead(self._bring, ahead=self._ahead)
        child._sequences, child._fetched_to = OrderedDict(self._sequences), dict.fromkeys(self._sequences, 0)
        child._count = self._count
        return child

    def opened(self, address: str) -> None:
        """Note that a picture is being opened, and fetch what is expected to be next.

        Args:
            address: the picture.
        """
        with self._lock:
            for address_next in self._next(address):
                self._submit(address_next)

    def _next(self, address: str) -> deque[str]:
        found: deque[str] = deque()
        for number, (addresses, places) in self._sequences.items():
            place = places.get(address)
            if place is not None:
                begin, end = max(place + 1, self._fetched_to[number]), place + 1 + self._ahead
                found.extend(addresses[begin:end])
                self._fetched_to[number] = max(end, self._fetched_to[number])
        return found

    def _submit(self, address: str) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="read-ahead")
        self._pool.submit(self._bring, address)
