"""What Open Images says is in a photo: published labels and boxes, read for free in place of a look that is paid.

Two kinds of tables fit, as they are published: labels of whole pictures (`ImageID, Source, LabelName, Confidence`) and
boxes (the same, then `XMin, XMax, YMin, YMax` and flags). A third table gives labels their names (`LabelName,
DisplayName`, with or without those two words as its first line).
"""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pico_banana.errors import ConfigError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.pictures.sources.chain import find_index
from pico_banana.regenerate.prompts import guidance
from pico_banana.regenerate.values import KnownObject
from pico_banana.taxonomy import edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pico_banana.regenerate.settings.sections import SourceSettings
    from pico_banana.regenerate.values import Photo

_NAMED_BY_ID = re.compile(r"/([0-9a-f]{16})\.jpg$")
_NEEDED = ("ImageID", "LabelName")
_CORNERS = ("XMin", "YMin", "XMax", "YMax")
_NO_BOX = (0.0, 0.0, 1.0, 1.0)
_SURE = 0.7  # a label that people looked at has 1 or 0; a machine's is a guess, and rows below this are often wrong
_MOST_THINGS = 12  # as many as a model is asked for
# Names of labels, in small letters.
_PEOPLE = frozenset(
    [
        "person",
        "people",
        "man",
        "woman",
        "boy",
        "girl",
        "child",
        "baby",
        "adult",
        "lady",
        "crowd",
        "human face",
        "human head",
        "human body",
    ]
)
_WRITING = frozenset(
    [
        "text",
        "font",
        "handwriting",
        "calligraphy",
        "signage",
        "billboard",
        "poster",
        "banner",
        "newspaper",
        "logo",
        "street sign",
        "stop sign",
    ]
)


class _Columns(NamedTuple):
    """Where in a row of a table things stand; None for what it does not have."""

    image: int
    label: int
    confidence: int | None
    corners: tuple[int, ...]
    depiction: int | None


def with_labels(photos: Iterable[Photo], settings: SourceSettings) -> Iterator[Photo]:
    """Give photos with what Open Images says is in them.

    Args:
        photos: the photos.
        settings: the `[source]` table, with `labels` and `label_names`.

    Yields:
        The photos in their order; one that no table tells anything of is as it was.

    Raises:
        ConfigError: a table is not there, or is none.
    """
    if not settings.labels:
        yield from photos
        return
    listed = list(photos)
    ids = image_ids(listed, settings)
    found = read_labels(settings.labels, settings.label_names, frozenset(ids.values()))
    for photo in listed:
        things = found.get(ids.get(photo.url, ""), ())
        known = photo.objects + things
        yield replace(photo, known=True, objects=photo.objects or things, suits=_suits(known)) if things else photo


def image_ids(photos: Sequence[Photo], settings: SourceSettings) -> dict[str, str]:
    """Find the Open Images ids of photos: in their names, else in the photo index of the mirror.

    Args:
        photos: the photos.
        settings: the `[source]` table.

    Returns:
        By address; photos whose id nobody knows are left out.
    """
    named = {photo.url: found[1] for photo in photos if (found := _NAMED_BY_ID.search(photo.url))}
    others = [photo.url for photo in photos if photo.url not in named]
    index = find_index(resolve_mirror(settings.mirror or None)) if others else None
    told = index.image_ids(others) if index is not None else []
    return named | {url: image_id for url, image_id in zip(others, told, strict=False) if image_id}


@lru_cache(maxsize=1)  # a dry run, the look and the plan of one run ask for the same, and a table has millions of lines
def read_labels(tables: tuple[str, ...], names: str, wanted: frozenset[str]) -> Mapping[str, tuple[KnownObject, ...]]:
    """Read what tables say of some photos.

    Args:
        tables: files of labels or boxes.
        names: the file that gives labels their names.
        wanted: Open Images ids; everything about others is passed over.

    Returns:
        By id the things in the photo, each name once for labels without a box, those with the largest boxes first, at
        most twelve.

    Raises:
        ConfigError: a file is not there, or is no such table; with its line.
    """
    shown = _read_names(Path(names))
    found: dict[str, dict[tuple[str, tuple[float, ...]], KnownObject]] = {}
    for table in tables:
        for image, thing in _read_table(Path(table), shown, wanted):
            found.setdefault(image, {})[thing.name, thing.box] = thing
    return {image: _prominent(list(things.values())) for image, things in found.items()}


def _read_names(path: Path) -> dict[str, str]:
    names = {}
    for line, row in _rows(path, "source.label_names"):
        if len(row) != 2 or not row[0]:  # noqa: PLR2004 - its two columns
            raise ConfigError(f"{path}:{line}: expected a label and its name, such as /m/01g317,Person", key=str(path))
        names[row[0]] = row[1]
    return names


def _read_table(path: Path, names: Mapping[str, str], wanted: frozenset[str]) -> Iterator[tuple[str, KnownObject]]:
    rows = _rows(path, "source.labels")
    _, head = next(rows, (1, []))
    if missing := [name for name in _NEEDED if name not in head]:
        text = f"{path} has no column {missing[0]}; it must be a table of labels or boxes of Open Images"
        raise ConfigError(text, key="source.labels")
    columns = _columns(head)
    for line, row in rows:
        if len(row) <= columns.image or row[columns.image] not in wanted:
            continue
        try:
            thing = _thing(row, columns, names)
        except (ValueError, IndexError) as error:
            raise ConfigError(f"{path}:{line}: {error}", key="source.labels") from error
        if thing is not None:
            yield row[columns.image], thing


def _columns(head: Sequence[str]) -> _Columns:
    at = {name: place for place, name in enumerate(head)}
    corners = tuple(at[name] for name in _CORNERS) if set(_CORNERS) <= at.keys() else ()
    return _Columns(at["ImageID"], at["LabelName"], at.get("Confidence"), corners, at.get("IsDepiction"))


def _thing(row: Sequence[str], columns: _Columns, names: Mapping[str, str]) -> KnownObject | None:
    """Read a row; None for what is verified to be absent, is only guessed, is a drawing, or has no name.

    Raises:
        ValueError: a number in it is none.
    """
    name = names.get(row[columns.label], "").lower()
    sure = 1.0 if columns.confidence is None else float(row[columns.confidence])
    drawn = columns.depiction is not None and row[columns.depiction] == "1"
    if not name or drawn or not sure >= _SURE:
        return None
    kind = "person" if name in _PEOPLE else "text" if name in _WRITING else "object"
    box = tuple(min(1.0, max(0.0, float(row[corner]))) for corner in columns.corners)
    if not box:
        return KnownObject(name, kind, _NO_BOX)
    left, top, right, bottom = box
    return KnownObject(name, kind, (left, top, right, bottom)) if left < right and top < bottom else None


def _rows(path: Path, key: str) -> Iterator[tuple[int, list[str]]]:
    """Read a CSV file line by line.

    Raises:
        ConfigError: it is not there, or no CSV.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.reader(file)
            for row in reader:
                yield reader.line_num, row
    except OSError as error:
        raise ConfigError(f"{key} {path} cannot be read ({error.strerror})", key=key) from error
    except csv.Error as error:
        raise ConfigError(f"{path} is no CSV table ({error})", key=key) from error


def _prominent(things: list[KnownObject]) -> tuple[KnownObject, ...]:
    """Order things by their boxes; what has a box is not listed again without one."""
    boxed = {thing.name for thing in things if thing.box != _NO_BOX}
    kept = [thing for thing in things if thing.box != _NO_BOX or thing.name not in boxed]
    return tuple(sorted(kept, key=lambda thing: (thing.box == _NO_BOX, -_area(thing), thing.name))[:_MOST_THINGS])


def _area(thing: KnownObject) -> float:
    left, top, right, bottom = thing.box
    return (right - left) * (bottom - top)


def _suits(things: Sequence[KnownObject]) -> frozenset[str]:
    there = {thing.kind for thing in things}
    return frozenset(str(kind) for kind in edit_types() if guidance(kind).needs <= there)
