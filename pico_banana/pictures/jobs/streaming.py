"""Rows in order with their pictures already here: a few rows ahead are fetched while the first are being used.

Nothing runs away: at most `ahead` rows are in flight, whatever the reader does. The same engine fetches as everywhere
else, so pictures come politely, checked, and are kept; a second pass over the same rows asks nobody.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2s
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

from pico_banana.errors import ConfigError, PictureError, TransportError, unknown_name
from pico_banana.pictures.filesystem import local_path
from pico_banana.pictures.jobs.needed import ROLES, row_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pico_banana.records import Record, Role
    from pico_banana.rows.sequence import RecordSequence

    R = TypeVar("R", bound=Record)
else:
    R = TypeVar("R")

T = TypeVar("T")
OnMissing: TypeAlias = Literal["raise", "skip", "keep"]
_WORKERS = 16


def prefetched(
    items: Iterable[T],
    addresses: Callable[[T], Iterable[str]],
    *,
    ahead: int = 64,
    workers: int = _WORKERS,
) -> Iterator[tuple[T, Exception | None]]:
    """Give items in order, each when its pictures are on this machine.

    Args:
        items: anything; taken from at most `ahead` before the reader.
        addresses: which pictures an item needs.
        ahead: how many items may be in flight.
        workers: pictures fetched at the same time.

    Yields:
        (item, None), or the item with the error for the first of its pictures that could not be had.
    """
    waiting: deque[tuple[T, Future[None]]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="prefetch")
    try:
        for item in items:
            waiting.append((item, pool.submit(_bring, tuple(addresses(item)))))
            if len(waiting) >= ahead:
                yield _settled(waiting)
        while waiting:
            yield _settled(waiting)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Stream(Generic[R]):
    """The rows of a dataset in order, prefetched, with a place in it that can be saved.

    Attributes:
        dataset: the rows.
        skipped: of the rows given so far, the number that lacked a picture, by row id, with the reason.
    """

    def __init__(
        self,
        dataset: RecordSequence[R],
        *,
        ahead: int = 64,
        workers: int = _WORKERS,
        roles: tuple[Role, ...] = ROLES,
        on_missing: OnMissing = "raise",
    ) -> None:
        """Set a stream up; nothing is fetched before it is iterated.

        Args:
            dataset: the rows.
            ahead: how many rows may be in flight.
            workers: pictures fetched at the same time.
            roles: which pictures must be here: "source", "edited".
            on_missing: a row whose picture cannot be had: "raise" its error, "skip" the row, "keep" it all the same.

        Raises:
            UnknownNameError: `on_missing` is none of these.
            ConfigError: `ahead` or `workers` is not positive.
        """
        if on_missing not in {"raise", "skip", "keep"}:
            wrong = unknown_name("way to treat a missing picture", on_missing, ["raise", "skip", "keep"])
            raise wrong
        if ahead < 1 or workers < 1:
            raise ConfigError("a stream needs at least one row ahead and one worker", key="ahead")
        self.dataset = dataset
        self.skipped: dict[str, str] = {}
        self._ahead, self._workers, self._roles, self._on_missing = ahead, workers, roles, on_missing
        self._position = 0

    def __iter__(self) -> Iterator[R]:
        """Give the rows from the saved place on.

        Yields:
            Records whose pictures are on this machine.

        Raises:
            PictureError: a picture cannot be had, and `on_missing` is "raise".
            TransportError: a picture could not be fetched this time, and `on_missing` is "raise".
        """
        rest = self.dataset[self._position :]
        pairs = zip(rest, row_pictures(rest, self._roles), strict=True)
        for (record, _), problem in prefetched(pairs, lambda pair: pair[1], ahead=self._ahead, workers=self._workers):
            # The place moves on before the row is given: who saves it while using a row resumes behind that row.
            self._position += 1
            if problem is not None:
                if self._on_missing == "raise":
                    self._position -= 1
                    raise problem
                self.skipped[record.id] = str(problem)
                if self._on_missing == "skip":
                    continue
            yield record
        self._position = 0

    def state_dict(self) -> dict[str, Any]:
        """Save the place.

        Returns:
            Plain values, for `load_state_dict` of a stream over the same rows.
        """
        return {"position": self._position, "rows": self._fingerprint()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved place.

        Args:
            state: what `state_dict` gave.

        Raises:
            ConfigError: it was saved over other rows.
        """
        if state.get("rows") != self._fingerprint():
            text = "this state was saved over other rows; make the stream from the same selection"
            raise ConfigError(text, key="state")
        self._position = int(state["position"])

    def _fingerprint(self) -> str:
        rows = self.dataset.rows.tobytes()
        return blake2s(rows + self.dataset.table.sha256.encode(), digest_size=8).hexdigest()


def _bring(addresses: tuple[str, ...]) -> None:
    for address in addresses:
        local_path(address)


def _settled(waiting: deque[tuple[T, Future[None]]]) -> tuple[T, Exception | None]:
    item, future = waiting.popleft()
    problem = future.exception()
    if problem is None or isinstance(problem, (PictureError, TransportError)):
        return item, cast("Exception | None", problem)
    raise problem
