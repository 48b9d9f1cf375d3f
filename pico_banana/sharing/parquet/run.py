"""What a run of the Parquet writer has done so far, kept beside the shards so that a stopped run goes on.

::

    <config>/.train/run.json          the run's key and one entry a whole shard
    <config>/.train/00000.parquet     a whole shard of an unfinished run
    <config>/train-00000-of-00002.parquet ...   all shards, once the last one is whole
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import write_atomic
from pico_banana.sharing.parquet.pictures import Missing
from pico_banana.sharing.parquet.places import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Shard:
    """One whole Parquet file.

    Attributes:
        file: its path below the repository's folder, with forward slashes.
        rows: how many rows it holds.
        size: bytes.
        data_bytes: bytes in memory, as `datasets` counts them.
        digest: hash of the file's content (XXH3, 128 bits): says whether it changed, not who wrote it.
        ids: SHA-256 over the ids of its rows.
        missing: the pictures whose cells are null.
        places: where its pictures lie.
    """

    file: str
    rows: int
    size: int
    data_bytes: int
    digest: str
    ids: str
    missing: tuple[Missing, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """Every shard of one split.

    Attributes:
        folder: the config's folder.
        split: the split's name.
        shards: the files, in order.
        reused: how many of them an earlier run had written.
    """

    folder: Path
    split: str
    shards: tuple[Shard, ...]
    reused: int

    @property
    def rows(self) -> int:
        """Rows in all shards."""
        return sum(shard.rows for shard in self.shards)

    @property
    def size(self) -> int:
        """Bytes of all shards."""
        return sum(shard.size for shard in self.shards)

    @property
    def data_bytes(self) -> int:
        """Bytes of all rows in memory."""
        return sum(shard.data_bytes for shard in self.shards)

    @property
    def missing(self) -> tuple[Missing, ...]:
        """The pictures whose cells are null."""
        return tuple(missing for shard in self.shards for missing in shard.missing)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the shards' digests; another content gives another fingerprint."""
        return hashlib.sha256("".join(shard.digest for shard in self.shards).encode()).hexdigest()


@dataclass(slots=True)
class ParquetRun:
    """The state of one split's run.

    Attributes:
        folder: the config's folder.
        split: the split's name.
        key: names everything the shards depend on; another key starts anew.
        shards: the whole shards.
        finished: the last shard is whole and all have their final names.
    """

    folder: Path
    split: str
    key: str
    shards: list[Shard] = field(default_factory=list)
    finished: bool = False

    @property
    def work(self) -> Path:
        """The folder of the unfinished run."""
        return self.folder / f".{self.split}"

    def load(self) -> None:
        """Take over what an earlier run with the same key did, as far as its files are whole.

        A shard with a picture that could not be had that time, but may be there now, is written again, and those
        behind it.
        """
        try:
            facts = read_note(self.work / "run.json")
            if facts["key"] != self.key:
                return
            shards, finished = [_shard(entry) for entry in facts["shards"]], bool(facts["finished"])
            whole = [self._is_whole(shard) for shard in shards]
        except (FileNotFoundError, *ODD_SHAPE):  # there is none, or a damaged one: begin anew
            return
        self.finished = finished and all(whole)
        kept = whole.index(False) if False in whole else len(whole)
        self.shards = [] if finished and not self.finished else shards[:kept]
        again = [any(not missing.gone for missing in shard.missing) for shard in self.shards]
        if any(again):
            self._go_back_to(again.index(True))

    def skip(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Pass over the rows of the whole shards; shards whose rows are no longer the same are forgotten.

        Args:
            rows: all rows, from the first one.

        Returns:
            The rows that are still to be written.
        """
        source = iter(rows)
        for number, shard in enumerate(self.shards):
            passed = list(islice(source, shard.rows))
            same = hash_of_ids([str(row["id"]) for row in passed]) == shard.ids
            if same and self.finished and number == len(self.shards) - 1:  # was it cut because there was no more?
                following = list(islice(source, 1))
                passed, same = passed + following, not following
            if not same:
                self._go_back_to(number)
                return chain(passed, source)
        return source

    def add(self, shard: Shard) -> None:
        """Note a whole shard.

        Args:
            shard: the shard.
        """
        self.shards.append(shard)
        self._save()

    def part(self, number: int) -> Path:
        """Give the file of a shard while the run is unfinished.

        Args:
            number: from 0.

        Returns:
            Its path.
        """
        return self.work / f"{number:05d}.parquet"

    def finish(self) -> None:
        """Give all shards their final names, and drop files an earlier run left under such names."""
        total = len(self.shards)
        names = [f"{self.split}-{number:05d}-of-{total:05d}.parquet" for number in range(total)]
        for number, name in enumerate(names):
            self.part(number).replace(self.folder / name)
        for stale in self.folder.glob(f"{self.split}-*-of-*.parquet"):
            if stale.name not in names:
                stale.unlink()
        self.shards = [
            replace(shard, file=self._name(self.folder / name)) for shard, name in zip(self.shards, names, strict=True)
        ]
        self.finished = True
        self._save()

    def _go_back_to(self, number: int) -> None:
        """Keep so many shards of a run, under the names of an unfinished one."""
        kept = self.shards[:number]
        if self.finished:
            for place, shard in enumerate(kept):
                (self.folder.parent / shard.file).replace(self.part(place))
        self.shards = [replace(shard, file=self._name(self.part(place))) for place, shard in enumerate(kept)]
        self.finished = False

    def _name(self, file: Path) -> str:
        return file.relative_to(self.folder.parent).as_posix()

    def _is_whole(self, shard: Shard) -> bool:
        file = self.folder.parent / shard.file
        return file.is_file() and file.stat().st_size == shard.size

    def _save(self) -> None:
        facts = {"key": self.key, "finished": self.finished, "shards": [asdict(shard) for shard in self.shards]}
        write_atomic(self.work / "run.json", json.dumps(facts).encode())


def hash_of_ids(ids: list[str]) -> str:
    """Hash the ids of some rows.

    Args:
        ids: the ids, in order.

    Returns:
        SHA-256, hexadecimal.
    """
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def _shard(entry: dict[str, Any]) -> Shard:
    missing = tuple(Missing(**facts) for facts in entry.pop("missing"))
    places = tuple(Place(**facts) for facts in entry.pop("places"))
    return Shard(**entry, missing=missing, places=places)
