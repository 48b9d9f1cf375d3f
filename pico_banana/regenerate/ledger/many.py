"""The ledgers of one run: one, or one a shard. Readers read them in the order of items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

from pico_banana.errors import StoreError
from pico_banana.regenerate.ledger.book import Ledger, open_ledger
from pico_banana.regenerate.ledger.damage import damage_behind
from pico_banana.regenerate.ledger.layout import DATABASE, is_ledger
from pico_banana.rows.sharding.copying import fetch
from pico_banana.rows.sharding.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.regenerate.settings.config import Config


class Ledgers:
    """The ledgers of a run that was done in shards; only one of them is open at a time.

    Attributes:
        folder: the run's output, for messages.
        folders: where the ledgers lie on this disk, in the order of their shards.
    """

    def __init__(self, folder: str | Path, folders: tuple[Path, ...]) -> None:
        """Name them; use `open_run`."""
        self.folder, self.folders = folder, folders
        self._read = folders[0]

    def __enter__(self) -> Self:
        """Use them in a with block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Tell in one way that the ledger that was read last could not be read."""
        if problem := damage_behind(error, self._read / DATABASE):
            raise problem from error

    def __len__(self) -> int:
        """Count them."""
        return len(self.folders)

    def __iter__(self) -> Iterator[Ledger]:
        """Open one after the other for reading, and close it before the next one."""
        for folder in self.folders:
            self._read = folder
            with open_ledger(folder) as ledger:
                yield ledger

    def latest_config(self) -> Config:
        """Give the configuration of the latest run, of the first shard.

        Returns:
            The configuration.

        Raises:
            ConfigError: there was no run.
        """
        with open_ledger(self.folders[0]) as ledger:
            return ledger.latest_config()


Run: TypeAlias = Ledger | Ledgers


def open_run(out: str | Path, *, pictures: bool = False) -> Ledgers:
    """Find the ledgers of a run: its only one, or those of its shards.

    Args:
        out: the run's output, a path or an address.
        pictures: where the run is behind an address, fetch its pictures too.

    Returns:
        The ledgers, for reading.

    Raises:
        StoreError: there are none.
    """
    if "://" not in str(out) and (Path(out) / DATABASE).exists():  # whatever it is: opening says what is wrong with it
        return Ledgers(out, (Path(out),))
    folder = RunFolder(out)
    places = (fetch(folder, shard.name, only="" if pictures else DATABASE) for shard, _ in folder.folders())
    found = tuple(place for place in places if is_ledger(place))
    if not found:
        text = f"{out} holds no ledger; make one with `pico-banana regenerate plan CONFIG --ledger {out}`, or `run`"
        raise StoreError(text, path=str(out))
    return Ledgers(out, found)


def each_ledger(run: Run) -> Iterator[Ledger]:
    """Give the ledgers of a run.

    Args:
        run: one ledger, open for reading, or those of shards.

    Yields:
        Each, open.
    """
    if isinstance(run, Ledgers):
        yield from run
    else:
        yield run
