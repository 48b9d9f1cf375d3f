"""What the procedural backend would botch it declines: smears, haloes, letters that overlap, things seen twice."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pico_banana.regenerate.backends.procedural.frame import Outpainting
from pico_banana.regenerate.backends.procedural.lettering import AddText, RestyleText
from pico_banana.regenerate.backends.procedural.objects import (
    ChangeAttribute,
    RelocateObject,
    RemoveObject,
    ReplaceObject,
    ReshapeObject,
)
from pico_banana.regenerate.backends.procedural.pixels import from_image
from pico_banana.regenerate.backends.procedural.placing import moved, without
from pico_banana.regenerate.values import KnownObject

SIZE = (320, 240)
BALL = KnownObject("red ball", "object", (0.42, 0.40, 0.56, 0.58), colour="red")
SIGN = KnownObject("sign", "text", (0.20, 0.30, 0.80, 0.50), "MILL ROAD")


def rng(seed=0):
    return np.random.default_rng(seed)


def plain(colour=(120, 150, 190)):
    return Image.new("RGB", SIZE, colour)


def with_ball(image, at=BALL.box, colour=(200, 30, 30)):
    box = [side * SIZE[place % 2] for place, side in enumerate(at)]
    ImageDraw.Draw(image).ellipse(box, fill=colour)
    return image


def striped():
    image = plain((230, 230, 230))
    draw = ImageDraw.Draw(image)
    for left in range(0, SIZE[0], 24):
        draw.rectangle((left, 0, left + 11, SIZE[1]), fill=(40, 60, 50))
    return image


@pytest.mark.parametrize("craft", [RemoveObject, ReplaceObject, ChangeAttribute, RelocateObject, ReshapeObject])
def test_a_thing_before_a_pattern_is_left_alone(craft):
    assert craft().propose(from_image(with_ball(plain())), [BALL], rng()) is not None
    assert craft().propose(from_image(with_ball(striped())), [BALL], rng()) is None


def test_what_is_filled_shows_no_smear():
    photo = from_image(with_ball(plain()))
    edited = without(photo, RemoveObject().propose(photo, [BALL], rng()).recipe["box"])
    assert np.abs(edited - from_image(plain())).max() < 0.05


def test_a_moved_thing_brings_no_halo():
    ground = Image.new("RGB", SIZE, (250, 250, 250))
    ImageDraw.Draw(ground).rectangle((200, 0, SIZE[0], SIZE[1]), fill=(10, 10, 10))
    photo = from_image(with_ball(ground.copy(), (0.2, 0.4, 0.34, 0.58)))
    recipe = {"old": [0.2, 0.4, 0.34, 0.58], "box": [0.75, 0.4, 0.89, 0.58]}
    dark = moved(photo, photo, recipe)[:, 210:]
    # Between the red of the ball and the black around it there is nothing bright in all three colours.
    assert dark.min(axis=2).max() < 0.2


def test_a_thing_is_moved_to_an_empty_place_only():
    crowded = with_ball(plain())
    draw = ImageDraw.Draw(crowded)
    for left in (4, 60, 200, 256):  # nobody knows of these
        draw.rectangle((left, 90, left + 50, 150), fill=(20, 90, 40), outline=(240, 240, 0), width=4)
    assert RelocateObject().propose(from_image(crowded), [BALL], rng()) is None


def test_bold_letters_do_not_touch():
    image = plain((245, 240, 225))
    photo = from_image(image)
    recipe = RestyleText().propose(photo, [SIGN], rng()).recipe
    edited = RestyleText().apply(photo, {**recipe, "text": "MILLION"}, rng(3))
    inked = np.abs(edited - photo).max(axis=2) > 0.3
    columns = inked.any(axis=0)
    runs = int((columns[1:] & ~columns[:-1]).sum()) + int(columns[0])
    assert runs == len("MILLION")


def test_a_caption_keeps_off_known_writing_people_and_busy_edges():
    photo = from_image(plain())
    top = KnownObject("sign", "text", (0.3, 0.0, 0.7, 0.15), "OPEN")
    assert AddText().propose(photo, [top], rng()).recipe["box"][1] > 0.5
    low = KnownObject("child", "person", (0.4, 0.5, 0.6, 1.0))
    assert AddText().propose(photo, [top, low], rng()) is None
    noise = rng().integers(0, 255, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    assert AddText().propose(from_image(Image.fromarray(noise)), [], rng()) is None


@pytest.mark.parametrize("known", [True, False])
def test_nothing_that_stands_near_an_edge_is_mirrored(known):
    place = (0.42, 0.02, 0.56, 0.20)
    photo = from_image(with_ball(plain(), place, (90, 60, 40)))
    objects = [KnownObject("head", "person", place)] if known else []
    sides = {side for seed in range(12) for side in Outpainting().propose(photo, objects, rng(seed)).recipe["sides"]}
    assert sides
    assert "top" not in sides
    both = with_ball(with_ball(plain(), place), (0.42, 0.80, 0.56, 0.98))
    for spot in ((0.02, 0.4, 0.12, 0.6), (0.88, 0.4, 0.98, 0.6)):
        both = with_ball(both, spot)
    assert Outpainting().propose(from_image(both), [], rng()) is None
