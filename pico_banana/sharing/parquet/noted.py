"""A published Parquet file being written: what is learnt on the way is kept."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

from pico_banana.sharing.parquet.arrays import Encoded, inside
from pico_banana.sharing.parquet.columns import Columns, Kind, Picture, leaves
from pico_banana.sharing.parquet.places import Mark, find_places, mark
from pico_banana.sharing.parquet.run import Shard, hash_of_ids
from pico_banana.sharing.parquet.sheet import Pen, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pico_banana.sharing.parquet.pictures import FilledRow, Missing


class NotedSheet(Sheet):
    """A Parquet file of which is noted where each picture lies, and which are missing."""

    def __init__(self, file: Path, columns: Columns, pen: Pen) -> None:
        """Open the file under a temporary name.

        Args:
            file: where it belongs.
            columns: name and kind of each column.
            pen: the writing thread.
        """
        super().__init__(file, columns, pen)
        self._ids: list[str] = []
        self._data_bytes = 0
        self._missing: list[Missing] = []
        self._marks: list[dict[str, list[Mark]]] = []

    def write(self, group: Sequence[FilledRow]) -> int:
        """Hand a row group to the writing thread, and note what is in it.

        Args:
            group: its rows.

        Returns:
            Its bytes as Arrow counts them.

        Raises:
            DiskFullError: there is no room for it, or was none for those before.
        """
        size = super().write(group)
        self._data_bytes += size
        self._ids.extend(str(row.row["id"]) for row in group)
        self._missing.extend(missing for row in group for missing in row.missing)
        rows = [row.row for row in group]
        self._marks.append({name: _marks([row[name] for row in rows], kind) for name, kind in self._columns})
        return size

    def finish(self, root: Path) -> Shard:
        """Look over the closed file and let it become visible.

        Args:
            root: the repository's folder.

        Returns:
            What is in it.

        Raises:
            ExportError: a picture is not in one piece in it.
        """
        with self.whole() as file:
            places = tuple(find_places(file, self._chunks(file)))
            digest, size = digest_of(file), file.stat().st_size
        name, ids = self._file.relative_to(root).as_posix(), hash_of_ids(self._ids)
        return Shard(name, len(self._ids), size, self._data_bytes, digest, ids, tuple(self._missing), places)

    def _chunks(self, file: Path) -> Iterator[tuple[int, list[Mark]]]:
        """Give where each column chunk of pictures starts, and its pictures in order."""
        import pyarrow.parquet as pq

        metadata = pq.read_metadata(file)
        for number, marks in enumerate(self._marks):
            group = metadata.row_group(number)
            for position, (leaf, kind) in enumerate(leaves(self._columns)):
                if kind is Picture:
                    yield group.column(position).data_page_offset, marks[leaf.split(".", 1)[0]]


def digest_of(file: Path) -> str:
    """Hash a file's content, to tell whether it changed.

    Args:
        file: a file that is not empty.

    Returns:
        XXH3 of 128 bits, hexadecimal.
    """
    import xxhash  # `datasets` brings it; ten times the speed of SHA-256

    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return xxhash.xxh3_128_hexdigest(data)


def _marks(values: Sequence[object], kind: Kind) -> list[Mark]:
    return [mark(picture.name, picture.data) for picture in inside(values, kind) if isinstance(picture, Encoded)]
