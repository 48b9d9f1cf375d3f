"""The file of a photo index: fixed-width columns to search in, and texts in small compressed blocks.

::

    PBPHOTO1  length of header  header (JSON)  keys  ids  md5s  sizes  rotations  licences  blocks' places  blocks  sums

Rows are sorted by key. Everything but the texts is mapped and searched with NumPy; texts (author, pages, title) are
wanted only for attribution, so `BLOCK_ROWS` of them are compressed together. Nothing here is longer in memory than one
part of the keys: the writer takes rows in parts, each part holding all keys of one range.
"""

from __future__ import annotations

import json
import mmap
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.pictures.sources.index_sums import Summer, Sums, stretches

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"PBPHOTO1"
BLOCK_ROWS = 128
_ALIGN_BYTES = 64
_COLUMNS: dict[str, str] = {"key": "<u8", "id": "<u8", "md5": "V16", "size": "<u4", "rotation": "u1", "licence": "u1"}
NUMBERS = tuple(_COLUMNS)
ROW = np.dtype(list(_COLUMNS.items()))
_MOST_TEXT = 1 << 26  # of a block, unpacked; a field of the table has at most 131,072 characters
_FIELD, _RECORD = "\x1f", "\x1e"  # ASCII unit and record separator: in no name, title or address


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one photo.

    Attributes:
        author: name.
        author_url: the author's page.
        page: the photo's page.
        title: its title.
    """

    author: str
    author_url: str
    page: str
    title: str


class IndexWriter:
    """Writes an index from parts in rising order of keys."""

    def __init__(self, file: IO[bytes], *, rows: int, licences: list[str], about: dict[str, Any]) -> None:
        """Begin a file.

        Args:
            file: open for writing, at its start, seekable.
            rows: how many rows will come.
            licences: what the codes of column `licence` mean.
            about: facts for the header, e.g. where the table came from.
        """
        header = json.dumps({"rows": rows, "licences": licences, "about": about, "summed": True}).encode()
        file.write(MAGIC + len(header).to_bytes(4, "little") + header)
        self._file = file
        self._starts = _column_starts(file.tell(), rows)
        self._blocks = -(-rows // BLOCK_ROWS)
        self._places = np.zeros(self._blocks + 1, "<u8")
        self._next_text = self._starts["blocks"] + self._places.nbytes
        self._places[0] = self._next_text
        self._row = self._block = 0
        self._waiting: list[Texts] = []
        self._sums = Summer({name: np.dtype(kind).itemsize for name, kind in _COLUMNS.items()})

    def write(self, rows: npt.NDArray[Any], texts: list[Texts]) -> None:
        """Write one part.

        Args:
            rows: of dtype `ROW`, sorted by key, all keys above those of the part before.
            texts: one for each row.
        """
        for name, kind in _COLUMNS.items():
            self._file.seek(self._starts[name] + self._row * np.dtype(kind).itemsize)
            data = np.ascontiguousarray(rows[name]).tobytes()
            self._file.write(data)
            self._sums.add(name, data)
        self._row += len(rows)
        self._waiting += texts
        while len(self._waiting) >= BLOCK_ROWS:
            self._write_block(self._waiting[:BLOCK_ROWS])
            del self._waiting[:BLOCK_ROWS]

    def close(self) -> None:
        """Write what is left."""
        if self._waiting:
            self._write_block(self._waiting)
        self._file.seek(self._starts["blocks"])
        self._file.write(self._places.tobytes())
        self._file.seek(self._next_text)
        self._file.write(self._sums.tobytes())

    def _write_block(self, texts: list[Texts]) -> None:
        records = (_FIELD.join((t.author, t.author_url, t.page, t.title)) for t in texts)
        packed = zlib.compress(_RECORD.join(records).encode(), 6)
        self._file.seek(self._next_text)
        self._file.write(packed)
        self._next_text += len(packed)
        self._block += 1
        self._places[self._block] = self._next_text


class IndexFile:
    """An index, mapped for reading.

    Attributes:
        keys: sorted uint64.
        ids: uint64; written in hexadecimal they are Open Images ids.
        licences: what the codes of `licence` mean.
        about: facts from the header.
    """

    def __init__(self, path: Path) -> None:
        """Map a file.

        Args:
            path: the file.

        Raises:
            ConfigError: it is no photo index.
        """
        with path.open("rb") as file:
            magic, length = file.read(len(MAGIC)), int.from_bytes(file.read(4), "little")
            if magic != MAGIC:
                text = f"{path} is no photo index; build one with `pico-banana photos index`"
                raise ConfigError(text, key=str(path))
            try:
                header = parse_note(file.read(length))
                self.rows, self.licences, self.about = _read_header(header)
            except ODD_SHAPE as error:
                problem = _damaged(path, "its header cannot be read")
                raise problem from error
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._path = path
        starts = _column_starts(len(MAGIC) + 4 + length, self.rows)
        if len(self._map) < starts["blocks"] + 8 * (-(-self.rows // BLOCK_ROWS) + 1):
            problem = _damaged(path, f"it has {len(self._map):,} bytes, too few for {self.rows:,} photos")
            raise problem
        column = {name: np.frombuffer(self._map, kind, self.rows, starts[name]) for name, kind in _COLUMNS.items()}
        self.keys, self.ids, self._md5 = column["key"], column["id"], column["md5"]
        self.sizes, self.rotations, self.licence_codes = column["size"], column["rotation"], column["licence"]
        self._places = np.frombuffer(self._map, "<u8", -(-self.rows // BLOCK_ROWS) + 1, starts["blocks"])
        self._unpacked: tuple[int, list[str]] = (-1, [])
        summed = "summed" in header
        end = int(self._places[-1]) + (4 * len(_COLUMNS) * stretches(self.rows) if summed else 0)
        if end != len(self._map):
            problem = _damaged(path, f"it has {len(self._map):,} bytes, and should have {end:,}")
            raise problem
        self._sums = Sums(self._map, column, int(self._places[-1]) if summed else None)

    def require(self, *columns: str, row: int | None = None) -> None:
        """Refuse numbers that are not as they were written.

        Args:
            columns: their names.
            row: the row that is wanted; None for all of the column.

        Raises:
            ConfigError: they are damaged.
        """
        if wrong := [name for name in columns if not self._sums.is_sound(name, row)]:
            problem = _damaged(self._path, f"its numbers ({', '.join(wrong)}) are not what was written")
            raise problem

    def damaged(self) -> list[str]:
        """Compare everything with its checksum.

        Returns:
            The damaged columns, and "texts" when a block of them is.
        """
        wrong = [name for name in _COLUMNS if not self._sums.is_sound(name)]
        try:
            for row in range(0, self.rows, BLOCK_ROWS):
                self.texts(row)
        except ConfigError:
            wrong.append("texts")
        return wrong

    def md5(self, row: int) -> str:
        """Give a hash.

        Args:
            row: the row.

        Returns:
            32 hexadecimal digits, or an empty string.
        """
        raw = self._md5[row].tobytes()
        return raw.hex() if any(raw) else ""

    def licence(self, row: int) -> str:
        """Give the licence of one row.

        Args:
            row: the row.

        Returns:
            The address of its text.

        Raises:
            ConfigError: the index names no such licence.
        """
        code = int(self.licence_codes[row])
        if code >= len(self.licences):
            problem = _damaged(self._path, f"row {row} has licence {code} of {len(self.licences)}")
            raise problem
        return str(self.licences[code])

    def texts(self, row: int) -> Texts:
        """Give the texts of one row; quickest in rising order of rows.

        Args:
            row: the row.

        Returns:
            Its texts.

        Raises:
            ConfigError: they are damaged.
        """
        block, place = divmod(row, BLOCK_ROWS)
        try:
            if self._unpacked[0] != block:
                packed = self._map[int(self._places[block]) : int(self._places[block + 1])]
                self._unpacked = (block, _inflated(packed).decode().split(_RECORD))
            return Texts(*self._unpacked[1][place].split(_FIELD))
        except (zlib.error, ValueError, IndexError, TypeError) as error:
            problem = _damaged(self._path, f"its block {block} cannot be unpacked")
            raise problem from error


def _inflated(packed: bytes) -> bytes:
    """Unpack a block; zlib checks its sum.

    Raises:
        ValueError: it does not end, or is longer than any block.
    """
    engine = zlib.decompressobj()
    data = engine.decompress(packed, _MOST_TEXT)
    if not engine.eof:
        raise ValueError("it is cut off, or a bomb")
    return data


def clean(text: str) -> str:
    """Make a text fit for a block.

    Args:
        text: as published.

    Returns:
        The text without the two separators.
    """
    return text.replace(_FIELD, " ").replace(_RECORD, " ")


def _read_header(header: dict[str, Any]) -> tuple[int, list[str], dict[str, Any]]:
    rows, licences, about = header["rows"], header["licences"], header["about"]
    named = isinstance(licences, list) and all(isinstance(one, str) for one in licences)
    if not (isinstance(rows, int) and rows >= 0 and named and isinstance(about, dict)):
        text = "other values than an index has"
        raise TypeError(text)
    return rows, licences, about


def _damaged(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"the photo index {path} is damaged: {why}; build it again with `pico-banana photos index`", key=str(path)
    )


def _column_starts(after_header: int, rows: int) -> dict[str, int]:
    starts, at = {}, after_header
    for name, kind in _COLUMNS.items():
        starts[name] = at = _aligned(at)
        at += rows * np.dtype(kind).itemsize
    starts["blocks"] = _aligned(at)
    return starts


def _aligned(at: int) -> int:
    # NumPy searches a column that lies askew by copying the whole of it first.
    return -(-at // _ALIGN_BYTES) * _ALIGN_BYTES
