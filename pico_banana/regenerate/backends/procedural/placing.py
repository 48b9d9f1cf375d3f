"""What the crafts on single things share: choosing one, clearing its place, laying one down, measuring the result."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, Any

import numpy as np

from pico_banana.regenerate.backends.procedural.craft import Measured, in_pixels, ramp
from pico_banana.regenerate.backends.procedural.drawn import PALETTE, THINGS, render, shadow
from pico_banana.regenerate.backends.procedural.pixels import (
    Generator,
    Mask,
    Pixels,
    as_image,
    blur,
    edges,
    from_image,
    luma,
    mix,
)
from pico_banana.regenerate.backends.procedural.retouch import (
    box_mask,
    cut,
    fill,
    is_calm,
    paste,
    shape_of,
    stands_out,
    without_rim,
)
from pico_banana.regenerate.backends.procedural.witness import strength_of, testify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.regenerate.values import KnownObject

_TOUCHED = 0.03  # a change of colour that a person may notice


def choose_object(photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> KnownObject | None:
    """Choose a known object that stands free in calm surroundings and is neither tiny nor most of the photo."""
    fitting = [
        thing
        for thing in objects
        if thing.kind == "object"
        and 0.002 < area(thing.box) < 0.2
        and not overlaps(thing.box, [o for o in objects if o is not thing and o.kind != "text"])
        and is_calm(photo, thing.box)
    ]
    return fitting[int(rng.integers(len(fitting)))] if fitting else None


def area(box: Sequence[float]) -> float:
    """Give the share of the photo a box covers."""
    return (box[2] - box[0]) * (box[3] - box[1])


def overlaps(box: Sequence[float], others: Sequence[KnownObject]) -> bool:
    """Tell whether a box touches one of some things."""
    return any(
        box[0] < other.box[2] and other.box[0] < box[2] and box[1] < other.box[3] and other.box[1] < box[3]
        for other in others
    )


def detail_in(photo: Pixels, box: Sequence[float]) -> float:
    """Measure how much detail a box holds."""
    left, top, right, bottom = in_pixels(box, photo)
    return float(edges(photo[top:bottom, left:right]).mean())


def fitted(box: Sequence[float], shape: float, photo: Pixels) -> list[float]:
    """Fit a thing of a given width over height into a box, standing on its lower edge."""
    ratio = shape * photo.shape[0] / photo.shape[1]
    width, height = box[2] - box[0], box[3] - box[1]
    if width / height > ratio:
        width = height * ratio
    else:
        height = width / ratio
    centre = (box[0] + box[2]) / 2
    return [round(side, 4) for side in (centre - width / 2, box[3] - height, centre + width / 2, box[3])]


def put_drawn(photo: Pixels, recipe: dict[str, Any], opacity: float) -> Pixels:
    """Draw the recipe's thing into its box."""
    left, top, right, bottom = in_pixels(recipe["box"], photo)
    thing = THINGS[recipe["thing"]]
    piece, mask = render(thing, recipe["colour"], bottom - top)
    ground = photo
    if not thing.flies:
        dark = shadow(photo, ((left + right) / 2, bottom - 2), ((right - left) * 0.45, max(2.0, (bottom - top) * 0.06)))
        ground = photo * (1 - dark[..., None] * opacity)
    lit = piece * np.float32(0.55 + 0.6 * float(luma(photo).mean()) ** 0.5)
    return paste(ground, np.clip(lit, 0, 1), mask * opacity, (left, top))[0]


def without(photo: Pixels, box: Sequence[float], rng: Generator | None = None) -> Pixels:
    """Fill a box from its surroundings."""
    soft = blur(box_mask(photo, box, grow=0.012), 2.0)
    # In full on the thing itself: a soft edge that reaches it leaves its outline standing.
    return fill(photo, np.maximum(soft, box_mask(photo, box, grow=0.005)), rng)


def moved(ground: Pixels, photo: Pixels, recipe: dict[str, Any]) -> Pixels:
    """Lay the thing of the recipe's old box into its new one, on ground where it was cleared."""
    old = in_pixels(recipe["old"], photo)
    piece, mask = cut(photo, without_rim(shape_of(photo, recipe["old"])), old)
    left, top, right, bottom = in_pixels(recipe["box"], photo)
    size = (right - left, bottom - top)
    resized = from_image(as_image(piece).resize(size))
    shape = from_image(as_image(np.repeat(mask[..., None], 3, axis=2)).resize(size))[..., 0]
    return paste(ground, resized, shape, (left, top))[0]


def mean_colour(photo: Pixels, mask: Mask) -> tuple[float, float, float]:
    """Give the mean colour under a mask."""
    total = max(float(mask.sum()), 1e-6)
    red, green, blue = ((photo * mask[..., None]).sum(axis=(0, 1)) / total).tolist()
    return red, green, blue


def recoloured(photo: Pixels, recipe: dict[str, Any]) -> Pixels:
    """Give the thing in the recipe's box the recipe's colour, shading kept."""
    mask = shape_of(photo, recipe["box"])
    target = np.array(PALETTE[recipe["colour"]], dtype=np.float32) / 255
    grey = luma(photo)[..., None]
    level = float((grey[..., 0] * mask).sum() / max(float(mask.sum()), 1e-6))
    shading = grey / max(level, 0.05)
    _, lightness, _ = colorsys.rgb_to_hls(*(float(part) for part in target))
    lifted = np.clip(target * shading * (0.75 + 0.25 * level / max(lightness, 0.1)), 0, 1)
    return mix(photo, lifted.astype(np.float32), mask)


def unseen(measured: Measured, after: Pixels, box: Sequence[float]) -> Measured:
    """Lower the score of an emptied place that still shows."""
    out = stands_out(after, box)
    note = f"{measured.note}, the emptied place stands out by {out:.3f}"
    return Measured(measured.done, measured.kept, min(measured.clean, ramp(out, 0.16, 0.05)), note)


def measured_locally(before: Pixels, after: Pixels, wanted: Pixels, region: Mask) -> Measured:
    """Measure a local edit against the best one known: what was to change, what was to stay, what shows at the rim."""
    if after.shape != before.shape:
        after = from_image(as_image(after).resize((before.shape[1], before.shape[0])))
    to_change = np.abs(wanted - before).max(axis=2) * region
    missing = np.minimum(np.abs(wanted - after).max(axis=2), to_change) * (to_change > _TOUCHED)
    asked = float((to_change * (to_change > _TOUCHED)).sum())
    done = 1 - float(missing.sum()) / asked if asked > 0 else 0.0
    outside = region < 0.5
    touched = float((np.abs(after - before).max(axis=2)[outside] > _TOUCHED).mean()) if outside.any() else 0.0
    rim = (blur(region, 2) > 0.1) & (blur(region, 2) < 0.9)
    seam = float(edges(after)[rim].mean() - edges(before)[rim].mean()) if rim.any() else 0.0
    note = f"{done:.0%} of the change is there, {touched:.1%} of the rest was touched, seam {seam:+.3f}"
    measured = Measured(ramp(done, 0.2, 0.9), ramp(touched, 0.10, 0.005), ramp(seam, 0.06, 0.01), note)
    made = strength_of(before, after, wanted)
    return testify(after, [mix(before, wanted, made)]).tempered(measured)
