"""Records from the row store: strings are cut straight out of the mapped file, one row at a time, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from pico_banana.addresses import address_prefix, key_of_url
from pico_banana.flags import flags_of
from pico_banana.ids import id_maker
from pico_banana.quick import quick
from pico_banana.records import ImageRef, InstructionPair, MultiTurn, Preference, Record, SingleTurn, Subset, Turn
from pico_banana.table import NO_TYPE, RowTable, Strings

_Image, _Turn, _Session, _Single = quick(ImageRef), quick(Turn), quick(MultiTurn), quick(SingleTurn)
_Preference, _Pair = quick(Preference), quick(InstructionPair)

Text: TypeAlias = Callable[[int], str]
OptionalText: TypeAlias = Callable[[int], str | None]
Batch: TypeAlias = Callable[[int], Record]


class RecordReader:
    """Makes the record of any row.

    Attributes:
        subset: which kind of record.
    """

    def __init__(self, table: RowTable, subset: Subset, mirror: str) -> None:
        self.subset = subset
        self._table = table
        self._shift = table.batch_rows.bit_length() - 1
        self._within = table.batch_rows - 1
        self._edited, self._source = address_prefix(mirror, "edited"), address_prefix(mirror, "source")
        self._batches: list[Batch | None] = [None] * table.batches
        self._open = {
            Subset.SINGLE_TURN: self._single_turns,
            Subset.PREFERENCE: self._preferences,
            Subset.MULTI_TURN: self._sessions,
            Subset.INSTRUCTIONS: self._instructions,
        }[subset]

    def __call__(self, row: int) -> Record:
        """Make the record of one row.

        Args:
            row: its number in the table, from 0.

        Returns:
            The record; no picture is read.
        """
        batch = self._batches[row >> self._shift]
        if batch is None:
            batch = self._batches[row >> self._shift] = self._open(row >> self._shift)
        return batch(row & self._within)

    def _single_turns(self, batch: int) -> Batch:
        text, number = self._texts(batch), self._numbers(batch)
        source, edited, long, short = self._sources(batch), text("edited"), text("instruction"), self._short(batch)
        codes, bits, twins = number("type", "H"), number("flags", "I"), number("twin", "I")
        kinds, prefix, identity = self._table.edit_types, self._edited, id_maker(self.subset)

        def record(row: int) -> Record:
            path = edited(row)
            return _Single(
                identity(path, twins[row]),
                source(row),
                _Image(prefix + path, "edited"),
                long(row),
                short(row),
                kinds[codes[row]],
                flags_of(bits[row]),
            )

        return record

    def _preferences(self, batch: int) -> Batch:
        text, number = self._texts(batch), self._numbers(batch)
        source, edited, long, short = self._sources(batch), text("edited"), text("instruction"), self._short(batch)
        codes, bits, twins = number("type", "H"), number("flags", "I"), number("twin", "I")
        rejected, bounds = self._listed("rejected", batch)
        kinds, prefix, identity = self._table.edit_types, self._edited, id_maker(self.subset)

        def record(row: int) -> Record:
            path = edited(row)
            return _Preference(
                identity(path, twins[row]),
                source(row),
                _Image(prefix + path, "edited"),
                tuple(_Image(prefix + str(rejected(item)), "edited") for item in range(bounds[row], bounds[row + 1])),
                long(row),
                short(row),
                kinds[codes[row]],
                flags_of(bits[row]),
            )

        return record

    def _instructions(self, batch: int) -> Batch:
        text, number = self._texts(batch), self._numbers(batch)
        edited, long, short = text("edited"), text("instruction"), self._short(batch)
        codes, bits, twins = number("type", "H"), number("flags", "I"), number("twin", "I")
        kinds, identity = self._table.edit_types, id_maker(self.subset)

        def record(row: int) -> Record:
            return _Pair(identity(edited(row), twins[row]), long(row), short(row), kinds[codes[row]], flags_of(bits[row]))

        return record

    def _sessions(self, batch: int) -> Batch:
        number = self._numbers(batch)
        source, path = self._sources(batch), self._texts(batch)("path")
        bits, twins = number("flags", "I"), number("twin", "I")
        instruction, bounds = self._listed("turn_instruction", batch)
        image, _ = self._listed("turn_image", batch)
        codes = memoryview(self._table.numbers("turn_type", batch, np.uint16, buffer=3))
        confidence = memoryview(self._table.numbers("turn_confidence", batch, np.float32, buffer=3))
        kinds, prefix, identity = self._table.edit_types, self._edited, id_maker(self.subset)

        def turn(item: int) -> Turn:
            picture = image(item)
            code = codes[item]
            return _Turn(
                str(instruction(item)),
                None if picture is None else _Image(prefix + picture, "edited"),
                None if code == NO_TYPE else kinds[code],
                confidence[item],
            )

        def record(row: int) -> Record:
            turns = tuple(map(turn, range(bounds[row], bounds[row + 1])))
            return _Session(identity(path(row), twins[row]), source(row), turns, flags_of(bits[row]))

        return record

    def _texts(self, batch: int) -> Callable[[str], Text]:
        return lambda column: self._text(self._table.strings(column, batch))

    def _text(self, strings: Strings) -> Text:
        data, offsets, start = self._table.data, strings.offsets, strings.start
        return lambda row: data[start + offsets[row] : start + offsets[row + 1]].decode()

    def _optional(self, strings: Strings) -> OptionalText:
        text, valid = self._text(strings), strings.valid
        if valid is None:
            return text
        return lambda row: text(row) if valid[row >> 3] >> (row & 7) & 1 else None

    def _short(self, batch: int) -> OptionalText:
        return self._optional(self._table.strings("short", batch))

    def _listed(self, column: str, batch: int) -> tuple[OptionalText, Sequence[int]]:
        bounds = memoryview(self._table.numbers(column, batch, np.int32, buffer=1))
        return self._optional(self._table.strings(column, batch, buffer=2)), bounds

    def _numbers(self, batch: int) -> Callable[[str, str], Sequence[int]]:
        return lambda column, kind: memoryview(self._table.numbers(column, batch, np.dtype(kind)))

    def _sources(self, batch: int) -> Callable[[int], ImageRef]:
        url, prefix = self._text(self._table.strings("source", batch)), self._source
        local = self._table.strings("local_source", batch)
        if local.valid is not None and not any(local.valid):  # the usual file has no local paths at all
            return lambda row: _Image(prefix + key_of_url(url(row)), "source")
        path, folder = self._optional(local), self._table.source.parent

        def source(row: int) -> ImageRef:
            found = path(row)
            return _Image(str(folder / found) if found else prefix + key_of_url(url(row)), "source")

        return source
