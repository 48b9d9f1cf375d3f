"""Crafts that move the frame: zooming in, and making the picture larger by mirroring what is at its edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pico_banana.regenerate.backends.procedural.craft import Measured, Proposal, in_pixels, ramp, strength, whereabouts
from pico_banana.regenerate.backends.procedural.pixels import (
    Generator,
    Pixels,
    blur,
    edges,
    likeness,
    luma,
    mix,
    resized,
)
from pico_banana.regenerate.backends.procedural.witness import testify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.regenerate.values import KnownObject

_WIDER = (0.0, 0.06, 0.12, 0.2, 0.3, 0.4)  # frames tried when a result is recognised
_SHARES = (0.24, 0.2, 0.16, 0.12)  # of the photo: how much may be mirrored, the most first
_HALF, _THING = 0.5, 60  # of a blot, and by how much of the photo it is blurred to be told from a speck
_CALM_EDGE = 0.035  # mean step between pixels along the edge
_UNLIKE_EDGE, _LITTLE = (
    0.18,
    0.06,
)  # a pixel unlike the rest of its way from the edge, and how many of them are too many
_SIDES = {"left": (1, 0, 0, 0), "right": (0, 0, 1, 0), "top": (0, 1, 0, 0), "bottom": (0, 0, 0, 1)}


class ZoomIn:
    """Closes in on a known object, or on the part of the photo with the most detail."""

    edit_type = "zoom_in"

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose what should fill the frame."""
        fitting = [thing for thing in objects if 0.12 < max(_size(thing.box)) < 0.6]
        if fitting:
            thing = fitting[int(rng.integers(len(fitting)))]
            name, box = f"the {thing.name}", _frame_round(thing.box, 1.7)
        else:
            box = _busiest(photo, 0.55)
            name = f"the area {whereabouts(box)}"
        text = (
            f"Zoom in on {name} so that it fills most of the frame, as if the photographer had stepped closer. "
            f"Keep its "
            "proportions and the light; nothing is added or moved."
        )
        return Proposal(text, f"Zoom in on {name}.", {"box": [round(side, 4) for side in box]})

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Cut the frame out and enlarge it; a half-hearted attempt stays too wide."""
        return _zoomed(photo, recipe["box"], max(0.0, 0.85 - strength(rng)))

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """Compare with the frame that was asked for."""
        left, top, right, bottom = in_pixels(recipe["box"], before)
        wanted = resized(before[top:bottom, left:right], after.shape[1], after.shape[0])
        alike = likeness(blur(luma(wanted), 2), blur(luma(after), 2))
        still_whole = likeness(blur(luma(resized(before, after.shape[1], after.shape[0])), 2), blur(luma(after), 2))
        done = ramp(alike, 0.45, 0.95) if alike > still_whole else 0.0
        off = float(np.abs(wanted.mean(axis=(0, 1)) - after.mean(axis=(0, 1))).max())
        note = f"like the frame asked for {alike:.2f}, like the whole photo {still_whole:.2f}, colours off by {off:.3f}"
        measured = Measured(done, ramp(off, 0.15, 0.02), 1.0, note)
        frames = [resized(_zoomed(before, recipe["box"], wide), after.shape[1], after.shape[0]) for wide in _WIDER]
        nearest = min(frames, key=lambda frame: float(np.median(np.abs(frame - after))))
        return testify(after, [nearest]).tempered(measured)


class Outpainting:
    """Makes the picture larger by mirroring its edge, softening with distance."""

    edit_type = "outpainting"

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose the sides whose edge is calm enough to be continued."""
        free = {side: share for side in _SIDES if (share := _mirrored(photo, side, objects))}
        if not free:
            return None
        calm = list(free)
        sides = calm[:2] if len(calm) > 1 and rng.random() < 0.5 else [calm[int(rng.integers(len(calm)))]]
        share = min(free[side] for side in sides)
        named = " and ".join(sides)
        text = (
            f"Extend the picture beyond its {named} edge{'s' if len(sides) > 1 else ''}: continue what is seen "
            f"there, with the same "
            "light and colours and without a visible seam, so that the scene has more room. What is there now "
            "stays unchanged."
        )
        return Proposal(text, f"Extend the picture to the {named}.", {"sides": sides, "share": share})

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Pad by reflection and blur the new part away from the seam."""
        return _extended(photo, recipe, min(1.0, strength(rng) + 0.2))

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """See how much larger it is, whether the old part is unchanged, and whether the seam shows."""
        left, top, right, bottom = _pads(before, recipe, 1.0)
        grown = (after.shape[0] * after.shape[1]) / (before.shape[0] * before.shape[1]) - 1
        wanted = (before.shape[0] + top + bottom) * (before.shape[1] + left + right) / (
            before.shape[0] * before.shape[1]
        ) - 1
        inside = _inside(before, after, recipe["sides"])
        kept = 0.0 if inside is None else ramp(float(np.abs(inside - before).mean()), 0.06, 0.005)
        done = ramp(grown, 0.02, wanted * 0.9)
        note = f"area +{grown:.0%} of +{wanted:.0%} asked for"
        measured = Measured(done, kept, _seamless(before, after, recipe["sides"]), note)
        made = _extended(before, recipe, min(1.0, max(0.05, grown / wanted)))
        return testify(after, [resized(made, after.shape[1], after.shape[0])]).tempered(measured)


def _zoomed(photo: Pixels, box: Sequence[float], wide: float) -> Pixels:
    """Cut a frame out, wider than asked for by a share, and enlarge it to the photo's size."""
    wider = [side * (1 - wide) + edge * wide for side, edge in zip(box, (0, 0, 1, 1), strict=True)]
    left, top, right, bottom = in_pixels(wider, photo)
    return resized(photo[top:bottom, left:right], photo.shape[1], photo.shape[0])


def _extended(photo: Pixels, recipe: dict[str, Any], amount: float) -> Pixels:
    """Pad by reflection and blur the new part away from the seam."""
    pads = _pads(photo, recipe, amount)
    left, top, right, bottom = pads
    wider = np.pad(photo, ((top, bottom), (left, right), (0, 0)), mode="reflect")
    away = np.pad(np.zeros(photo.shape[:2], dtype=np.float32), ((top, bottom), (left, right)), constant_values=1)
    soft = blur(wider, max(2.0, max(pads) / 24))
    return mix(wider, soft, np.clip(blur(away, max(pads) / 5 + 1) * 2 - 1, 0, 1) * away)


def _size(box: Sequence[float]) -> tuple[float, float]:
    return box[2] - box[0], box[3] - box[1]


def _frame_round(box: Sequence[float], factor: float) -> tuple[float, float, float, float]:
    side = min(0.75, max(_size(box)) * factor)
    across = min(max((box[0] + box[2]) / 2, side / 2), 1 - side / 2)
    down = min(max((box[1] + box[3]) / 2, side / 2), 1 - side / 2)
    return across - side / 2, down - side / 2, across + side / 2, down + side / 2


def _busiest(photo: Pixels, side: float) -> tuple[float, float, float, float]:
    detail = edges(photo)
    corners = [(x, y) for x in (0.0, (1 - side) / 2, 1 - side) for y in (0.0, (1 - side) / 2, 1 - side)]

    def seen(corner: tuple[float, float]) -> float:
        left, top, right, bottom = in_pixels((*corner, corner[0] + side, corner[1] + side), photo)
        return float(detail[top:bottom, left:right].mean())

    x, y = max(corners, key=seen)
    return x, y, x + side, y + side


def _mirrored(photo: Pixels, side: str, objects: Sequence[KnownObject]) -> float:
    """Give how much of a photo may be mirrored at a side: nothing that is known again, such as a head; 0 for none."""
    near = min((_away(thing.box, side) for thing in objects), default=1.0)
    for share in _SHARES:
        strip = _from_edge(photo, side, share)
        if near < share or float(edges(strip).mean()) >= _CALM_EDGE:
            continue
        unlike = np.abs(strip - np.median(strip, axis=0, keepdims=True)).max(axis=2) > _UNLIKE_EDGE
        thing = blur(unlike.astype(np.float32), min(photo.shape[:2]) / _THING) > _HALF  # a moon, a head; stars are less
        if float(unlike.mean()) < _LITTLE and not thing.any():
            return share
    return 0.0


def _away(box: Sequence[float], side: str) -> float:
    return {"left": box[0], "right": 1 - box[2], "top": box[1], "bottom": 1 - box[3]}[side]


def _from_edge(photo: Pixels, side: str, share: float) -> Pixels:
    """Give the strip at a side as rows that begin at the edge."""
    turned = photo if side in ("top", "bottom") else photo.transpose(1, 0, 2)
    deep = round(share * turned.shape[0])
    return turned[:deep] if side in ("top", "left") else turned[::-1][:deep]


def _pads(photo: Pixels, recipe: dict[str, Any], amount: float) -> tuple[int, int, int, int]:
    height, width = photo.shape[:2]
    pads = [0, 0, 0, 0]
    for side in recipe["sides"]:
        for place, on in enumerate(_SIDES[side]):
            length = width if place % 2 == 0 else height
            pads[place] += min(length - 1, round(on * recipe["share"] * amount * length))
    return pads[0], pads[1], pads[2], pads[3]


def _inside(before: Pixels, after: Pixels, sides: Sequence[str]) -> Pixels | None:
    height, width = before.shape[:2]
    if after.shape[0] < height or after.shape[1] < width:
        return None
    spare_y, spare_x = after.shape[0] - height, after.shape[1] - width
    top = 0 if "top" not in sides else spare_y if "bottom" not in sides else spare_y // 2
    left = 0 if "left" not in sides else spare_x if "right" not in sides else spare_x // 2
    return after[top : top + height, left : left + width]


def _seamless(before: Pixels, after: Pixels, sides: Sequence[str]) -> float:
    height, width = before.shape[:2]
    spare_y, spare_x = after.shape[0] - height, after.shape[1] - width
    grey, steps = luma(after), []
    if "left" in sides and spare_x > 0:
        steps.append(np.abs(grey[:, spare_x] - grey[:, spare_x - 1]).mean())
    if "right" in sides and 0 < width < after.shape[1]:
        steps.append(np.abs(grey[:, width] - grey[:, width - 1]).mean())
    if "top" in sides and spare_y > 0:
        steps.append(np.abs(grey[spare_y] - grey[spare_y - 1]).mean())
    if "bottom" in sides and 0 < height < after.shape[0]:
        steps.append(np.abs(grey[height] - grey[height - 1]).mean())
    usual = float(edges(before).mean()) + 0.01
    return ramp(float(max(steps, default=0.0)) / usual, 6.0, 1.5)
