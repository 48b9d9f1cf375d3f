"""Read a pack: the same examples to a loader as the rows they came from, without a decoder in the way."""

from __future__ import annotations

import mmap
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import StoreError, unknown_name
from pico_banana.mirrors.store import sha256_of
from pico_banana.training.packs.codecs import Codec, codec
from pico_banana.training.packs.layout import LENGTH, PLACE, SHAPE, PackInfo, Shard, damaged, read_info

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from pico_banana.training.loader.examples import Example


class PackExamples:
    """The examples of a pack, for a loader.

    Attributes:
        folder: the pack's.
        columns: which columns to give; empty for all.
    """

    batchable = True

    def __init__(self, folder: str | Path, *, columns: Sequence[str] = ()) -> None:
        """Name a pack; nothing is read before it is used.

        Args:
            folder: the pack's.
            columns: which columns to give; empty for all.
        """
        self.folder = Path(folder)
        self.columns = tuple(columns)

    @cached_property
    def info(self) -> PackInfo:
        """What is in the pack."""
        return read_info(self.folder)

    @property
    def name(self) -> str:
        """What these examples are: those the pack was made from, and how."""
        return f"{self.info.name}-{self.info.format}-{len(self)}"

    def __len__(self) -> int:
        """Count the examples."""
        return self.info.examples

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process by name; files are opened there."""
        return _rebuilt, (self.folder, self.columns)

    def id(self, index: int) -> str:
        """Name one example.

        Args:
            index: which.

        Returns:
            Its id.
        """
        shard, row = self._find(index)
        return str(shard.rows["id"][row].as_py())

    def groups(self, workers: int) -> list[Hashable] | None:
        """Say which examples may share a batch: those whose pictures have the same shapes.

        Args:
            workers: not needed; the shapes stand in the pack.

        Returns:
            The shapes of each example, or None when all are alike.
        """
        shapes: list[Hashable] = []
        for shard in self._shards:
            columns = [shard.rows[name + SHAPE].to_pylist() for name in shard.pictures]
            shapes.extend(tuple(map(tuple, row)) for row in zip(*columns, strict=True))
        return shapes if len(set(shapes)) > 1 else None

    def load(self, index: int) -> Example:
        """Read one example.

        Args:
            index: which.

        Returns:
            Its columns; raw pictures are read-only views of the file.
        """
        shard, row = self._find(index)
        texts = {name: shard.rows[name][row].as_py() for name in shard.texts if self._wanted(name, shard)}
        return texts | {name: shard.picture(name, row) for name in shard.pictures if self._wanted(name, shard)}

    def load_batch(self, indices: Sequence[int]) -> Example:
        """Read examples of one shape straight into a batch.

        Args:
            indices: which.

        Returns:
            Arrays with a batch axis in front, lists of everything else.
        """
        import numpy as np

        found = [self._find(index) for index in indices]
        first, row = found[0]
        batch: dict[str, Any] = {}
        for name in (name for name in first.texts if self._wanted(name, first)):
            batch[name] = [shard.rows[name][place].as_py() for shard, place in found]
        for name in (name for name in first.pictures if self._wanted(name, first)):
            batch[name] = np.empty((len(found), *first.shape(name, row)), np.uint8)
            for slot, (shard, place) in zip(batch[name], found, strict=True):
                slot[...] = shard.picture(name, place)
        return batch

    @cached_property
    def _shards(self) -> list[_OpenShard]:
        decoder = codec(self.info.format)
        return [_OpenShard(self.folder, shard, decoder) for shard in self.info.shards if shard.examples]

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(shard.examples for shard in self.info.shards if shard.examples))

    def _find(self, index: int) -> tuple[_OpenShard, int]:
        number = bisect_right(self._ends, index)
        return self._shards[number], index - (self._ends[number - 1] if number else 0)

    def _wanted(self, name: str, shard: _OpenShard) -> bool:
        for column in self.columns:
            if column not in shard.texts and column not in shard.pictures:
                raise unknown_name("column", column, [*shard.texts, *shard.pictures])
        return not self.columns or name in self.columns or name == "id"


class _OpenShard:
    """One shard with its files mapped."""

    def __init__(self, folder: Path, shard: Shard, decoder: Codec) -> None:
        path = folder / shard.pictures_file
        if not path.is_file() or path.stat().st_size != shard.size:
            raise _damage(path, f"is missing or cut off: {shard.size:,} bytes were written")
        with path.open("rb") as file:
            self._pictures = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if shard.size else b"")
        self._path = path
        self.rows = _mapped(folder / shard.rows_file, shard)
        self._decoder = decoder
        names = self.rows.column_names
        self.pictures = [name.removesuffix(PLACE) for name in names if name.endswith(PLACE)]
        self.texts = [name for name in names if not name.endswith((PLACE, LENGTH, SHAPE))]
        # Python lists: reading a number out of them is thirty times as quick as out of an Arrow column.
        self._places = {name: self.rows[name + PLACE].to_pylist() for name in self.pictures}
        self._lengths = {name: self.rows[name + LENGTH].to_pylist() for name in self.pictures}
        self._shapes = {name: self.rows[name + SHAPE].to_pylist() for name in self.pictures}

    def shape(self, name: str, row: int) -> list[int]:
        shape: list[int] = self._shapes[name][row]
        return shape

    def picture(self, name: str, row: int) -> NDArray[np.uint8]:
        place, length = self._places[name][row], self._lengths[name][row]
        try:
            return self._decoder.decode(self._pictures[place : place + length], self._shapes[name][row])
        except Exception as error:
            # Every codec has errors of its own; a pack is ours, so that they all mean that it was damaged.
            raise _damage(self._path, f"cannot be decoded at byte {place:,} ({error})") from error


def verify_pack(folder: str | Path) -> dict[str, str]:
    """Compare a pack's files with their checksums.

    Args:
        folder: the pack's.

    Returns:
        The reason for every file that is not as it was written, by name; empty when all are.
    """
    folder = Path(folder)
    return damaged(folder, read_info(folder).shards)


def _mapped(path: Path, shard: Shard) -> pa.Table:
    import pyarrow as pa

    # The rows are a thousandth of the pictures: their checksum is looked at whenever they are opened.
    if not path.is_file() or sha256_of(path) != shard.rows_sha256:
        raise _damage(path, "is missing or not as it was written")
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _damage(path: Path, what: str) -> StoreError:
    note = path.with_suffix(".json").name
    text = f"{path} {what}; delete {note} beside it and pack again: only this shard is made anew"
    return StoreError(text, path=str(path))


def _rebuilt(folder: Path, columns: tuple[str, ...]) -> PackExamples:
    return PackExamples(folder, columns=columns)
