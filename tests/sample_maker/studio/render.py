"""From a scene to pixels: backdrop, things, then what weather and light do to all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pico_banana.rehearsal.making.dice import Dice
from tests.sample_maker.studio.backdrops.registry import backdrop
from tests.sample_maker.studio.colours import colour
from tests.sample_maker.studio.painter import Painter
from tests.sample_maker.studio.things.registry import kind

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Box, Picture
    from tests.sample_maker.studio.scene import Look, Scene, Thing


_TINTS = {
    "golden": (1.1, 0.94, 0.7),
    "sunset": (1.0, 0.84, 0.82),
    "night": (0.3, 0.36, 0.58),
    "fluorescent": (0.86, 1.03, 0.92),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, and where things are in it.

    Attributes:
        picture: of shape (height, width, 3), from 0 to 1.
        boxes: left, top, right, bottom in pixels of each thing that can be seen, by name.
        text_boxes: the same of what is written on things, by the thing's name.
    """

    picture: Picture
    boxes: dict[str, Box] = field(default_factory=dict)
    text_boxes: dict[str, Box] = field(default_factory=dict)


def render(scene: Scene, size: tuple[int, int]) -> Drawn:
    """Draw a scene.

    Args:
        scene: what to show.
        size: width and height in pixels.

    Returns:
        The picture and the boxes of its things.
    """
    p = Painter(scene.view, size)
    backdrop(scene.backdrop)(p, scene.look)
    drawn = Drawn(p.picture)
    for thing in scene.things:
        _place(p, thing, scene.look, drawn)
    weathered(p, scene.look)
    return Drawn(lit(p, scene.look), drawn.boxes, drawn.text_boxes)


def _place(p: Painter, thing: Thing, look: Look, drawn: Drawn) -> None:
    p.texts.clear()
    with (
        p.tracked() as track,
        p.placed(thing.x, thing.y, thing.size, wide=thing.wide, tall=thing.tall, turn=thing.turn),
    ):
        kind(thing.kind)(p, thing, look)
    if track.box:
        drawn.boxes[thing.name] = track.box
    for text in p.texts:
        if text.box:
            drawn.text_boxes[thing.name] = text.box


def weathered(p: Painter, look: Look) -> None:
    """Paint rain, snow, fog or lightning over everything.

    Args:
        p: the painter of a finished scene.
        look: the weather.
    """
    if look.weather == "rain":
        _grey(p.picture, 0.45, 0.86)
        _streaks(p)
    elif look.weather == "snow":
        _grey(p.picture, 0.3, 1.0)
        _flakes(p)
    elif look.weather == "fog":
        _grey(p.picture, 0.5, 1.0)
        haze = np.linspace(0.78, 0.3, p.size[1], dtype=np.float32)[:, None, None]
        p.picture += (np.array(colour("#d6dadc"), dtype=np.float32) - p.picture) * haze
    elif look.weather == "storm":
        _grey(p.picture, 0.45, 0.62)
        _lightning(p)
        _streaks(p)
    elif look.weather == "cloudy":
        _grey(p.picture, 0.3, 0.93)


def _grey(picture: Picture, share: float, brightness: float) -> None:
    tone = picture.mean(axis=2, keepdims=True)
    picture += (tone - picture) * share
    picture *= brightness


def _streaks(p: Painter) -> None:
    dice = Dice(61)
    for _ in range(1100):
        x, y, length = -300 + 1000 * dice.unit(), -120 + 560 * dice.unit(), 5 + 9 * dice.unit()
        p.line([(x, y), (x - length * 0.22, y + length)], 0.55, (0.88, 0.92, 0.96), opacity=0.42)


def _flakes(p: Painter) -> None:
    dice = Dice(67)
    for _ in range(900):
        x, y, r = -300 + 1000 * dice.unit(), -120 + 560 * dice.unit(), 0.7 + 1.5 * dice.unit() ** 2
        p.oval(x, y, r, r, (1, 1, 1), opacity=0.85)


def _lightning(p: Painter) -> None:
    bolt = [(286, -30), (270, 14), (284, 26), (262, 66), (276, 76), (258, 118)]
    p.line(bolt, 7, colour("#d9e2ff"), opacity=0.55, soft=5)
    p.line(bolt, 1.8, (1.0, 1.0, 1.0))


def lit(p: Painter, look: Look) -> Picture:
    """Colour a finished picture as its light does.

    Args:
        p: the painter of a scene in daylight.
        look: the light.

    Returns:
        The coloured picture; what shines by itself does so at night too.
    """
    picture = p.picture
    if look.light == "day":
        return picture.clip(0, 1)
    shaded = picture * np.array(_TINTS[look.light], dtype=np.float32)
    shaded += (picture - shaded) * p.light[:, :, None]
    if look.light == "golden":
        height, width = picture.shape[:2]
        across = np.linspace(-0.25, 0.75, width, dtype=np.float32)[None, :, None]
        down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        glow = np.clip(across - 0.45 * down + 0.2, 0, 1) * 0.5
        shaded += (np.array([1.0, 0.82, 0.5], dtype=np.float32) - shaded) * glow
    if look.light == "fluorescent":
        shaded = 0.9 * shaded + 0.1
    return shaded.clip(0, 1)
