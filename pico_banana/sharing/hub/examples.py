"""A few rows as the card shows them: the photo beside the edit, each file as it was published.

Copies that are not resized, because a smaller picture of the release would be a changed one; the page makes them small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.store import write_atomic
from pico_banana.records import Subset
from pico_banana.records.decoding.whole import look_at
from pico_banana.sharing.hub.published import Example
from pico_banana.sharing.parquet.layout import Form, Row, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.sharing.hub.published import PublishedConfig
    from pico_banana.sharing.parquet.places import Place

EXAMPLES = 3
_FOLDER = "examples"
_SHOWN_PX = 256
_MOST_BYTES = 4_000_000  # a page of a few large photos would take a visitor's minute
_TRIED = 32  # rows, before there are no examples
_STEP = 11  # coprime to any number of tried rows up to 10, and to 32
_ROLES = ("source", "edited")
_SUBSETS = {Subset.SINGLE_TURN, Subset.PREFERENCE}


def write_examples(
    datasets: Sequence[RecordSequence[Any]], configs: Sequence[PublishedConfig], folder: Path
) -> tuple[Example, ...]:
    """Copy the pictures of a few rows, spread over the first config that has an edit a row, out of its Parquet files.

    Args:
        datasets: what is published.
        configs: the same, written.
        folder: the repository's.

    Returns:
        The rows; none where no row has both pictures.

    Raises:
        DiskFullError: there is no room.
        StoreError: a picture cannot be written.
    """
    found: list[Example] = []
    for dataset, config in zip(datasets, configs, strict=True):
        if dataset.subset not in _SUBSETS or not len(dataset):
            continue
        places = {
            place.path: (shard.file, place)
            for split in config.splits
            for shard in split.shards
            for place in shard.places
        }
        for row in _spread(dataset):
            pictures = [places.get(row[name].path) for name in ("source_image", "edited_image")]
            whole = [picture for picture in pictures if picture is not None]
            if len(whole) == len(pictures) and sum(place.size for _, place in whole) <= _MOST_BYTES:
                names = [_copy(folder, len(found) + 1, role, *one) for role, one in zip(_ROLES, whole, strict=True)]
                found.append(Example(row["instruction"], *names))
            if len(found) == EXAMPLES:
                break
        break
    return tuple(found)


def _spread(dataset: RecordSequence[Any]) -> Iterator[Row]:
    tried = min(_TRIED, len(dataset))
    for number in range(tried):  # one of the first third, the second, the last, and so on
        place = len(dataset) * (number * _STEP % tried) // tried
        yield from rows(dataset[place : place + 1], Form.PICTURES)


def _copy(folder: Path, number: int, role: str, file: str, place: Place) -> str:
    with (folder / file).open("rb") as shard:
        shard.seek(place.offset)
        data = shard.read(place.size)
    name = f"{_FOLDER}/{number}-{role}.{look_at(data, address=place.path).suffix}"
    write_atomic(folder / name, data)
    return name


def example_table(examples: Sequence[Example]) -> str:
    """Write the rows as a table of the card.

    Args:
        examples: the rows.

    Returns:
        Markdown; empty when there are none.
    """
    if not examples:
        return ""
    lines = ["| photo | edit | instruction |", "|---|---|---|"]
    for example in examples:
        pictures = " | ".join(f'<img src="{name}" width="{_SHOWN_PX}">' for name in (example.source, example.edited))
        lines.append(f"| {pictures} | {_cell(example.instruction)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    for letter, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("[", "&#91;")):
        text = text.replace(letter, written)
    return " ".join(text.split())


def example_names() -> list[str]:
    """List every name that an example may have, to be noted before any is written.

    Returns:
        Paths in the repository.
    """
    suffixes = ("jpg", "png", "webp", "gif", "bmp", "tif", "jp2")
    parts = [f"{number + 1}-{role}" for number in range(EXAMPLES) for role in ("source", "edited")]
    return [f"{_FOLDER}/{part}.{suffix}" for part in parts for suffix in suffixes]
