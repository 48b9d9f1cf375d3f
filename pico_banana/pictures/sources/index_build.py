"""Building a photo index from the Open Images table: 609 MB of CSV, read once as a stream, in bounded memory.

Rows are first spread over temporary files by the leading bits of their key, so that sorting needs one part at a time.
"""

from __future__ import annotations

import csv
import io
import math
import pickle
import re
import tempfile
from base64 import b64decode
from binascii import Error as Base64Error
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pico_banana.errors import RowError
from pico_banana.mirrors.store import atomic_path
from pico_banana.pictures.sources.index_file import ROW, IndexWriter, Texts, clean
from pico_banana.pictures.sources.photo import UNKNOWN_ROTATION, url_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PARTS_BITS = 6
_NEEDED = ("ImageID", "OriginalURL")
_TURNS = {0, 90, 180, 270}
_TELL_EVERY = 20_000
_MOST_LICENCES = 255
_MOST_LINE_CHARACTERS = 1 << 17  # a field of csv has at most so many
_ROW_COMMAS = 9  # a row of the table has eleven or more
_ID = re.compile(r"[0-9a-fA-F]{1,16}")
_MD5_BYTES = (0, 16)  # not every row has one

_Entry = tuple[int, int, bytes, int, int, int, tuple[str, str, str, str]]


def build_index(
    table: IO[bytes],
    target: Path,
    *,
    about: str = "",
    only: Iterable[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Build an index.

    Args:
        table: the CSV, open for reading; it is read front to back.
        target: where the index goes.
        about: where the table came from, kept in the index.
        only: keep only these URLs, for a small index to share; None keeps all.
        progress: called with the number of rows read so far.

    Returns:
        How many photos are in the index.

    Raises:
        RowError: the table lacks a column, or a row of it is not readable.
        DiskFullError: there is no room.
        StoreError: the index cannot be written.
    """
    wanted = None if only is None else {url_key(url) for url in only}
    licences: dict[str, int] = {}
    with ExitStack() as stack:
        final = stack.enter_context(atomic_path(target, durable=True))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=target.parent, prefix=".photo-index-")))
        parts: list[IO[bytes]] = [
            stack.enter_context((folder / f"{number}").open("w+b")) for number in range(1 << _PARTS_BITS)
        ]
        for number, entry in enumerate(_entries(table, licences)):
            if wanted is None or entry[0] in wanted:
                pickle.dump(entry, parts[entry[0] >> (64 - _PARTS_BITS)], protocol=5)
            if progress is not None and number % _TELL_EVERY == 0:
                progress(number)
        return _write(parts, final, list(licences), about)


def _entries(table: IO[bytes], licences: dict[str, int]) -> Iterator[_Entry]:
    # An author's name in Latin-1 is no reason to do without the other photos; a BOM is what a spreadsheet writes.
    text = io.TextIOWrapper(table, encoding="utf-8-sig", errors="replace", newline="")
    try:
        yield from _parsed(csv.DictReader(_bounded(text), strict=False), licences)
    finally:
        text.detach()  # the table belongs to the caller, who closes it


def _parsed(reader: csv.DictReader[str], licences: dict[str, int]) -> Iterator[_Entry]:
    missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        text = f"the photo table has no column {', '.join(missing)}; is it train-images-boxable-with-rotation.csv?"
        raise RowError(text, line=1, field=missing[0])
    while True:
        try:
            row = next(reader)
            _require_closed(row)
            yield _entry(row, licences)
        except StopIteration:
            return
        except (ValueError, TypeError, Base64Error, csv.Error) as error:
            text = f"photo table, line {reader.line_num}: {error}"
            raise RowError(text, line=reader.line_num) from error


def _bounded(lines: io.TextIOWrapper) -> Iterator[str]:
    """Give the lines of the table.

    Raises:
        RowError: one is longer than any.
    """
    number = 0
    while line := lines.readline(_MOST_LINE_CHARACTERS):
        number += 1
        if len(line) >= _MOST_LINE_CHARACTERS:
            text = f"photo table, line {number}: longer than {_MOST_LINE_CHARACTERS:,} characters; is it a table?"
            raise RowError(text, line=number)
        yield line


def _require_closed(row: dict[str, Any]) -> None:
    """Refuse a field that holds whole rows: titles have a line break now and then, never lines full of commas.

    Raises:
        ValueError: it does.
    """
    swallowed = any(
        sum(line.count(",") >= _ROW_COMMAS for line in value.splitlines()[1:]) > 0
        for value in row.values()
        if isinstance(value, str) and "\n" in value
    )
    if swallowed:
        text = "a quote is never closed, and takes the rows behind it with it"
        raise ValueError(text)


def _entry(row: dict[str, Any], licences: dict[str, int]) -> _Entry:
    code = licences.setdefault(row.get("License") or "", len(licences))
    if code > _MOST_LICENCES:
        text = f"more than {_MOST_LICENCES} different licences; the columns are mixed up"
        raise ValueError(text)
    url, image_id = row["OriginalURL"] or "", row["ImageID"] or ""
    md5, size = b64decode(row.get("OriginalMD5") or "", validate=True), int(row.get("OriginalSize") or 0)
    if not url or _ID.fullmatch(image_id) is None or len(md5) not in _MD5_BYTES or size < 0:
        text = f"ImageID {image_id!r}, OriginalURL {url!r}, OriginalSize {size} and an MD5 of {len(md5)} bytes"
        raise ValueError(f"{text} are those of no photo")
    return (
        url_key(url),
        int(image_id, 16),
        md5.ljust(16, b"\0"),
        min(size, 2**32 - 1),
        rotation_code(row.get("Rotation") or ""),
        code,
        (
            clean(row.get("Author") or ""),
            clean(row.get("AuthorProfileURL") or ""),
            clean(row.get("OriginalLandingURL") or ""),
            clean(row.get("Title") or ""),
        ),
    )


def rotation_code(text: str) -> int:
    """Read a rotation as published: `0.0`, `90.0` …, `nan` or nothing.

    Args:
        text: the value of the column.

    Returns:
        Quarter turns counter-clockwise, or `UNKNOWN_ROTATION`.
    """
    try:
        degrees = float(text)
    except ValueError:
        return UNKNOWN_ROTATION
    return int(degrees) // 90 if math.isfinite(degrees) and degrees in _TURNS else UNKNOWN_ROTATION


def _write(parts: list[IO[bytes]], final: Path, licences: list[str], about: str) -> int:
    # Of two rows of one URL the first is kept, so only sorting tells how many remain: each part is sorted twice.
    total = sum(len(_sorted(part)) for part in parts)
    with final.open("wb") as file:
        writer = IndexWriter(file, rows=total, licences=licences, about={"table": about})
        for part in parts:
            entries = _sorted(part)
            rows = np.array([entry[:6] for entry in entries], ROW)
            writer.write(rows, [Texts(*entry[6]) for entry in entries])
        writer.close()
    return total


def _sorted(part: IO[bytes]) -> list[_Entry]:
    """Read one part back: sorted by key, the first of two rows with one URL.

    Raises:
        RowError: two URLs share a key.
    """
    part.seek(0)
    entries: dict[int, _Entry] = {}
    unpickler = pickle.Unpickler(part)  # noqa: S301 - our own temporary file, never anybody else's
    while True:
        try:
            entry: _Entry = unpickler.load()
        except EOFError:
            return [entries[key] for key in sorted(entries)]
        if entry[0] in entries and entries[entry[0]][1] != entry[1]:
            text = f"two photos share the key {entry[0]:016x}; the index cannot tell them apart"
            raise RowError(text)
        entries.setdefault(entry[0], entry)
