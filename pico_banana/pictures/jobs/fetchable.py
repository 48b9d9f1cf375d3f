"""Rows whose pictures can be planned, fetched and streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pico_banana.rows.narrowing import NarrowableSequence
from pico_banana.rows.sequence import R

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pico_banana.dataset import PicoBanana
    from pico_banana.mirrors.fetch.plan import Plan
    from pico_banana.mirrors.fetch.progress import Progress
    from pico_banana.mirrors.fetch.report import Report
    from pico_banana.pictures.jobs.download import FetchOptions
    from pico_banana.pictures.jobs.streaming import OnMissing, Stream
    from pico_banana.records import Role


class FetchableSequence(NarrowableSequence[R]):
    """A sequence of records that knows how to get their pictures here."""

    @property
    def _whole(self) -> PicoBanana[R]:
        return cast("PicoBanana[R]", self)  # what `load` gives is one; this room only holds its verbs for fetching

    def plan(self, options: FetchOptions | None = None) -> Plan:
        """Look what a download would fetch: files, hosts, bytes, what is here, and whether it fits.

        Args:
            options: how pictures would be fetched.

        Returns:
            The plan; nobody was asked for it.
        """
        from pico_banana.pictures.jobs.download import Download, FetchOptions

        return Download(self._whole, options or FetchOptions()).plan()

    def download(
        self, options: FetchOptions | None = None, *, progress: Callable[[Progress], None] | None = None
    ) -> Report:
        """Fetch every picture of these rows that is not here. Run it again to go on after an interruption.

        Args:
            options: how.
            progress: called a few times a second.

        Returns:
            Totals that add up; a picture that failed is counted there, and listed in the file `Report.path`.

        Raises:
            DiskFullError: there is too little room.
            StoreError: the store cannot be written.
        """
        from pico_banana.pictures.jobs.download import Download, FetchOptions

        return Download(self._whole, options or FetchOptions()).run(progress)

    def stream(
        self,
        *,
        ahead: int = 64,
        workers: int = 16,
        roles: Sequence[Role] = ("source", "edited"),
        on_missing: OnMissing = "raise",
    ) -> Stream[R]:
        """Give the rows in order, each when its pictures are on this machine, fetching some rows ahead.

        Args:
            ahead: how many rows may be in flight.
            workers: pictures fetched at the same time.
            roles: which pictures must be here: "source", "edited".
            on_missing: a row whose picture cannot be had: "raise" its error, "skip" the row, "keep" it all the same.

        Returns:
            An iterable whose place can be saved with `state_dict` and restored with `load_state_dict`.

        Raises:
            UnknownNameError: `on_missing` is none of these.
            ConfigError: `ahead` or `workers` is not positive.
        """
        from pico_banana.pictures.jobs.streaming import Stream

        return Stream(self._whole, ahead=ahead, workers=workers, roles=tuple(roles), on_missing=on_missing)
