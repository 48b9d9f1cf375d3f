"""The procedural judge over edits whose truth is known: right ones of real photos and the sample, wrong ones of those.

The photos are those that scikit-image ships (public domain or CC0), read as files; the package is not imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pico_banana.regenerate.backends.base import EditRequest, JudgeRequest, ModelSettings, WriteRequest
from pico_banana.regenerate.backends.procedural import backend
from pico_banana.regenerate.backends.procedural.pixels import as_image, decode, encode, from_image, resized
from pico_banana.regenerate.plan.photos import find_photos, read_photo
from pico_banana.regenerate.settings.policy import named_policy
from pico_banana.regenerate.settings.sections import SourceSettings
from pico_banana.regenerate.settings.verdicts import Verdict, parse_verdict
from pico_banana.regenerate.values import Instruction, KnownObject, Outcome, Picture
from pico_banana.regenerate.work.stages import parse_written
from pico_banana.taxonomy import edit_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.regenerate.backends.procedural.pixels import Pixels

pytestmark = pytest.mark.slow
SIDE = 192  # small, so that some four hundred judgements take no longer than a minute
REAL = {
    "astronaut.png": (KnownObject("model shuttle", "object", (0.68, 0.02, 0.90, 0.45)),),
    "chelsea.png": (),
    "coffee.png": (KnownObject("coffee cup", "object", (0.30, 0.25, 0.78, 0.85)),),
    "rocket.jpg": (KnownObject("rocket", "object", (0.46, 0.2, 0.56, 0.75)),),
}
PROCEDURAL = backend(ModelSettings())
Photo = tuple[Picture, tuple[KnownObject, ...]]


def small(image: Image.Image) -> Picture:
    image = image.convert("RGB")
    image.thumbnail((SIDE, SIDE))
    return encode(from_image(image))


def photos() -> list[Photo]:
    found = find_spec("skimage")
    if found is None or found.origin is None:
        pytest.skip("scikit-image, whose photos these are, is not installed")
    folder = Path(found.origin).parent / "data"
    real = [(small(Image.open(folder / name)), known) for name, known in REAL.items()]
    ours = list(find_photos(SourceSettings(folder="sample")))[::5][:5]
    return real + [(small(as_image(decode(read_photo(photo)))), photo.objects) for photo in ours]


def wrong_ones(before: Pixels, right: Pixels, other: Pixels, rng: np.random.Generator) -> Iterator[tuple[str, Pixels]]:
    """Spoil a right edit in eighteen ways."""
    height, width = right.shape[:2]
    for share in (0.04, 0.08):
        side = share**0.5
        top, left = int(rng.uniform(0, 1 - side) * height), int(rng.uniform(0, 1 - side) * width)
        block = right.copy()
        block[top : top + int(side * height), left : left + int(side * width)] = (0.1, 0.85, 0.15)
        yield f"green block over {share:.0%}", block
    strange = right.copy()
    foreign = resized(other, width, height)
    place = slice(height // 4, height // 2), slice(width // 4, width // 2)
    strange[place] = foreign[place]
    yield "part of another photo", strange
    yield "blurred", from_image(as_image(right).filter(ImageFilter.GaussianBlur(2.5)))
    yield "mirrored", right[:, ::-1]
    yield "upside down", right[::-1]
    yield "turned", right[::-1, ::-1]
    yield "shifted", np.roll(right, (height // 20, width // 14), (0, 1))
    yield "noise", np.clip(right + rng.normal(0, 0.15, right.shape), 0, 1)
    yield "another photo", foreign
    yield "cropped", resized(right[height // 10 : -height // 10, width // 10 : -width // 10], width, height)
    was = before if before.shape == right.shape else resized(before, width, height)
    yield "unchanged", was
    yield from _little_wrong_widely(was, right, rng)


def _little_wrong_widely(was: Pixels, right: Pixels, rng: np.random.Generator) -> Iterator[tuple[str, Pixels]]:
    """Spoil much of a picture a little: what the worst place of it does not tell."""
    height, width = right.shape[:2]
    top, left = int(rng.uniform(0, 0.6) * height), int(rng.uniform(0, 0.6) * width)
    place = slice(top, top + int(0.4 * height)), slice(left, left + int(0.4 * width))
    tinted, grey, negative, ruled = (right.copy() for _ in range(4))
    tinted[place] = np.clip(tinted[place] * (1.25, 0.95, 0.7), 0, 1)
    yield "tint over a region", tinted
    grey[place] = grey[place].mean(axis=2, keepdims=True)
    yield "grey region", grey
    negative[place] = 1 - negative[place]
    yield "negative of a region", negative
    ruled[:: height // 12] = ruled[:, :: width // 12] = 0.1
    yield "lines over it", ruled
    yield "six levels", np.round(right * 5) / 5
    half = right.copy()
    half[:, : width // 2] = was[:, : width // 2]
    if np.abs(half - right).max(axis=2).mean() > 0.02:  # else the edit is in the other half
        yield "undone in one half", half


def judged(kind: str, before: Picture, after: Picture, instruction: Instruction) -> Verdict:
    reply = PROCEDURAL.judge(JudgeRequest(after, (before,), instruction, edit_type(kind), "", {}))
    return parse_verdict(reply.text, with_drift=False)


def labelled() -> Iterator[tuple[str, Verdict]]:
    """Judge edits; the label of a right one is "right"."""
    rng = np.random.default_rng(12)
    every = photos()
    for number, (photo, objects) in enumerate(every):
        other = decode(every[(number + 1) % len(every)][0])
        for kind in sorted(PROCEDURAL.edit_types)[number % 4 :: 4]:
            reply = PROCEDURAL.write(WriteRequest(photo, edit_type(kind), "", (), objects, number))
            if reply.outcome is not Outcome.OK:
                continue
            instruction = parse_written(reply.text)
            # A firm attempt: how firmly one is made is drawn from its seed, see `craft.strength`.
            made = PROCEDURAL.edit(EditRequest(photo, instruction, edit_type(kind), "", 0)).picture
            assert made is not None
            yield "right", judged(kind, photo, made, instruction)
            for label, pixels in wrong_ones(decode(photo), decode(made), other, rng):
                yield label, judged(kind, photo, encode(pixels), instruction)


def test_wrong_edits_are_rejected_and_right_ones_kept():
    told = list(labelled())
    kinds = {label for label, _ in told} - {"right"}
    assert len(kinds) == 18
    for name in ("paper", "recommended"):
        policy = named_policy(name)
        right = [policy.decide(verdict).accepted for label, verdict in told if label == "right"]
        wrong = [(label, policy.decide(verdict).accepted) for label, verdict in told if label != "right"]
        assert len(wrong) >= 300
        assert sum(taken for _, taken in wrong) <= 0.05 * len(wrong), [label for label, taken in wrong if taken]
        assert sum(right) >= 0.85 * len(right)
