"""Finding the rows of any Selection: masks over memory-mapped columns, then order, balance and limit.

Only the columns that the Selection asks about are touched. Text search runs in Arrow's string kernels; everything else
is NumPy. The commonest questions need not even that, see `finding.py`, which comes first.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pico_banana.errors import UnknownNameError
from pico_banana.records import Subset
from pico_banana.rows.choosing.splits import parse_split
from pico_banana.rows.lines.flags import bits_of
from pico_banana.rows.lines.ids import id_maker, parse_row_id
from pico_banana.rows.table.mapped import NO_TYPE, RowTable
from pico_banana.rows.table.wanted import wanted_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from pico_banana.rows.choosing.selection import Selection

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def search(table: RowTable, selection: Selection, among: memoryview | None) -> memoryview | None:
    """Find the rows of a Selection.

    Args:
        table: the rows of the Selection's subset.
        selection: which rows.
        among: only these rows (int64), in this order; None for all, in the order of the file.

    Returns:
        Row numbers (int64) in the Selection's order; None when that is all rows in the order of the file.
    """
    mask = _mask(table, selection)
    rows = None if among is None else np.asarray(among)
    if mask is not None:
        rows = np.flatnonzero(mask) if rows is None else rows[mask[rows]]
    if selection.shuffle is not None:
        rows = np.arange(len(table)) if rows is None else rows
        rows = np.random.default_rng(selection.shuffle).permutation(rows)
    if selection.balance is not None:
        rows = _balanced(table, np.arange(len(table)) if rows is None else rows, selection)
    if selection.limit is not None:
        rows = np.arange(min(selection.limit, len(table))) if rows is None else rows[: selection.limit]
    return None if rows is None else np.ascontiguousarray(rows, np.int64).data


def group_codes(table: RowTable, rows: Rows, by: str) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Say which edit type or category each row has.

    Args:
        table: rows of a subset with one edit type a row.
        rows: row numbers.
        by: "edit_type" or "category".

    Returns:
        One group number per row, and the slug of each group.
    """
    slugs = [str(kind if by == "edit_type" else kind.category) for kind in table.edit_types]
    places = {slug: place for place, slug in enumerate(dict.fromkeys(slugs))}
    group_of_code = np.array([places[slug] for slug in slugs], np.int64)
    return group_of_code[gather(table, "type", rows, "I")], list(places)


def gather(table: RowTable, column: str, rows: Rows, kind: str) -> npt.NDArray[Any]:
    """Read numbers of chosen rows.

    Args:
        table: the row store.
        column: a column of plain numbers.
        rows: row numbers, any order.
        kind: the column's type, see `RowTable.view`.

    Returns:
        One value per row, in the order given.
    """
    out = np.empty(len(rows), kind)
    batches = rows // table.batch_rows
    for batch in np.unique(batches):
        here = batches == batch
        out[here] = np.asarray(table.view(column, int(batch), kind))[rows[here] - batch * table.batch_rows]
    return out


def _mask(table: RowTable, selection: Selection) -> Mask | None:
    masks = list(_masks(table, selection))
    return reduce(np.logical_and, masks) if masks else None


def _masks(table: RowTable, selection: Selection) -> Iterator[Mask]:
    if selection.edit_types or selection.categories:
        yield _type_mask(table, selection)
    if selection.inferred_edit_types:
        yield _inferred_mask(table, selection)
    if selection.turns:
        yield np.isin(turn_counts(table), selection.turns)
    if selection.has_flags or selection.lacks_flags:
        yield _flag_mask(table, selection)
    if (split := parse_split(selection.split)) is not None:
        yield _split_mask(table, split.start, split.stop)
    if selection.ids is not None:
        yield _id_mask(table, selection)
    if selection.contains or selection.regex is not None:
        yield _text_mask(table, selection)


def _type_mask(table: RowTable, selection: Selection) -> Mask:
    by_code = np.array(wanted_codes(table, selection), np.bool_)
    return _each(table, lambda batch: by_code[np.asarray(table.view("type", batch, "I"))])


def _inferred_mask(table: RowTable, selection: Selection) -> Mask:
    by_code = np.zeros(NO_TYPE + 1, np.bool_)
    by_code[[code for code, kind in enumerate(table.edit_types) if kind in selection.inferred_edit_types]] = True

    def any_turn(batch: int) -> Mask:
        offsets = np.asarray(table.view("turn_type", batch, "i"))[: table.length(batch) + 1]
        turns = by_code[np.asarray(table.view("turn_type", batch, "H", buffer=3))]
        sure = np.asarray(table.view("turn_confidence", batch, "f", buffer=3)) >= selection.min_confidence
        running = np.concatenate([[0], np.cumsum(turns & sure)])
        found: Mask = running[offsets[1:]] > running[offsets[:-1]]
        return found

    return _each(table, any_turn)


def turn_counts(table: RowTable) -> npt.NDArray[np.int32]:
    """Count the turns of each session.

    Args:
        table: the rows of multi_turn.

    Returns:
        One number per row.
    """
    counts = [
        np.diff(np.asarray(table.view("turn_type", batch, "i"))[: table.length(batch) + 1])
        for batch, _ in table.starts()
    ]
    return np.concatenate([*counts, np.empty(0, np.int32)])


def _flag_mask(table: RowTable, selection: Selection) -> Mask:
    has, lacks = np.uint32(bits_of(selection.has_flags)), np.uint32(bits_of(selection.lacks_flags))

    def mask(batch: int) -> Mask:
        bits = np.asarray(table.view("flags", batch, "I"))
        good: Mask = ((bits & has) == has) & ((bits & lacks) == 0)
        return good

    return _each(table, mask)


def _split_mask(table: RowTable, start: int, stop: int) -> Mask:
    if stop <= start:
        return np.zeros(len(table), np.bool_)
    low, high = np.uint64(start), np.uint64(stop - 1)  # stop may be 2**64, which no uint64 holds

    def mask(batch: int) -> Mask:
        places = np.asarray(table.view("photo", batch, "Q"))
        inside: Mask = (places >= low) & (places <= high)
        return inside

    return _each(table, mask)


def rows_of_ids(table: RowTable, subset: Subset, wanted: set[str]) -> dict[str, int]:
    """Find the rows that ids name.

    Args:
        table: the rows of the subset.
        subset: whose ids these are.
        wanted: the ids.

    Returns:
        Id to row number; an id that names no row is not there.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from pico_banana.rows.table.stored import stored_column

    column = "path" if table.subset is Subset.MULTI_TURN else "edited"
    stored = pa.array({parse_row_id(subset, text)[0] for text in wanted}, pa.string())
    values = stored_column(table.arrow(), column)
    identity = id_maker(table.subset)
    candidates = np.flatnonzero(_any_text(values, lambda texts: pc.is_in(texts, value_set=stored)))
    twins = gather(table, "twin", candidates, "I").tolist()
    named = ((identity(values[row].as_py(), twin), row) for row, twin in zip(candidates.tolist(), twins, strict=True))
    return {name: row for name, row in named if name in wanted}


def _id_mask(table: RowTable, selection: Selection) -> Mask:
    wanted = set(selection.ids or ())
    found = rows_of_ids(table, selection.subset, wanted)
    if len(found) < len(wanted):
        raise _no_such_rows(selection.subset, wanted, set(found))
    mask = np.zeros(len(table), np.bool_)
    mask[list(found.values())] = True
    return mask


def _no_such_rows(subset: Subset, wanted: set[str], found: set[str]) -> UnknownNameError:
    missing = sorted(wanted - found)
    shown = ", ".join(map(repr, missing[:3])) + (", …" if len(missing) > 3 else "")  # noqa: PLR2004 - what fits a line
    text = f"{len(missing)} of {len(wanted)} ids name no row of {subset.value}: {shown}"
    return UnknownNameError(text, kind="row id", name=missing[0])


def _text_mask(table: RowTable, selection: Selection) -> Mask:
    from pico_banana.rows.table.stored import stored_column

    stored = table.arrow()
    names = ["turn_instruction"] if table.subset is Subset.MULTI_TURN else _WORDINGS[selection.wording]
    columns = [stored_column(stored, name) for name in names]
    masks = [reduce(np.logical_or, [_contains(column, needle) for column in columns]) for needle in selection.contains]
    if selection.regex is not None:
        masks.append(reduce(np.logical_or, [_matches(column, selection.regex) for column in columns]))
    return reduce(np.logical_and, masks)


_WORDINGS = {"any": ["instruction", "short"], "long": ["instruction"], "short": ["short"]}


def _contains(column: pa.ChunkedArray, needle: str) -> Mask:
    import pyarrow.compute as pc

    return _any_text(column, lambda texts: pc.match_substring(texts, needle, ignore_case=True))


def _matches(column: pa.ChunkedArray, pattern: str) -> Mask:
    import pyarrow.compute as pc

    return _any_text(column, lambda texts: pc.match_substring_regex(texts, pattern))


def _any_text(column: pa.ChunkedArray, match: Callable[[pa.Array], pa.Array]) -> Mask:
    """Tell for each row whether its text, or any text in its list, matches."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from pico_banana.rows.buffers import booleans, numbers

    if not pa.types.is_list(column.type):
        return np.concatenate([*(booleans(match(chunk)) for chunk in column.chunks), np.empty(0, np.bool_)])
    masks = [np.empty(0, np.bool_)]
    for chunk in column.chunks:
        mask = np.zeros(len(chunk), np.bool_)
        parents = numbers(pc.list_parent_indices(chunk), np.int64)
        mask[parents[booleans(match(pc.list_flatten(chunk)))]] = True
        masks.append(mask)
    return np.concatenate(masks)


def _balanced(table: RowTable, rows: Rows, selection: Selection) -> Rows:
    """Take rows of every group in turn; without a limit, as many of each as the smallest group has.

    Rows of an unknown type are in no group: one stray label would else leave one row of each.
    """
    known = np.array([kind.known for kind in table.edit_types], np.bool_)
    rows = rows[known[gather(table, "type", rows, "I")]]
    groups, _ = group_codes(table, rows, str(selection.balance))
    order = np.argsort(groups, kind="stable")
    counts = np.bincount(groups)
    firsts = np.cumsum(counts) - counts
    place = np.empty(len(rows), np.int64)
    place[order] = np.arange(len(rows)) - firsts[groups[order]]
    if selection.limit is None:
        kept = place < (counts[counts > 0].min() if len(rows) else 0)
        rows, groups, place = rows[kept], groups[kept], place[kept]
    return rows[np.lexsort((groups, place))]


def _each(table: RowTable, mask: Callable[[int], Mask]) -> Mask:
    """Put the masks of all batches together."""
    whole = np.empty(len(table), np.bool_)
    for batch, first in table.starts():
        whole[first : first + table.length(batch)] = mask(batch)
    return whole
