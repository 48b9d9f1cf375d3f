"""Train, validation and test by source photo: the same in every subset, and stable when rows are added.

A photo's place is a number in [0, 2**64) made from its identity alone. A split is a range of places, so no photo is
ever on two sides, whatever the proportions, the subset or the other rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from pico_banana.errors import SelectionError
from pico_banana.rows.choosing.definition import IN_BENCHMARK, OUTSIDE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

SPLIT_NAMES = ("train", "validation", "test")
# A Flickr photo lies on several hosts and under several folders; its number alone is its identity.
FLICKR_PHOTO = r"/(?P<photo>[0-9]{1,18})_[0-9a-z]+_o\.jpg$"
_KEY = b"pico_banana split by photo, 1"
_PLACES = 2**64


@dataclass(frozen=True, slots=True)
class Split:
    """A named range of photos.

    Attributes:
        name: as given, e.g. "train_90_5_5".
        start: the first place of the range, in [0, 2**64].
        stop: the place after the last one.
    """

    name: str
    start: int
    stop: int


def parse_split(name: str) -> Split | None:
    """Read the name of a split.

    `train` is everything, because the release has only that. `train_90_5_5`, `validation_90_5_5` and `test_90_5_5` are
    three ranges that share those proportions in percent; `train_95_5` and `test_95_5` are two; `train_95` is short for
    `train_95_5`, `test_5` for `test_95_5`.

    `benchmark` and `train_without_benchmark` are photos that are chosen one by one, see `held_out`, and no ranges.

    Args:
        name: the split's name.

    Returns:
        The range, or None for everything and for what is no range.

    Raises:
        SelectionError: no such split.
    """
    return None if name in {"train", IN_BENCHMARK, OUTSIDE} else _parse(name)


def _parse(name: str) -> Split:
    head, *numbers = name.split("_")
    parts = [int(number) for number in numbers if re.fullmatch(r"[0-9]{1,3}", number)]
    if head not in SPLIT_NAMES or not numbers or len(parts) != len(numbers):
        raise _no_split(name)
    if len(parts) == 1 and head != "validation":
        parts = [parts[0], 100 - parts[0]] if head == "train" else [100 - parts[0], parts[0]]
    sides = SPLIT_NAMES if len(parts) == 3 else ("train", "test")  # noqa: PLR2004 - train, validation, test
    if len(parts) not in {2, 3} or sum(parts) != 100 or min(parts) < 0 or head not in sides:  # noqa: PLR2004 - percent
        raise _no_split(name)
    index = sides.index(head)
    return Split(name, _place(sum(parts[:index])), _place(sum(parts[: index + 1])))


def split_names(train: int = 90, validation: int = 5, test: int = 5) -> dict[str, str]:
    """Give the names of the splits that share these proportions.

    Args:
        train: percent of the photos.
        validation: percent of the photos; 0 leaves that split out.
        test: percent of the photos.

    Returns:
        "train", "validation", "test" to the name that `split=` takes.

    Raises:
        SelectionError: the proportions are not whole percents that add up to 100.
    """
    if train + validation + test != 100:  # noqa: PLR2004 - percent
        text = f"{train} + {validation} + {test} is {train + validation + test}; the percents must add up to 100"
        raise SelectionError(text)
    parts = {"train": train, "validation": validation, "test": test}
    used = {side: part for side, part in parts.items() if part or side != "validation"}
    suffix = "_".join(str(part) for part in used.values())
    names = {side: f"{side}_{suffix}" for side in used}
    for name in names.values():
        parse_split(name)
    return names


def photo_places(urls: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """Give each photo its place.

    Args:
        urls: the published URLs of the photos.

    Returns:
        One place per URL, uint64, spread evenly; the same for every URL of one Flickr photo.
    """
    import numpy as np
    import pyarrow.compute as pc

    from pico_banana.rows.buffers import booleans, numbers

    photos = pc.struct_field(pc.extract_regex(urls, FLICKR_PHOTO), "photo")
    places = scramble(numbers(photos.cast("uint64"), np.uint64))
    for index in np.flatnonzero(booleans(photos.is_null())):
        places[index] = _place_of_text(urls[int(index)].as_py())
    return places


def scramble(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread numbers evenly over all places (the finaliser of SplitMix64, by Sebastiano Vigna).

    Args:
        numbers: any numbers, e.g. of photos.

    Returns:
        A place for each; equal numbers have equal places.
    """
    import numpy as np

    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _place_of_text(url: str) -> int:
    bare = re.sub(r"^https?://", "", url)
    return int.from_bytes(blake2b(bare.encode(), key=_KEY, digest_size=8).digest(), "big")


def _place(percent: int) -> int:
    return _PLACES * percent // 100


def _no_split(name: str) -> SelectionError:
    text = (
        f"no split {name!r}. 'train' is everything; 'train_90_5_5', 'validation_90_5_5' and 'test_90_5_5' part "
        "the photos by percent that add up to 100; 'train_95' and 'test_5' are short for 'train_95_5' and 'test_95_5'; "
        "'train_without_benchmark' and 'benchmark' part them by the benchmark"
    )
    return SelectionError(text)
