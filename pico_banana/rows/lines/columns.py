"""Blocks of a rows file as Arrow columns in our own names.

The fast way lets Arrow parse a whole block. A block in which anything is unusual (a missing key, another type, a blank
line, a broken line) goes the careful way, line by line through `rows.parse_line`, which decides and explains.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from pico_banana.mirrors.addresses import PLAIN_LENGTH, PLAIN_PATH, PLAIN_URL, UNFINISHED
from pico_banana.records import Subset
from pico_banana.rows.bad import BadRow
from pico_banana.rows.buffers import Column, column, numbers
from pico_banana.rows.lines.paths import OTHER_HOST, PATH_PREFIX
from pico_banana.rows.lines.published import (
    LABEL,
    LOCAL,
    OUTPUT,
    REJECTED,
    SHORT,
    SOURCE,
    TEXT,
    Row,
    parse_line,
    too_long,
)
from pico_banana.rows.strict import is_strict

if TYPE_CHECKING:
    from pico_banana.rows.lines.jsonl import Block

_OUR_NAME = {
    SOURCE: "source",
    LOCAL: "local_source",
    OUTPUT: "edited",
    TEXT: "instruction",
    SHORT: "short",
    LABEL: "label",
    REJECTED: "rejected",
}
_REQUIRED = ("source", "edited", "instruction", "label")


@dataclass(frozen=True, slots=True)
class Columns:
    """One block as columns.

    Attributes:
        table: one Arrow row for each good line, with the schema of the subset.
        bad: the lines that are not rows.
    """

    table: pa.Table
    bad: tuple[BadRow, ...]


@cache
def schema(subset: Subset) -> pa.Schema:
    """Give the columns a rows file becomes.

    Args:
        subset: whose file it is; `instructions` is the single-turn file.

    Returns:
        The Arrow schema; `line` is the 1-based line number.
    """
    if subset is Subset.MULTI_TURN:
        fields = {
            "source": pa.string(),
            "local_source": pa.string(),
            "turn_instruction": pa.list_(pa.string()),
            "turn_image": pa.list_(pa.string()),
            "pictures_left_over": pa.int32(),
        }
    else:
        fields = {name: pa.string() for name in _OUR_NAME.values() if name != "rejected"}
        if subset is Subset.PREFERENCE:
            fields["rejected"] = pa.list_(pa.string())
    return pa.schema({**fields, "line": pa.uint32()})


def parse_block(subset: Subset, block: Block, *, file: str) -> Columns:
    """Turn a block of lines into columns.

    Args:
        subset: whose file it is.
        block: whole lines.
        file: the file's name, for messages.

    Returns:
        The good rows as columns, and the bad ones with their reasons.
    """
    if block.too_long:
        return Columns(schema(subset).empty_table(), (too_long(file, block.first_line),))
    table = _at_once(subset, block) if subset is not Subset.MULTI_TURN else None
    return Columns(table, ()) if table is not None else _line_by_line(subset, block, file)


def _line_by_line(subset: Subset, block: Block, file: str) -> Columns:
    good: list[Row] = []
    bad: list[BadRow] = []
    for number, line in block.lines():
        row = parse_line(subset, line, file=file, number=number)
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            row["line"] = number
            good.append(row)
    return Columns(pa.Table.from_pylist(good, schema(subset)), tuple(bad))


@cache
def _published_schema(subset: Subset) -> pa.Schema:
    ours = schema(subset)
    return pa.schema([(key, ours.field(name).type) for key, name in _OUR_NAME.items() if name in ours.names])


# Something other than the end of a list, an object or the line stands behind a "}".
_LINE_END, _BRACE, _CLOSING_BRACE = b"\n{}"
_SECOND_VALUE = re.compile(rb"\}[ \t\r]*[^ \t\r\n,\]}]")


def is_one_object_a_line(data: bytes) -> bool:
    """Tell whether every line starts an object and holds nothing else that Arrow would take for a row.

    Arrow reads two objects of one line as two rows, and dies (SIGSEGV, seen with 26.0) where `null` stands for a row.

    Args:
        data: whole lines, none of them blank.

    Returns:
        False when a line needs a closer look.
    """
    if not data:
        return False
    letters = np.frombuffer(data, np.uint8)
    line_ends = np.flatnonzero(letters == _LINE_END)
    starts = np.append(0, line_ends + 1)
    starts = starts[starts < len(data)]
    if not (letters[starts] == _BRACE).all():
        return False
    # As many closing braces as lines, each at an end: the usual block, and three times as fast as the pattern.
    lasts = np.append(starts[1:] - 2, len(data) - 1 - data.endswith(b"\n"))
    one_each = data.count(b"}") == len(starts) and bool((letters[lasts] == _CLOSING_BRACE).all())
    return one_each or _SECOND_VALUE.search(data) is None


def _at_once(subset: Subset, block: Block) -> pa.Table | None:
    """Parse a block in which nothing is unusual; None for any other."""
    if not is_one_object_a_line(block.data) or not is_strict(block.data, lists=subset is Subset.PREFERENCE):
        return None
    try:
        block.data.decode()  # Arrow lets bytes through that are not UTF-8
        table = pj.read_json(
            pa.BufferReader(block.data),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(block.data) + 1),
            parse_options=pj.ParseOptions(
                explicit_schema=_published_schema(subset), unexpected_field_behavior="ignore", newlines_in_values=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    table = table.rename_columns([_OUR_NAME[key] for key in table.column_names]).combine_chunks()
    columns = {name: table[name] for name in table.column_names}
    if not _is_whole(columns):
        return None
    columns["line"] = column(np.arange(block.first_line, block.first_line + table.num_rows, dtype=np.uint32))
    columns["edited"] = _paths(table["edited"])
    if "rejected" in columns:
        columns["rejected"] = _list_of_paths(table["rejected"])
    photos, *pictures = _named(columns)
    if not (_is_plain(photos, PLAIN_URL) and all(_is_plain(paths, PLAIN_PATH) for paths in pictures)):
        return None
    return pa.Table.from_arrays([columns[name] for name in schema(subset).names], schema=schema(subset))


def _is_whole(columns: dict[str, Column]) -> bool:
    """Tell whether nothing is null that must be there."""
    required = [columns[name] for name in (*_REQUIRED, "rejected") if name in columns]
    return not any(values.null_count for values in (*required, *_named(columns)))


def _named(columns: dict[str, Column]) -> list[Column]:
    """Give the texts that name a photo or a picture."""
    named = [columns["source"], columns["edited"]]
    return [*named, pc.list_flatten(columns["rejected"])] if "rejected" in columns else named


def _is_plain(texts: Column, pattern: str) -> bool:
    """Tell whether every text names a photo or a picture in the usual way, so that none needs a second look."""
    short = bool((numbers(pc.binary_length(texts), np.int32) <= PLAIN_LENGTH).all())
    if not short or pc.any(pc.match_substring(texts, UNFINISHED)).as_py():
        return False
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py() is not False


def _paths(values: Column) -> Column:
    if pc.all(pc.starts_with(values, "images/")).as_py():
        below = pc.utf8_slice_codeunits(values, len("images/"))
    else:
        below = pc.replace_substring_regex(values, PATH_PREFIX, "", max_replacements=1)
    return pc.replace_substring_regex(below, OTHER_HOST, "@")


def _list_of_paths(values: pa.ChunkedArray) -> pa.Array:
    lists = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return pa.ListArray.from_arrays(lists.offsets, _paths(lists.values))
