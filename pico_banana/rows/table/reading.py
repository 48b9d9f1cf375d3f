"""Records from the row store, one at a time in any order, or many in a stream.

Both ways end in the same `assemble` function of the subset. One row is cut straight out of the mapped file, which needs
nothing but `mmap`; many rows come as lists from Arrow, which makes strings four times as fast once it is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from struct import Struct
from typing import Any, TypeAlias

from pico_banana.mirrors.addresses import address_prefix, key_of_url, written_key
from pico_banana.records import Flag, ImageRef, InstructionPair, MultiTurn, Preference, Record, SingleTurn, Subset, Turn
from pico_banana.rows.lines.flags import BIT, flags_of
from pico_banana.rows.lines.ids import id_maker, id_prefix
from pico_banana.rows.table.mapped import NO_TYPE, TEXTS, RowTable, Strings
from pico_banana.rows.table.quick import quick

STREAM_FROM_ROWS = 4096  # from here on importing Arrow is repaid
_STREAM_ROWS = 1024  # lists of this many rows stay in the processor's cache

_Image, _Turn, _Session, _Single = quick(ImageRef), quick(Turn), quick(MultiTurn), quick(SingleTurn)
_Preference, _Pair = quick(Preference), quick(InstructionPair)

SHARED = BIT[Flag.SHARED_OUTPUT]  # only rows with this flag have a twin number

_NO_FLAGS = flags_of(0)
_FIVE_OFFSETS = Struct("<5i")  # where the four texts of a row begin, and where the last one ends

Get: TypeAlias = Callable[[int], Any]

_EDIT = ("edited", "twin", "source", "local_source", "instruction", "short", "type", "flags")
_COLUMNS = {
    Subset.SINGLE_TURN: _EDIT,
    Subset.PREFERENCE: (*_EDIT, "rejected"),
    Subset.INSTRUCTIONS: ("edited", "twin", "instruction", "short", "type", "flags"),
    Subset.MULTI_TURN: (
        "path",
        "twin",
        "source",
        "local_source",
        "flags",
        "turn_instruction",
        "turn_image",
        "turn_type",
        "turn_confidence",
    ),
}
_NUMBERS = {"twin": "I", "flags": "I", "type": "I"}
_LISTS_OF_NUMBERS = {"turn_type": "H", "turn_confidence": "f"}
_LISTS_OF_STRINGS = ("rejected", "turn_instruction", "turn_image")


class RecordReader:
    """Makes the records of a table's rows.

    Attributes:
        subset: which kind of record.
        read: makes the record of one row from its number in the table; a plain function, because those are quick.
    """

    def __init__(self, table: RowTable, subset: Subset, mirror: str) -> None:
        """Get ready to read a table; its batches are looked at when they are needed."""
        self.subset = subset
        self._table = table
        self._assemble = _assembler(table, subset, mirror)
        self.read = self._make_read()

    def _make_read(self) -> Callable[[int], Record]:
        batches: list[Callable[[int], Record] | None] = [None] * self._table.batches
        shift, within = self._table.batch_rows.bit_length() - 1, self._table.batch_rows - 1

        def read(row: int) -> Record:
            batch = batches[row >> shift]
            if batch is None:
                batch = batches[row >> shift] = self._opened(row >> shift)
            return batch(row & within)

        return read

    def many(self, rows: memoryview | None) -> Iterator[Record]:
        """Make the records of many rows.

        Args:
            rows: row numbers (int64) in the order wanted; None for all.

        Yields:
            One record per row.
        """
        count = len(self._table) if rows is None else len(rows)
        if count < STREAM_FROM_ROWS:
            yield from map(self.read, range(count) if rows is None else rows.tolist())
            return
        from pico_banana.rows.table.stored import value_lists

        stored, names = self._table.arrow(), _COLUMNS[self.subset]
        for start in range(0, count, _STREAM_ROWS):
            part = None if rows is None else rows[start : start + _STREAM_ROWS]
            if part is not None and not _in_a_row(part):
                yield from map(self.read, part.tolist())
                continue
            some = stored.slice(start if part is None else part[0], _STREAM_ROWS if part is None else len(part))
            yield from map(self._assemble, *value_lists(some, names))

    def _opened(self, batch: int) -> Callable[[int], Record]:
        """Give the function that makes records of one batch."""
        if self.subset is Subset.SINGLE_TURN:
            return self._single_turns(batch)
        getters, assemble = [self._getter(name, batch) for name in _COLUMNS[self.subset]], self._assemble
        return lambda row: assemble(*[get(row) for get in getters])

    def _single_turns(self, batch: int) -> Callable[[int], Record]:
        """Spell out the commonest case: reading at random is twice as fast without the loop and its calls."""
        texts = self._table.strings("texts", batch, buffer=1)
        offsets, start, last = texts.offsets.cast("B"), texts.start, _text(self._table, texts)
        valid, photos_are_linked = texts.valid, _all_null(self._table.strings("local_source", batch))
        bounds = _FIVE_OFFSETS.unpack_from
        twin, local, kind, bits = (self._getter(name, batch) for name in ("twin", "local_source", "type", "flags"))
        data, assemble = self._table.data, self._assemble

        def record(row: int) -> Record:
            first, url, long, short, end = bounds(offsets, 16 * row)
            encoded, flags = data[start + first : start + end], bits(row)
            twin_number = twin(row) if flags & SHARED else 0
            url, long, short = url - first, long - first, short - first
            if photos_are_linked and encoded.isascii():  # then bytes and letters are the same, and one decoding does
                text = encoded.decode()
                brief = text[short:] if valid is None or valid[row >> 1] & (0x80 if row & 1 else 0x08) else None
                return assemble(
                    text[:url], twin_number, text[url:long], None, text[long:short], brief, kind(row), flags
                )
            return assemble(
                encoded[:url].decode(),
                twin_number,
                encoded[url:long].decode(),
                local(row),
                encoded[long:short].decode(),
                last(4 * row + 3),
                kind(row),
                flags,
            )

        return record

    def _getter(self, name: str, batch: int) -> Get:
        if (kind := _NUMBERS.get(name)) is not None:
            return self._table.view(name, batch, kind).__getitem__
        if (kind := _LISTS_OF_NUMBERS.get(name)) is not None:
            values = self._table.view(name, batch, kind, buffer=3)
            return self._listed(name, batch, values.__getitem__)
        if name in _LISTS_OF_STRINGS:
            return self._listed(name, batch, _text(self._table, self._table.strings(name, batch, buffer=2)))
        if name in TEXTS and self.subset is not Subset.MULTI_TURN:
            text, place = _text(self._table, self._table.strings("texts", batch, buffer=1)), TEXTS.index(name)
            return lambda row: text(len(TEXTS) * row + place)
        return _text(self._table, self._table.strings(name, batch))

    def _listed(self, name: str, batch: int, value: Get) -> Get:
        bounds = self._table.view(name, batch, "i")
        return lambda row: [value(item) for item in range(bounds[row], bounds[row + 1])]


def _text(table: RowTable, strings: Strings) -> Get:
    data, offsets, start, valid = table.data, strings.offsets, strings.start, strings.valid
    if _all_null(strings):
        return lambda _: None
    if valid is None:
        return lambda row: data[start + offsets[row] : start + offsets[row + 1]].decode()
    return lambda row: (
        data[start + offsets[row] : start + offsets[row + 1]].decode() if valid[row >> 3] >> (row & 7) & 1 else None
    )


def _all_null(strings: Strings) -> bool:
    """Tell whether a batch has nothing in a column, as the usual file has no local paths."""
    return strings.valid is not None and not any(strings.valid)


def _in_a_row(rows: memoryview) -> bool:
    first = rows[0]
    return rows[-1] - first == len(rows) - 1 and rows.tolist() == list(range(first, first + len(rows)))


def _assembler(table: RowTable, subset: Subset, mirror: str) -> Callable[..., Record]:
    """Give the function that makes a record of a row's stored values, in the order of `_COLUMNS`."""
    make = {
        Subset.SINGLE_TURN: _single_turns,
        Subset.PREFERENCE: _preferences,
        Subset.MULTI_TURN: _sessions,
        Subset.INSTRUCTIONS: _instructions,
    }[subset]
    return make(table, mirror)


def _single_turns(table: RowTable, mirror: str) -> Callable[..., Record]:
    kinds, identity, edit = table.edit_types, id_maker(Subset.SINGLE_TURN), address_prefix(mirror, "edited")
    photo, source, prefix = _photos(table, mirror), address_prefix(mirror, "source"), id_prefix(Subset.SINGLE_TURN)

    def assemble(  # noqa: PLR0913, PLR0917 - the stored columns
        path: str, twin: int, url: str, local: str | None, long: str, short: str | None, code: int, bits: int
    ) -> Record:
        # The usual path and URL are handled here, without another call; this runs once a row.
        usual = not twin and path[-4:] == ".png" and "~" not in path
        here = local is None and url[:8] == "https://" and "::" not in url and "%" not in url and "\\" not in url
        return _Single(
            prefix + path[:-4] if usual else identity(path, twin),
            _Image(source + url[8:], "source") if here else photo(url, local),
            _Image(edit + path, "edited"),
            long,
            short,
            kinds[code],
            flags_of(bits) if bits else _NO_FLAGS,
        )

    return assemble


def _preferences(table: RowTable, mirror: str) -> Callable[..., Record]:
    kinds, identity, edit = table.edit_types, id_maker(Subset.PREFERENCE), address_prefix(mirror, "edited")
    photo = _photos(table, mirror)

    def assemble(  # noqa: PLR0913, PLR0917 - the stored columns
        path: str,
        twin: int,
        url: str,
        local: str | None,
        long: str,
        short: str | None,
        code: int,
        bits: int,
        rejected: Sequence[str],
    ) -> Record:
        chosen, others = _Image(edit + path, "edited"), tuple(_Image(edit + other, "edited") for other in rejected)
        source, flags = photo(url, local), flags_of(bits)
        return _Preference(identity(path, twin), source, chosen, others, long, short, kinds[code], flags)

    return assemble


def _instructions(table: RowTable, _mirror: str) -> Callable[..., Record]:
    kinds, identity = table.edit_types, id_maker(Subset.INSTRUCTIONS)

    def assemble(path: str, twin: int, long: str, short: str | None, code: int, bits: int) -> Record:
        return _Pair(identity(path, twin), long, short, kinds[code], flags_of(bits))

    return assemble


def _sessions(table: RowTable, mirror: str) -> Callable[..., Record]:
    kinds, identity, edit = table.edit_types, id_maker(Subset.MULTI_TURN), address_prefix(mirror, "edited")
    photo = _photos(table, mirror)

    def turn(text: str, image: str | None, code: int, confidence: float) -> Turn:
        picture = None if image is None else _Image(edit + image, "edited")
        return _Turn(text, picture, None if code == NO_TYPE else kinds[code], confidence)

    def assemble(  # noqa: PLR0913, PLR0917 - the stored columns
        path: str,
        twin: int,
        url: str,
        local: str | None,
        bits: int,
        texts: Sequence[str],
        images: Sequence[str | None],
        codes: Sequence[int],
        confidences: Sequence[float],
    ) -> Record:
        turns = tuple(map(turn, texts, images, codes, confidences))
        return _Session(identity(path, twin), photo(url, local), turns, flags_of(bits))

    return assemble


def _photos(table: RowTable, mirror: str) -> Callable[[str, str | None], ImageRef]:
    prefix = address_prefix(mirror, "source")

    def photo(url: str, local: str | None) -> ImageRef:
        if local and (path := table.local_photo(local)) is not None:
            return _Image(path, "source")
        return _Image(prefix + written_key(key_of_url(url)), "source")

    return photo
