"""Planning and fetching what a dataset needs: the way from rows to a job."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.mirrors.addresses import parse_address
from pico_banana.mirrors.fetch.failures import FILE_NAME, MOST_AGE_DAYS, Failures
from pico_banana.mirrors.fetch.hosts import hosts_from_environment
from pico_banana.mirrors.fetch.item import FetchItem
from pico_banana.mirrors.fetch.job import Job
from pico_banana.mirrors.fetch.plan import Plan, make_plan
from pico_banana.mirrors.fetch.report import Report, report_path
from pico_banana.mirrors.fetch.retry import RetryPolicy
from pico_banana.mirrors.fetch.transfer import Checks
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.mirrors.store import area
from pico_banana.pictures.jobs.needed import ROLES, needed_pictures
from pico_banana.pictures.sources.chain import PhotoSize, make_chain
from pico_banana.pictures.sources.items import ItemMaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pico_banana.mirrors.fetch.progress import Progress
    from pico_banana.pictures.sources.places import PhotoPlace
    from pico_banana.records import Role
    from pico_banana.rows.bad import BadRow
    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.rows.sharding.shard import Shard


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How pictures are fetched.

    Attributes:
        roles: which pictures: "source", "edited".
        sources: where photos come from, see `sources.chain.make_chain`; None for the usual places.
        photo_size: "1024", "original", or "any".
        connections: most requests in flight, all hosts together.
        hosts: where to connect in place of a host; None for `PICO_BANANA_HOSTS`.
        attempts: tries of one place before a picture counts as failed.
        timeout_s: seconds without a byte after which a connection counts as dead.
        deep: decode every pixel before a picture may be seen.
        durable: flush every picture to the disk, so that a power cut loses none that was reported.
        remember_days: how long a 404 or 410 is believed; 0 asks again.
    """

    roles: tuple[Role, ...] = ROLES
    sources: tuple[str | PhotoPlace, ...] | None = None
    photo_size: PhotoSize = "any"
    connections: int = 32
    hosts: Mapping[str, str] | None = None
    attempts: int = 5
    timeout_s: float = 30.0
    deep: bool = False
    durable: bool = False
    remember_days: float = MOST_AGE_DAYS


@dataclass(frozen=True, slots=True)
class Download:
    """The download of a dataset's pictures, not begun.

    Attributes:
        dataset: the rows.
        options: how.
        bad_rows: lines that are no rows, each to be counted as failed.
    """

    dataset: RecordSequence[Any]
    options: FetchOptions = field(default_factory=FetchOptions)
    bad_rows: tuple[BadRow, ...] = ()

    @property
    def root(self) -> Path:
        """Where pictures go."""
        return area(self.dataset.mirror.name)

    def part(self, shard: Shard) -> Download:
        """Give one shard of it: its part of the rows, and of the lines that are none.

        Args:
            shard: which.

        Returns:
            A download.
        """
        return replace(self, dataset=shard.of(self.dataset), bad_rows=shard.of(self.bad_rows))

    def items(self) -> Iterator[FetchItem]:
        """Give what is to be fetched, each picture once; one that cannot be named is an item with its problem.

        Yields:
            Lines that are no rows, then items in the order of the rows.
        """
        places = make_chain(self.dataset.mirror, self.options.sources, size=self.options.photo_size)
        maker = ItemMaker(self.dataset.mirror, places)
        addresses = needed_pictures(self.dataset, self.options.roles)
        return chain((_unusable(bad) for bad in self.bad_rows), (_item(maker, address) for address in addresses))

    def plan(self) -> Plan:
        """Look what there is to do, without asking anybody.

        Returns:
            The plan.
        """
        return make_plan(self.items(), root=self.root, failures=self._failures())

    def job(self, progress: Callable[[Progress], None] | None = None) -> Job:
        """Set the job up.

        Args:
            progress: called a few times a second while it runs.

        Returns:
            A job; `run(self.items())` runs it.
        """
        hosts = hosts_from_environment() if self.options.hosts is None else self.options.hosts
        return Job(
            Transport(hosts=hosts, timeout_s=self.options.timeout_s),
            connections=self.options.connections,
            policy=RetryPolicy(attempts=self.options.attempts),
            checks=Checks(deep=self.options.deep, durable=self.options.durable),
            failures=self._failures(),
            report_to=report_path(self.root, "download"),
            progress=progress,
        )

    def run(self, progress: Callable[[Progress], None] | None = None) -> Report:
        """Fetch what is missing.

        Args:
            progress: called a few times a second from this thread.

        Returns:
            Totals that add up; a picture that failed is counted there.

        Raises:
            DiskFullError: there is too little room, found out before or on the way.
            StoreError: the store cannot be written.
        """
        self.plan().require_room()
        return self.job(progress).run(self.items())

    def _failures(self) -> Failures:
        return Failures(self.root / FILE_NAME, most_age_days=self.options.remember_days)


def _item(maker: ItemMaker, address: str) -> FetchItem:
    try:
        return maker.item(parse_address(address))
    except ConfigError as error:  # a row store that another program or version wrote
        return FetchItem(address, Path(), (), problem=error)


def _unusable(bad: BadRow) -> FetchItem:
    return FetchItem(f"{bad.file}:{bad.line}", Path(bad.file), (), problem=bad.error())
