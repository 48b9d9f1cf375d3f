"""Twenty edits of the embedded sample whose quality is known: ten right ones, ten that are wrong in five ways.

They are made by arithmetic when they are needed, so that no picture of them is stored. A judge sees them in every run;
what it says of them tells how far this judge at this time is from what is known, and from what it said before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pico_banana.benchmark.runs.making import blurred, encoded, written
from pico_banana.records.decoding.images import image_of
from pico_banana.regenerate.backends.base import EditRequest
from pico_banana.regenerate.backends.procedural import Procedural
from pico_banana.regenerate.plan.photos import find_photos, read_photo
from pico_banana.regenerate.settings.sections import SourceSettings
from pico_banana.regenerate.values import Instruction, Item, Outcome, Photo, Picture, derived_seed
from pico_banana.regenerate.work.scene import Scene
from pico_banana.taxonomy import edit_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RIGHT, WRONG = "right", "wrong"
# One of many kinds: colours, things, words, frames, drawing. Those that need a thing take the next photo that has one.
_TYPES = (
    "color_tone",
    "weather",
    "add_object",
    "change_attribute",
    "film_grain",
    "artistic_style",
    "season",
    "remove_object",
    "add_text",
    "lighting",
)
_SIDE = 384  # pixels; enough for a judge, and quick to make


@dataclass(frozen=True, slots=True)
class Anchor:
    """An edit whose quality is known.

    Attributes:
        name: "right-1" to "right-10", "wrong-1" to "wrong-10".
        photo: the photo.
        before: its picture.
        edit_type: the slug of its type.
        instruction: what was asked, with its recipe.
        after: the picture to be judged.
    """

    name: str
    photo: Photo
    before: Picture
    edit_type: str
    instruction: Instruction
    after: Picture

    @property
    def quality(self) -> float:
        """1 for a right edit, 0 for a wrong one."""
        return float(self.name.startswith(RIGHT))

    def item(self, number: int, seed: int, day: int) -> Item:
        """Make an item of it; on another day it is a new question."""
        return Item(number, self.photo, (edit_type(self.edit_type),), derived_seed(seed, "anchor", self.name, day))


@lru_cache(maxsize=1)
def anchors() -> tuple[Anchor, ...]:
    """Make the anchor set, the same in every process.

    Returns:
        Ten right edits and ten wrong ones.
    """
    photos = list(find_photos(SourceSettings(folder="sample")))
    found: list[Anchor] = []
    for number, kind in enumerate(_TYPES):
        turned = photos[number:] + photos[:number]
        right = next(anchor for photo in turned if (anchor := _right(photo, kind, number + 1)) is not None)
        other = _small(read_photo(turned[len(turned) // 2]))
        spoil = list(_SPOILT.values())[number % len(_SPOILT)]
        wrong = spoil(right.before, right.after, other)
        found += [right, Anchor(f"{WRONG}-{number + 1}", right.photo, right.before, kind, right.instruction, wrong)]
    return tuple(sorted(found, key=lambda anchor: (anchor.name.partition("-")[0], int(anchor.name.split("-")[1]))))


def opposite(anchor: Anchor) -> Anchor:
    """Give the wrong edit to a right one, and the right one to a wrong one: both are of one photo and instruction."""
    kind, _, number = anchor.name.partition("-")
    name = f"{WRONG if kind == RIGHT else RIGHT}-{number}"
    return next(one for one in anchors() if one.name == name)


def anchor_drift(said: Mapping[str, float | None], reference: Mapping[str, float | None]) -> dict[str, float | None]:
    """Say how far a judge is from what is known of the anchors, and from what a reference said.

    Args:
        said: anchor to score.
        reference: the same of an earlier time, or of another judge.

    Returns:
        `right` and `wrong`: mean score of each; `told_apart`: share of the hundred pairs in which the right one scored
        higher, ties half; `shift`: mean difference to the reference over the anchors both judged; None where unknown.
    """
    right, wrong = (
        [score for name, score in said.items() if name.startswith(kind) and score is not None]
        for kind in (RIGHT, WRONG)
    )
    pairs = [(one > other) + (one == other) / 2 for one in right for other in wrong]
    shifts = [
        score - before
        for name, score in said.items()
        if score is not None and (before := reference.get(name)) is not None
    ]
    return {"right": _mean(right), "wrong": _mean(wrong), "told_apart": _mean(pairs), "shift": _mean(shifts)}


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _right(photo: Photo, kind: str, number: int) -> Anchor | None:
    before = _small(read_photo(photo))
    item = Item(0, photo, (edit_type(kind),), number)
    instruction = written(Scene(item, 1, before, before))
    if isinstance(instruction, str):
        return None
    reply = Procedural().edit(EditRequest(before, instruction, edit_type(kind), instruction.text, number))
    if reply.outcome is not Outcome.OK or reply.picture is None:
        return None
    return Anchor(f"{RIGHT}-{number}", photo, before, kind, instruction, reply.picture)


def _small(picture: Picture) -> Picture:
    image = image_of(picture.data)
    image.thumbnail((_SIDE, _SIDE))
    return encoded(image)


def _mirrored(before: Picture, after: Picture, other: Picture) -> Picture:
    from PIL import ImageOps

    return encoded(ImageOps.mirror(image_of(before.data)))


def _covered(before: Picture, after: Picture, other: Picture) -> Picture:
    image = image_of(after.data)
    width, height = image.size
    image.paste((128, 128, 128), (width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    return encoded(image)


_SPOILT: dict[str, Callable[[Picture, Picture, Picture], Picture]] = {
    "unchanged": lambda before, after, other: before,
    "blurred": lambda before, after, other: blurred(before),
    "another photo": lambda before, after, other: other,
    "mirrored": _mirrored,
    "covered": _covered,
}
