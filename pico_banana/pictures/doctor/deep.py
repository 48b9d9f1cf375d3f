"""Damage in what the store built: row stores and the photo index, compared with their checksums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.mirrors.store import area
from pico_banana.pictures.doctor.findings import Finding, Verdict
from pico_banana.pictures.sources.chain import find_index
from pico_banana.rows.table.damage import read_index
from pico_banana.rows.table.mapped import RowTable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pico_banana.mirrors.catalog import Mirror


def kept_tables(mirror: Mirror) -> Iterator[Finding]:
    """Compare all that was built with its checksums; nobody is asked, nothing changes.

    Args:
        mirror: the mirror whose part of the store is looked at.

    Yields:
        A finding a row store, and one for the photo index where there is one.
    """
    for path in sorted((area(mirror.name) / "rows").glob("*.json")):
        wrong = _wrong_in_rows(path)
        advice = "load these rows again; damage is noticed, and the store built anew" if wrong else ""
        yield Finding(f"rows {path.stem}", *_judged(wrong), advice=advice)
    try:
        index = find_index(mirror)
        wrong = ", ".join(index.damaged()) if index is not None else ""
    except ConfigError as error:
        index, wrong = None, str(error)
    if index is not None or wrong:
        advice = "build it again with `pico-banana photos index`" if wrong else ""
        yield Finding("photo index", *_judged(wrong), advice=advice)


def _judged(wrong: str) -> tuple[Verdict, str]:
    return (Verdict.PROBLEM, f"damaged: {wrong}") if wrong else (Verdict.OK, "as it was written")


def _wrong_in_rows(path: Path) -> str:
    try:
        return ", ".join(RowTable(path, read_index(path)).damaged())
    except (OSError, ValueError, KeyError, TypeError) as error:
        return str(error) or type(error).__name__
