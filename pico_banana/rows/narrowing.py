"""Which of a sequence's rows, and in which order: by a test or a key of one's own, by split, two in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pico_banana.errors import SelectionError
from pico_banana.rows.choosing.selection import Selection
from pico_banana.rows.choosing.splits import split_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.records import Record
    from pico_banana.rows.sequence import RecordSequence

S = TypeVar("S", bound="RecordSequence[Any]")
R = TypeVar("R", bound="Record")


def places_kept(rows: RecordSequence[R], keep: Callable[[R], bool]) -> list[int]:
    """Find the records that pass a test.

    Args:
        rows: the rows.
        keep: tells whether a record stays.

    Returns:
        Their places, in order.
    """
    return [place for place, record in enumerate(rows) if keep(record)]


def places_sorted(rows: RecordSequence[R], by: Callable[[R], Any] | str, *, reverse: bool) -> list[int]:
    """Put records into an order.

    Args:
        rows: the rows.
        by: a public column's name, or a function of a record; None sorts last.
        reverse: largest first.

    Returns:
        Their places in that order; equal rows keep theirs.

    Raises:
        UnknownNameError: there is no such column.
    """
    keys = [by(record) for record in rows] if callable(by) else rows.column(by)
    return sorted(range(len(rows)), key=lambda place: (keys[place] is None, keys[place]), reverse=reverse)


def parted(rows: S, train: int, validation: int | None = None, test: int | None = None) -> dict[str, S]:
    """Part rows by source photo, so that no photo is on two sides, in any subset.

    Args:
        rows: the rows.
        train: percent of the photos.
        validation: percent of the photos; 0 leaves that split out. Given without `test`, it is that of the test split.
        test: percent of the photos; without both, they halve what `train` leaves.

    Returns:
        "train", "validation" and "test" to their rows.

    Raises:
        SelectionError: a percent is no whole number, or they do not add up to 100.
    """
    for percent in (train, validation, test):
        if not isinstance(percent, int | None):
            raise SelectionError(f"{percent!r} is no percent of the photos; give whole numbers, as in splits(90, 5, 5)")
    rest = 100 - train
    if test is None:
        validation, test = (rest // 2, rest - rest // 2) if validation is None else (0, validation)
    names = split_names(train, rest - test if validation is None else validation, test)
    return {side: rows.narrowed(Selection.of(rows.subset, split=name)) for side, name in names.items()}


def joined(first: S, second: RecordSequence[Any]) -> S:
    """Put the rows of one sequence after those of another.

    Args:
        first: the rows that come first.
        second: rows of the same file; a row that is in both comes twice.

    Returns:
        The rows of both.

    Raises:
        SelectionError: they are rows of two subsets, or of two files.
    """
    if second.subset is not first.subset or second.mirror != first.mirror or second.table.sha256 != first.table.sha256:
        text = (
            f"rows of {first.subset.value} in {first.mirror.name} and of {second.subset.value} in {second.mirror.name} "
            "lie in two files and make no one dataset; join them as tables: to_arrow(), to_datasets()"
        )
        raise SelectionError(text)
    import numpy as np

    return first.of_rows(np.concatenate([first.rows, second.rows]))
