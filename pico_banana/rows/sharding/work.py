"""Work on a shard: take it, do it in a folder on this disk, note what came of it.

Where the run folder is behind an address, such as `s3://bucket/runs/a.shards`, the shard is worked on in the store of
this machine, what is there of it already is fetched first, and what is durable is copied up, while the work goes on and
at its end; see `copying`.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from pico_banana.errors import StoreError
from pico_banana.rows.sharding.copying import Copy
from pico_banana.rows.sharding.folder import Note, RunFolder
from pico_banana.rows.sharding.lease import PATIENCE_S, Lease
from pico_banana.rows.sharding.shard import Shard
from pico_banana.rows.sharding.share import Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


S = TypeVar("S", bound="Sequence[Any]")


@dataclass(slots=True)
class Work:
    """One shard in work, or the whole of a work that is not parted.

    Attributes:
        folder: where it goes, on this disk.
        shard: which part; None for all of it.
        counts: what came of it, for its note.
        same: what must be the same in all shards and is known only afterwards, by name.
        unfinished: why it is not finished; empty when it is.
        spent: what its calls cost, over all its runs: the name of a budget, "" for the only one, to USD.
    """

    folder: Path
    shard: Shard | None = None
    counts: dict[str, Any] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    unfinished: str = ""
    spent: dict[str, float] = field(default_factory=dict)

    def part_of(self, things: S) -> S:
        """Give what of some things is to be done.

        Args:
            things: all of them, e.g. a dataset.

        Returns:
            The shard's part, or all.
        """
        return things if self.shard is None else self.shard.of(things)


def hash_of(asked: object) -> str:
    """Name what is asked for, so that shards of one work know each other.

    Args:
        asked: anything whose `repr` says all of it.

    Returns:
        Hexadecimal.
    """
    return hashlib.sha256(repr(asked).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@contextmanager
def work_on(
    out: str | Path,
    shard: Shard,
    *,
    command: str,
    asked: object,
    patience_s: float = PATIENCE_S,
    waits: bool = True,
) -> Iterator[Work]:
    """Work on one shard: a lease is held in the block, and a note is left when it ends well.

    Args:
        out: the output, a path or an address; the shard lies in `OUT.shards`.
        shard: which.
        command: what is done, such as "export".
        asked: what it is done with: rows, options; shards of one output must be asked the same.
        patience_s: seconds without a sign of life after which another worker counts as lost.
        waits: watch a worker that may be lost until it is plain; else it counts as alive.

    Yields:
        The work; say in its `counts` what came of it, and in `unfinished` why it is not whole.

    Raises:
        ShardHeldError: another process is at the shard, a StoreError.
        StoreError: the folder holds another work, or cannot be written.
    """
    folder = RunFolder(out)
    note = Note(command, hash_of(asked))
    _require_same(folder, shard, note)
    with Lease(folder, shard, patience_s=patience_s, waits=waits) as lease:
        begun = {other: found for other, found in folder.begun().items() if found.asked == note.asked}
        share = _share(begun, shard)
        note = replace(note, settled=share.mine, spent=begun[shard].spent if shard in begun else {})
        folder.write_note(shard, note)
        with Copy(folder, shard).kept_up(lease) as place:
            work = Work(place, replace(shard, share=share), spent=dict(note.spent))
            yield work
        lease.require()
        folder.write_note(shard, _ended(note, work))


@contextmanager
def work_again_on(
    out: str | Path, shard: Shard, *, command: str, patience_s: float = PATIENCE_S, waits: bool = True
) -> Iterator[Work]:
    """Work once more on a shard that was begun: its note stays as it is until the block ends well.

    Args:
        out: see `work_on`.
        shard: which.
        command: what the shard was made by, such as "regenerate".
        patience_s: see `work_on`.
        waits: see `work_on`.

    Yields:
        The work, with what its note says; say in `unfinished` why the shard is no longer finished, if it is not.

    Raises:
        ShardHeldError: another process is at the shard, a StoreError.
        StoreError: the shard was never begun, or by another command.
    """
    folder = RunFolder(out)
    _require_begun(folder, shard, command)
    with Lease(folder, shard, patience_s=patience_s, waits=waits) as lease:
        begun = folder.begun()
        note = begun[shard]
        with Copy(folder, shard).kept_up(lease) as place:
            mine = replace(shard, share=_share(begun, shard))
            work = Work(place, mine, dict(note.counts), dict(note.same), spent=dict(note.spent))
            yield work
        lease.require()
        finished, why = note.finished and not work.unfinished, work.unfinished or note.why
        folder.write_note(shard, replace(note, finished=finished, why=why, counts=work.counts, spent=work.spent))


def _share(begun: Mapping[Shard, Note], shard: Shard) -> Share:
    settled = tuple(note.settled for note in begun.values() if note.settled is not None)
    return Share(shard.count, settled, begun[shard].settled if shard in begun else None)


def _ended(note: Note, work: Work) -> Note:
    finished = not work.unfinished
    settled = dict(work.spent) if finished and note.settled is None else note.settled
    note = replace(note, finished=finished, why=work.unfinished, counts=work.counts, same=work.same)
    return replace(note, spent=work.spent, settled=settled)


def unclaimed(out: str | Path, count: int, *, asked: object, again: bool = False) -> Iterator[Shard]:
    """Give the shards that are not finished, each when it is asked for; another process may be at one.

    Args:
        out: the output.
        count: how many shards there are.
        asked: what they are asked; one that was finished for something else is not finished.
        again: give those that are finished, too.

    Yields:
        Shards in order.
    """
    folder, mine = RunFolder(out), hash_of(asked)
    for index in range(count):
        shard = Shard(index, count)
        note = folder.note(shard)
        if again or note is None or not note.finished or note.asked != mine:
            yield shard


def shards_begun(out: str | Path, count: int) -> Iterator[Shard]:
    """Give the shards that were begun; another process may be at one.

    Args:
        out: the output.
        count: how many shards there are.

    Yields:
        Shards in order.

    Raises:
        StoreError: the output was begun in another number of shards.
    """
    folder = RunFolder(out)
    begun = folder.begun()
    _require_count(folder, begun, count)
    yield from begun


def _require_begun(folder: RunFolder, shard: Shard, command: str) -> None:
    begun = folder.begun()
    _require_count(folder, begun, shard.count)
    if shard not in begun:
        text = f"shard {shard} of {folder.out} was never begun; make it first, or name another one"
        raise StoreError(text, path=folder.address)
    if begun[shard].command != command:
        text = f"shard {shard} of {folder.out} was made by `{begun[shard].command}` and not by `{command}`"
        raise StoreError(text, path=folder.address)


def _require_count(folder: RunFolder, begun: Iterable[Shard], count: int) -> None:
    for other in begun:
        if other.count != count:
            text = (
                f"{folder.out} was begun in {other.count} shards and not in {count}: shards are the same only "
                f"while their number is. Write --shard I/{other.count}, or name another output"
            )
            raise StoreError(text, path=folder.address)


def _require_same(folder: RunFolder, shard: Shard, mine: Note) -> None:
    begun = folder.begun()
    _require_count(folder, begun, shard.count)
    for other, note in begun.items():
        if (note.command, note.asked) != (mine.command, mine.asked) and other != shard:
            text = (
                f"shard {other} of {folder.out} was made of other rows or with other options than this one; restore "
                f"them, or name another output, or delete {folder.address}"
            )
            raise StoreError(text, path=folder.address)
