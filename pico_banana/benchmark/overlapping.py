"""What of somebody's training list is in a benchmark: ids, paths, file names, addresses, or JSON with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pico_banana.benchmark.lists import read_list
from pico_banana.errors import ConfigError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.notes import parse_note
from pico_banana.records import Subset
from pico_banana.rows.building.rowstore import open_rows
from pico_banana.rows.choosing.splits import photo_places
from pico_banana.rows.lines.ids import id_prefix, parse_row_id
from pico_banana.rows.table.query import gather
from pico_banana.rows.table.stored import stored_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.rows.choosing.definition import Definition
    from pico_banana.rows.opening import Place

_SUBSETS = (Subset.SINGLE_TURN, Subset.PREFERENCE, Subset.MULTI_TURN)
_FOLDERS = ("positive-edit/", "rejected-edit/", "multi-turn/")
_PATH = re.compile(r"(?:positive-edit|rejected-edit|multi-turn)/[^/?#]+")
_URL = re.compile(r"https?://\S+")
# A photo as Flickr, and so Open Images, names its file; its number alone says which one it is.
_PHOTO = re.compile(r"(?:^|/)([0-9]{1,18}_[0-9a-z]+_o\.jpg)(?=$|[?#])")
_ENDING = re.compile(r"\.(?:png|jpe?g|webp)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Overlap:
    """What was found.

    Attributes:
        listed: how many entries the list has.
        rows: entries that are rows of the benchmark themselves.
        photos: entries whose photo is in the benchmark, the rows among them: an editor trained on them has seen it.
        unknown: entries that name no row of the mirror and no photo.
    """

    listed: int
    rows: tuple[str, ...]
    photos: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing of the list is in the benchmark; not when every entry of it is unknown."""
        return not self.photos and len(self.unknown) < self.listed


def overlap(definition: Definition, lines: Iterable[str] | Path, *, mirror: Place = None) -> Overlap:
    """Look for entries of a training list in a benchmark.

    Args:
        definition: the benchmark.
        lines: one entry a line: a row id, the path or address or bare file name of an edited picture, the address or
            Flickr's file name of a source photo, or JSON with any of these; empty lines do not count. Or a file that
            `read_list` reads: lines, CSV, JSON, Parquet.
        mirror: where the rows are, so that other edits of the same photo are found, too.

    Returns:
        What was found.

    Raises:
        ConfigError: the list is empty, so that nothing can be said of it; or a file cannot be read.
    """
    listed = read_list(lines) if isinstance(lines, Path) else lines
    entries = [text for line in listed if (text := line.strip())]
    if not entries:
        raise ConfigError(f"{lines if isinstance(lines, Path) else 'the list'} names nothing", key="list")
    names = {entry: tuple(_names(entry)) for entry in entries}
    found = _places(resolve_mirror(mirror), {name for every in names.values() for name in every})
    held = set(definition.places)
    own = {_path_of(one) for one in (*definition.single_turn, *definition.multi_turn, *definition.preference)}
    rows, photos, unknown = [], [], []
    for entry in entries:
        places = {place for name in names[entry] for place in found.get(name, ())}
        if not places:
            unknown.append(entry)
        if own & set(names[entry]):
            rows.append(entry)
        if places & held:
            photos.append(entry)
    return Overlap(len(entries), tuple(rows), tuple(photos), tuple(unknown))


def _names(entry: str) -> Iterator[str]:
    """Give what an entry may mean: paths of edits below `images/`, and addresses of photos."""
    for text in _texts(entry):
        subset = next((one for one in _SUBSETS if text.startswith(id_prefix(one))), None)
        if subset is not None and not text.startswith(_FOLDERS):
            yield parse_row_id(subset, text)[0]
            yield parse_row_id(subset, text.split()[0])[0]  # a line of `pico-banana ls`
        elif match := _PATH.search(text):
            yield _as_published(match[0])
        elif match := _PHOTO.search(text):
            yield f"photo://{match[1]}"
        elif match := _URL.match(text):
            yield match[0]
        elif "/" not in text:
            yield from (folder + _as_published(text) for folder in _FOLDERS)


def _as_published(name: str) -> str:
    """Give an edit's name as it is published; who trains may have written it anew as something else."""
    return f"{_ENDING.sub('', name)}.png"


def _texts(entry: str) -> Iterator[str]:
    told: Any = entry
    if entry.startswith(("{", "[", '"')):
        try:
            told = parse_note(entry)
        except ValueError:
            told = entry
    waiting = [told]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str) and (one == entry or "/" in one or "\\" in one or _ENDING.search(one)):
            yield one.strip().replace("\\", "/")


def _places(mirror: Mirror, names: set[str]) -> dict[str, set[int]]:
    """Look up the photos of paths and addresses."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[str, set[int]] = {}
    for subset in _SUBSETS:
        table = open_rows(subset, mirror, on_bad_rows="skip")
        paths = stored_column(table.arrow(), "path" if subset is Subset.MULTI_TURN else "edited")
        rows = np.flatnonzero(pc.is_in(paths, value_set=pa.array(sorted(names), pa.string())).to_numpy())
        for row, place in zip(rows.tolist(), gather(table, "photo", rows, "Q").tolist(), strict=True):
            found.setdefault(paths[row].as_py(), set()).add(place)
    urls = sorted(name for name in names if "://" in name)
    for url, place in zip(urls, photo_places(pa.chunked_array([urls], pa.string())).tolist(), strict=True):
        found.setdefault(url, set()).add(place)
    return found


def _path_of(identity: str) -> str:
    return parse_row_id(Subset(identity.partition("/")[0]), identity)[0]
