"""Open the rows of a subset: a mirror and a selection go in, a sequence of records comes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pico_banana.mirrors.catalog import Mirror, resolve_mirror
from pico_banana.mirrors.known import remember
from pico_banana.rows.building.rowstore import OnBadRows, open_rows
from pico_banana.rows.sequence import RecordSequence

if TYPE_CHECKING:
    from pico_banana.rows.choosing.selection import Selection
    from pico_banana.rows.trouble import AnyTrouble

Place: TypeAlias = str | Path | Mirror | None
S = TypeVar("S", bound=RecordSequence[Any])


def open_sequence(  # noqa: PLR0913 - the choices of `load`
    kind: type[S],
    wanted: Selection,
    *,
    mirror: Place = None,
    rows: str | Path | None = None,
    on_bad_rows: OnBadRows = "error",
    verify: bool = False,
    progress: bool | None = None,
    trouble: AnyTrouble | None = None,
) -> S:
    """Open the rows that are wanted; no picture is read or fetched.

    Args:
        kind: the sequence to make: `RecordSequence`, or a class of it.
        wanted: which rows.
        mirror: see `load`.
        rows: see `load`.
        on_bad_rows: see `load`.
        verify: see `load`.
        progress: see `load`.
        trouble: see `load`.

    Returns:
        The rows.

    Raises:
        SelectionError: the selection does not fit the rows.
        MirrorError: the mirror is not there or has no such rows.
        RowError: a line is no row.
        ConfigError: a file of trouble is none.
        StoreError: the store cannot be written.
        TransportError: the rows could not be fetched this time.
    """
    place = resolve_mirror(mirror)
    file = Path(rows).expanduser() if rows is not None else None
    table = open_rows(wanted.subset, place, file=file, on_bad_rows=on_bad_rows, verify=verify, progress=progress)
    remember(place)
    if trouble is not None:
        from pico_banana.rows.trouble import marked_with

        table = marked_with(table, wanted.subset, trouble)
    sequence = kind(table, subset=wanted.subset, mirror=place)
    return sequence.narrowed(wanted) if wanted.parts() else sequence
