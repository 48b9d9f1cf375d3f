"""Backdrops of gardens and grounds: park, garden, racing track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.rehearsal.making.dice import Dice
from tests.sample_maker.studio.colours import colour, darker, lighter, mix
from tests.sample_maker.studio.curves import curve
from tests.sample_maker.studio.nature import FAR, ground, hills, is_white, leaves, sky
from tests.sample_maker.studio.paints import Blend

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look

_SNOW = colour("#f1f5f9")


def park(p: Painter, look: Look) -> None:
    """Paint a lawn with far trees and a winding path."""
    sky(p, look, 160)
    _far_trees(p, look, 166)
    ground(p, look, top=164)
    path = mix(colour("#d9c3a0"), _SNOW, 0.6 if is_white(look) else 0.0)
    p.fill(
        curve(
            [(232, 166), (250, 166), (236, 190), (268, 222), (430, 330), (180, 340), (196, 240), (216, 200)], steps=10
        ),
        Blend((lighter(path, 0.2), darker(path, 0.12))),
    )


def _far_trees(p: Painter, look: Look, y: float) -> None:
    dice = Dice(int(y), 3)
    crown = mix(leaves(look), colour("#9fb2bb"), 0.35)
    for _ in range(70):
        x, r = -300 + 1000 * dice.unit(), 12 + 12 * dice.unit()
        tint = darker(crown, 0.22 * dice.unit())
        if look.season == "winter":
            p.line([(x, y), (x + 2, y - r * 1.6)], 1.4, colour("#8a8480"))
            p.oval(x + 1, y - r * 1.7, r * 0.7, r * 0.6, lighter(crown, 0.1), opacity=0.55)
            continue
        p.oval(x, y - r * 0.9, r, r * 1.05, Blend((lighter(tint, 0.15), darker(tint, 0.12))))


def garden(p: Painter, look: Look) -> None:
    """Paint a cottage garden with a fence and stepping stones."""
    sky(p, look, 130)
    _far_trees(p, look, 136)
    wall = colour("#efe6d2")
    p.box(-84, 60, 78, 176, Blend((wall, darker(wall, 0.15))))
    roof = _SNOW if is_white(look) else colour("#8a5a43")
    p.fill([(-100, 64), (-60, 16), (56, 16), (94, 64)], Blend((lighter(roof, 0.1), darker(roof, 0.15))))
    for left in (-60, 12):
        p.box(left - 2, 88, left + 36, 130, colour("white"))
        p.box(left, 90, left + 34, 128, Blend((colour("#a9c4d2"), colour("#5f7d8d"))))
        p.line([(left + 17, 90), (left + 17, 128)], 1.6, colour("white"))
        p.line([(left, 108), (left + 34, 108)], 1.6, colour("white"))
    for x in range(96, 720, 13):
        p.fill(
            [(x, 172), (x, 140), (x + 4, 134), (x + 8, 140), (x + 8, 172)],
            mix(colour("white"), colour("light grey"), 0.2),
        )
    p.box(92, 148, 720, 152, colour("light grey"))
    ground(p, look, top=168)
    for x, y, r in ((150, 184, 16), (176, 204, 20), (164, 230, 25), (196, 262, 31)):
        p.oval(x, y, r, r * 0.36, _SNOW if is_white(look) else colour("#b3aca0"))


def race_track(p: Painter, look: Look) -> None:
    """Paint a stand with spectators, a barrier and the track."""
    sky(p, look, 110)
    hills(p, (118, 106, 112, 100, 108, 114, 104, 116), mix(leaves(look), colour("#9fb2bb"), 0.4), floor=150)
    p.box(-40, 62, 300, 150, Blend((colour("#7e868c"), colour("#5b6268"))))
    p.fill([(-56, 64), (-40, 44), (300, 44), (322, 64)], colour("#b3392f"))
    dice = Dice(5)
    tints = ("red", "yellow", "sky blue", "white", "green", "orange", "navy", "pink")
    for row in range(5):
        for seat in range(40):
            x, y = -34 + seat * 8.3 + row % 2 * 4, 76 + row * 14 + 2 * dice.unit()
            p.oval(x, y + 5, 3.4, 4.4, colour(tints[dice.roll(8)]))
            p.oval(x, y - 0.6, 2.1, 2.3, colour("#d9a988"))
    ground(p, look, top=148)
    for x in range(-300, 700, 24):
        p.box(x, 158, x + 12, 168, colour("red"))
        p.box(x + 12, 158, x + 24, 168, colour("white"))
    tar = mix(colour("#5c5f63"), _SNOW, 0.35 if is_white(look) else 0.0)
    p.box(-FAR, 190, 400 + FAR, 300 + FAR, Blend((lighter(tar, 0.15), darker(tar, 0.2), darker(tar, 0.3))))
    p.box(-FAR, 188, 400 + FAR, 192, colour("white"))
    for x in range(0, 44, 11):
        for row in range(8):
            tint = colour("white") if (x // 11 + row) % 2 else colour("black")
            y = 192 + row * 15
            p.fill(
                [
                    (330 + x + row * 6, y),
                    (341 + x + row * 6, y),
                    (347 + x + row * 6, y + 15),
                    (336 + x + row * 6, y + 15),
                ],
                tint,
            )
