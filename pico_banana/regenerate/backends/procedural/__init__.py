"""The backend that needs no network and no model: real instructions, edits by arithmetic, a judge that measures.

It does what can be done honestly this way and declines the rest. Types that work on a known object or on known writing
need an `objects.json` beside the photos, as the embedded sample has; on any other folder they are declined.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pico_banana.errors import PictureCorruptError
from pico_banana.regenerate.backends.procedural.craft import Craft, Measured, ramp
from pico_banana.regenerate.values import Outcome, Reply, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.regenerate.backends.base import (
        EditRequest,
        InventoryRequest,
        JudgeRequest,
        ModelSettings,
        ShortenRequest,
        WriteRequest,
    )
    from pico_banana.regenerate.backends.procedural.pixels import Pixels
    from pico_banana.regenerate.values import KnownObject, Recipe
    from pico_banana.taxonomy import EditType

_MODEL = "procedural-1"


class Procedural:
    """Writes, shortens, edits and judges.

    Attributes:
        edit_types: the slugs it can do.
    """

    def __init__(self) -> None:
        """Gather the crafts."""
        self._crafts = {craft.edit_type: craft for craft in _all_crafts()}
        self.edit_types = frozenset(self._crafts)

    def inventory(self, request: InventoryRequest) -> Reply:
        """Say which types a photo suits, by trying each: nothing is seen but what is known already.

        Args:
            request: the photo, the types, and what is known of the photo.

        Returns:
            JSON with the known things and the types, or a decline for a picture that cannot be read.
        """
        import numpy as np

        from pico_banana.regenerate.backends.procedural.pixels import decode

        try:
            photo = decode(request.photo)
        except PictureCorruptError as error:
            return _declined(str(error))
        crafts = [self._crafts[kind] for kind in request.edit_types if kind in self._crafts]
        tried = ((craft, np.random.default_rng(request.seed)) for craft in crafts)
        suited = [craft.edit_type for craft, rng in tried if craft.propose(photo, request.objects, rng) is not None]
        return _answer(json.dumps({"objects": [_listed(thing) for thing in request.objects], "suitable": suited}))

    def write(self, request: WriteRequest) -> Reply:
        """Write an instruction for what the photo really shows.

        Args:
            request: the photo, the type, and what is known of the photo.

        Returns:
            JSON with the instruction and its recipe, or a decline.
        """
        import numpy as np

        from pico_banana.regenerate.backends.procedural.pixels import decode

        craft = self._crafts.get(str(request.edit_type))
        if craft is None:
            return _declined(f"no honest way to do {request.edit_type} with arithmetic")
        # After a turn the known boxes may no longer be true, so later turns do without them.
        objects = () if request.history else request.objects
        try:
            photo = decode(request.photo)
        except PictureCorruptError as error:
            return _declined(str(error))
        proposal = craft.propose(photo, objects, np.random.default_rng(request.seed))
        if proposal is None:
            return _declined(f"nothing in this photo suits {request.edit_type}")
        recipe = {**proposal.recipe, "short": proposal.short, "craft": craft.edit_type}
        text = _referring(proposal.instruction, request.history)
        return _answer(json.dumps({"suitable": True, "prompts": [text], "recipe": recipe}, ensure_ascii=False))

    def shorten(self, request: ShortenRequest) -> Reply:
        """Give the short form that was made with the instruction, or the instruction's first sentence.

        Args:
            request: the instruction.

        Returns:
            The short text.
        """
        short = request.instruction.recipe.get("short") or request.instruction.text.split(". ")[0].rstrip(".") + "."
        return _answer(str(short))

    def edit(self, request: EditRequest) -> Reply:
        """Carry the recipe out.

        Args:
            request: the photo and the instruction with its recipe.

        Returns:
            The edited picture, or a decline for an instruction without a recipe: text alone is not understood.
        """
        import numpy as np

        from pico_banana.regenerate.backends.procedural.pixels import decode, encode

        craft = self._craft(request.instruction.recipe, request.edit_type)
        if craft is None:
            return _declined("an instruction without a recipe needs a model to understand it")
        edited = craft.apply(
            decode(request.photo), dict(request.instruction.recipe), np.random.default_rng(request.seed)
        )
        return Reply(Outcome.OK, picture=encode(edited), usage=Usage(pictures=1), model=_MODEL)

    def judge(self, request: JudgeRequest) -> Reply:
        """Measure what was done.

        Args:
            request: the result, the pictures before, and the instruction with its recipe.

        Returns:
            JSON scores with the measurements as reasons, or a decline for an instruction without a recipe.
        """
        from pico_banana.regenerate.backends.procedural.pixels import decode, resized

        if not request.inputs:
            return _answer(json.dumps({"quality": _as_score(_alone(decode(request.edited)))}))
        craft = self._craft(request.instruction.recipe, request.edit_type)
        if craft is None:
            return _declined("an instruction without a recipe cannot be measured")
        before, after = decode(request.inputs[-1]), decode(request.edited)
        if request.edit_type.scope != "geometry" and after.shape != before.shape:
            after = resized(after, before.shape[1], before.shape[0])  # a model paints at a size of its own
        measured = craft.measure(before, after, dict(request.instruction.recipe))
        scores = _scores(measured, _quality(before, after))
        if len(request.inputs) > 1:
            scores["drift"] = _drift(decode(request.inputs[0]), after)
        return _answer(json.dumps(scores))

    def _craft(self, recipe: Recipe, edit_type: EditType) -> Craft | None:
        return self._crafts.get(str(edit_type)) if recipe.get("craft") == str(edit_type) else None


def backend(settings: ModelSettings) -> Procedural:
    """Make the backend.

    Args:
        settings: nothing in them matters here.

    Returns:
        The backend.
    """
    return Procedural()


def _all_crafts() -> Iterable[Craft]:
    from pico_banana.regenerate.backends.procedural import frame, lettering, objects, scene, style, tone

    return (
        tone.COLOR_TONE,
        tone.FILM_GRAIN,
        tone.LIGHTING,
        tone.HISTORICAL,
        scene.SEASON,
        scene.WEATHER,
        style.ARTISTIC_STYLE,
        style.CARTOON,
        frame.ZoomIn(),
        frame.Outpainting(),
        objects.AddObject(),
        objects.RemoveObject(),
        objects.ReplaceObject(),
        objects.ChangeAttribute(),
        objects.RelocateObject(),
        objects.ReshapeObject(),
        lettering.AddText(),
        lettering.ReplaceText(),
        lettering.RestyleText(),
        lettering.TranslateText(),
    )


def _answer(text: str) -> Reply:
    return Reply(Outcome.OK, text=text, model=_MODEL)


def _declined(why: str) -> Reply:
    return Reply(Outcome.DECLINED, reason=why, model=_MODEL)


def _referring(text: str, history: tuple[str, ...]) -> str:
    """Open a later turn the way people do, with a word that points back."""
    if not history:
        return text
    openings = ("Now that this is done, ", "With that in place, ", "Building on it, ", "After that, ")
    return openings[len(history) % len(openings)] + text[0].lower() + text[1:]


def _scores(measured: Measured, quality: tuple[float, str]) -> dict[str, dict[str, object]]:
    named = {
        "compliance": (measured.done, measured.note),
        "seamlessness": (measured.clean, measured.note),
        "preservation": (measured.kept, measured.note),
        "quality": quality,
    }
    return {name: _as_score(told) for name, told in named.items()}


def _as_score(told: tuple[float, str]) -> dict[str, object]:
    score, reason = told
    return {"reason": reason, "score": round(score, 4)}


def _listed(thing: KnownObject) -> dict[str, object]:
    box = [round(side * 1000) for side in thing.box]
    return {"name": thing.name, "kind": thing.kind, "place": thing.place, "box": box, "text": thing.text}


def _alone(picture: Pixels) -> tuple[float, str]:
    from pico_banana.regenerate.backends.procedural.pixels import luma

    contrast, lit = float(luma(picture).std()), float(luma(picture).mean())
    score = min(ramp(contrast, 0.02, 0.08), ramp(lit, 0.03, 0.12), ramp(lit, 0.99, 0.9))
    return score, f"contrast {contrast:.2f}, mean brightness {lit:.2f}"


def _quality(before: Pixels, after: Pixels) -> tuple[float, str]:
    from pico_banana.regenerate.backends.procedural.pixels import luma

    contrast = float(luma(after).std()) / max(float(luma(before).std()), 1e-3)
    lit = float(luma(after).mean())
    score = min(ramp(contrast, 0.15, 0.5), ramp(lit, 0.03, 0.12), ramp(lit, 0.99, 0.9))
    return score, f"contrast {contrast:.2f} of the original's, mean brightness {lit:.2f}"


def _drift(original: Pixels, after: Pixels) -> dict[str, object]:
    from pico_banana.regenerate.backends.procedural.pixels import blur, edges, likeness, luma, resized

    small = (128, 128)
    one, other = resized(original, *small), resized(after, *small)
    alike = max(
        likeness(blur(luma(one), 2), blur(luma(other), 2)), likeness(blur(edges(one), 2), blur(edges(other), 2))
    )
    return {"reason": f"likeness to the first picture {alike:.2f}", "score": round(ramp(alike, 0.0, 0.5), 4)}
