"""Crafts on single things: add one to any photo; remove, replace, recolour, move or resize one that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pico_banana.regenerate.backends.procedural.craft import Measured, Proposal, strength, whereabouts
from pico_banana.regenerate.backends.procedural.drawn import PALETTE, THINGS
from pico_banana.regenerate.backends.procedural.pixels import Generator, Pixels, colour_name, mix
from pico_banana.regenerate.backends.procedural.placing import (
    choose_object,
    detail_in,
    fitted,
    mean_colour,
    measured_locally,
    moved,
    overlaps,
    put_drawn,
    recoloured,
    unseen,
    without,
)
from pico_banana.regenerate.backends.procedural.retouch import box_mask, is_empty, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.regenerate.values import KnownObject

_MARGIN = 0.02


class AddObject:
    """Draws something new into a calm place of the photo."""

    edit_type = "add_object"

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose a thing, a colour, and the calmest of a few places."""
        thing = THINGS[list(THINGS)[int(rng.integers(len(THINGS)))]]
        colour = list(PALETTE)[int(rng.integers(len(PALETTE)))]
        height = float(rng.uniform(0.17, 0.26))
        width = height * thing.shape * photo.shape[0] / photo.shape[1]
        levels = (0.06, 0.30) if thing.flies else (0.68, 0.74)
        places = [(x, y) for x in np.linspace(0.05, 0.95 - width, 7) for y in levels if y + height < 0.97]
        free = [place for place in places if not overlaps((*place, place[0] + width, place[1] + height), objects)]
        if not free or width > 0.8:
            return None
        x, y = min(free, key=lambda place: detail_in(photo, (*place, place[0] + width, place[1] + height)))
        box = [round(float(side), 4) for side in (x, y, x + width, y + height)]
        where = whereabouts(box)
        how = "floating in the air" if thing.flies else "standing on the ground, with a soft shadow under it"
        text = (
            f"Add a {colour} {thing.name} {where}, {how}. Let the light on it match the scene, and leave "
            f"everything else in the "
            "photo exactly as it is."
        )
        return Proposal(
            text, f"Add a {colour} {thing.name} {where}.", {"thing": thing.name, "colour": colour, "box": box}
        )

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Draw it; a half-hearted attempt is see-through."""
        return put_drawn(photo, recipe, min(1.0, 0.25 + strength(rng)))

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """Compare with the thing drawn in full."""
        wanted = put_drawn(before, recipe, 1.0)
        return measured_locally(before, after, wanted, box_mask(before, recipe["box"], grow=0.05))


class RemoveObject:
    """Fills the place of a known thing from its surroundings."""

    edit_type = "remove_object"

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose a thing."""
        thing = choose_object(photo, objects, rng)
        if thing is None:
            return None
        where = whereabouts(thing.box)
        text = (
            f"Remove the {thing.name} {where} completely, together with its shadow, and continue what lies "
            f"around and behind it so "
            "that nothing shows it was ever there. Change nothing else."
        )
        return Proposal(text, f"Remove the {thing.name}.", {"box": list(thing.box)})

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Fill its box; a half-hearted attempt leaves a ghost."""
        ghost = max(0.0, 0.75 - strength(rng))
        return mix(without(photo, recipe["box"], rng), photo, ghost)

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """Look for what is left of it."""
        region = box_mask(before, recipe["box"], grow=_MARGIN)
        return unseen(measured_locally(before, after, without(before, recipe["box"]), region), after, recipe["box"])


class ReplaceObject:
    """Puts a drawn thing where a known one was."""

    edit_type = "replace_object"

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose the old and the new thing."""
        old = choose_object(photo, objects, rng)
        others = [name for name in THINGS if old is not None and name not in old.name]
        if old is None or not others:
            return None
        name = others[int(rng.integers(len(others)))]
        colour = list(PALETTE)[int(rng.integers(len(PALETTE)))]
        text = (
            f"Replace the {old.name} {whereabouts(old.box)} with a {colour} {name} of about the same size in "
            f"the same place. The "
            "surroundings, the light and everything else stay as they are."
        )
        recipe = {
            "old": list(old.box),
            "thing": name,
            "colour": colour,
            "box": fitted(old.box, THINGS[name].shape, photo),
        }
        return Proposal(text, f"Replace the {old.name} with a {colour} {name}.", recipe)

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Clear the place and draw."""
        return put_drawn(without(photo, recipe["old"], rng), recipe, min(1.0, 0.25 + strength(rng)))

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """The old thing gone, the new one there."""
        wanted = put_drawn(without(before, recipe["old"]), recipe, 1.0)
        region = np.maximum(box_mask(before, recipe["old"], grow=_MARGIN), box_mask(before, recipe["box"], grow=0.05))
        return measured_locally(before, after, wanted, region)


class ChangeAttribute:
    """Gives a known thing another colour, shading kept."""

    edit_type = "change_attribute"

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose a thing and a colour it does not have."""
        thing = choose_object(photo, objects, rng)
        if thing is None:
            return None
        now = colour_name(mean_colour(photo, shape_of(photo, thing.box)))
        others = [name for name in PALETTE if name not in (now, thing.colour)]
        colour = others[int(rng.integers(len(others)))]
        text = (
            f"Change the colour of the {thing.name} {whereabouts(thing.box)} from {thing.colour or now} to "
            f"{colour}. Keep its shape, "
            "its shading and highlights, and leave everything else exactly as it is."
        )
        return Proposal(text, f"Make the {thing.name} {colour}.", {"box": list(thing.box), "colour": colour})

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Turn the hue; a half-hearted attempt stops on the way."""
        return mix(photo, recoloured(photo, recipe), min(1.0, 0.1 + strength(rng)))

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """Compare with the full change."""
        return measured_locally(
            before, after, recoloured(before, recipe), box_mask(before, recipe["box"], grow=_MARGIN)
        )


class RelocateObject:
    """Moves a known thing sideways to a free place."""

    edit_type = "relocate_object"

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose a thing and the calmest free place at its height."""
        thing = choose_object(photo, objects, rng)
        if thing is None:
            return None
        width = thing.box[2] - thing.box[0]
        steps: list[float] = [float(x) for x in np.linspace(0.03, 0.97 - width, 9)] if width < 0.9 else []
        others = [other for other in objects if other is not thing]
        free = [
            x
            for x in steps
            if abs(x - thing.box[0]) > max(width, 0.15)
            and not overlaps((x, thing.box[1], x + width, thing.box[3]), others)
            and is_empty(photo, (x, thing.box[1], x + width, thing.box[3]))
        ]
        if not free:
            return None
        best: float = min(free, key=lambda x: detail_in(photo, (x, thing.box[1], x + width, thing.box[3])))
        left = round(best, 4)
        new = [left, thing.box[1], round(left + width, 4), thing.box[3]]
        side = "left" if left < thing.box[0] else "right"
        text = (
            f"Move the {thing.name} from its place {whereabouts(thing.box)} to the {side}, so that it ends up "
            f"{whereabouts(new)}. Fill the place where it was with what surrounds it, and keep its size and look."
        )
        return Proposal(text, f"Move the {thing.name} to the {side}.", {"old": list(thing.box), "box": new})

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Cut it out, fill the place, lay it down; a half-hearted attempt leaves a ghost behind."""
        ghost = max(0.0, 0.7 - strength(rng))
        return moved(mix(without(photo, recipe["old"], rng), photo, ghost), photo, recipe)

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """At the new place, and gone from the old."""
        wanted = moved(without(before, recipe["old"]), before, recipe)
        region = np.maximum(
            box_mask(before, recipe["old"], grow=_MARGIN), box_mask(before, recipe["box"], grow=_MARGIN)
        )
        return unseen(measured_locally(before, after, wanted, region), after, recipe["old"])


class ReshapeObject:
    """Makes a known thing clearly larger or smaller, standing where it stood."""

    edit_type = "reshape_object"

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose a thing, and larger when there is room."""
        thing = choose_object(photo, objects, rng)
        if thing is None:
            return None
        width, height = thing.box[2] - thing.box[0], thing.box[3] - thing.box[1]
        larger = width < 0.3 and thing.box[3] - height * 1.5 > 0.02 and rng.random() < 0.6
        factor = 1.5 if larger else 0.55
        centre = (thing.box[0] + thing.box[2]) / 2
        new = [centre - width * factor / 2, thing.box[3] - height * factor, centre + width * factor / 2, thing.box[3]]
        change = "about half as large again" if larger else "about half its size"
        text = (
            f"Make the {thing.name} {whereabouts(thing.box)} {change}, standing on the same spot, with its "
            "look unchanged. Let the surroundings close in around it; change nothing else."
        )
        short = f"Make the {thing.name} {'larger' if larger else 'much smaller'}."
        return Proposal(text, short, {"old": list(thing.box), "box": [round(side, 4) for side in new]})

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Cut it out, fill the place, lay it down in its new size; a half-hearted attempt stops on the way."""
        share = min(1.0, 0.1 + strength(rng))
        box = [new * share + old * (1 - share) for new, old in zip(recipe["box"], recipe["old"], strict=True)]
        return moved(without(photo, recipe["old"], rng), photo, {**recipe, "box": box})

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """Compare with the full change of size."""
        wanted = moved(without(before, recipe["old"]), before, recipe)
        region = np.maximum(
            box_mask(before, recipe["old"], grow=_MARGIN), box_mask(before, recipe["box"], grow=_MARGIN)
        )
        return measured_locally(before, after, wanted, region)
