"""What rolls and flies: cars, a van, a bicycle, a kite, a balloon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import Colour, colour, darker, lighter
from tests.sample_maker.studio.curves import arc, curve, ellipse
from tests.sample_maker.studio.lettering import write
from tests.sample_maker.studio.paints import Blend, Glow

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look, Thing

_TYRE = colour("#24262a")
_GLASS = Blend((colour("#a9c9da"), colour("#466579")))


def _wheel(p: Painter, x: float, radius: float, rim: Colour) -> None:
    p.oval(x, -radius, radius, radius, _TYRE)
    p.oval(x, -radius, radius * 0.6, radius * 0.6, rim)
    p.oval(x, -radius, radius * 0.18, radius * 0.18, _TYRE)


def _lamps(p: Painter, look: Look, x: float, y: float) -> None:
    p.oval(x, y, 2.6, 3, colour("#fff2c0"))
    if look.light in {"night", "sunset"} or look.weather in {"rain", "fog"}:
        with p.shining():
            p.oval(x + 7, y, 13, 6, colour("#fff2c0"), opacity=0.6, soft=5)


def car(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a small round saloon, seen from the side."""
    base = colour(thing.colour)
    p.shadow(0, 0, 60, 5)
    body = curve(
        [(-56, -10), (-57, -24), (-42, -31), (-26, -47), (14, -47), (32, -31), (54, -26), (58, -10), (0, -8)], steps=10
    )
    p.fill(body, Blend((lighter(base, 0.45), base, darker(base, 0.4))))
    p.fill(curve([(-35, -30), (-22, -43), (-3, -43), (-3, -30)], steps=5), _GLASS)
    p.fill(curve([(1, -30), (1, -43), (12, -43), (25, -30)], steps=5), _GLASS)
    p.line([(-1, -29), (-1, -12)], 0.7, darker(base, 0.5))
    p.line(curve([(-55, -21), (0, -23), (56, -20)], closed=False), 0.8, lighter(base, 0.5))
    p.box(-12, -26, -5, -24.5, colour("silver"), radius=0.7)
    p.box(-58, -14, -50, -10, colour("silver"), radius=2)
    p.box(51, -14, 60, -10, colour("silver"), radius=2)
    _lamps(p, look, 54, -19)
    p.oval(-55, -19, 2, 3, colour("#b3282d"))
    for x in (-33, 34):
        _wheel(p, x, 11, colour("silver"))


def van(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a delivery van, its text on the side."""
    base = colour(thing.colour)
    p.shadow(0, 0, 62, 5)
    body = curve([(-58, -10), (-58, -58), (-50, -63), (24, -62), (40, -44), (56, -34), (58, -10), (0, -8)], steps=8)
    p.fill(body, Blend((lighter(base, 0.35), base, darker(base, 0.35))))
    p.fill(curve([(20, -38), (20, -56), (27, -56), (39, -39)], steps=5), _GLASS)
    p.line([(15, -58), (15, -12)], 0.8, darker(base, 0.5))
    if thing.text:
        write(p, thing.text, -21, -39, height=11, colour=colour(thing.ink), hand=thing.hand, width=62)
    _lamps(p, look, 54, -23)
    for x in (-34, 34):
        _wheel(p, x, 11.5, colour("light grey"))


def racing_car(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a cigar-shaped racing car with a number."""
    del look
    base = colour(thing.colour)
    p.shadow(0, 0, 74, 5)
    p.oval(-4, -33, 7, 7, colour("white"))
    p.box(-4, -34, 4, -31, colour("charcoal"))
    p.fill(
        curve(
            [(-66, -12), (-64, -30), (-40, -33), (-14, -27), (10, -28), (44, -25), (70, -17), (72, -11), (0, -8)],
            steps=10,
        ),
        Blend((lighter(base, 0.4), base, darker(base, 0.4))),
    )
    p.fill(curve([(-16, -27), (-8, -34), (10, -28)], steps=6), colour("#2a2f36"))
    p.line([(8, -28), (12, -35)], 1.4, colour("#bcd4e0"))
    p.oval(30, -18, 8.5, 8, colour("cream"))
    write(p, thing.text or "7", 30, -18, height=9, colour=colour(thing.ink), hand=thing.hand, width=12)
    p.line([(-60, -16), (-20, -16)], 2, colour("silver"))
    for x, radius in ((-46, 17), (50, 14)):
        _wheel(p, x, radius, colour("silver"))
        for spoke in range(8):
            p.line(
                arc(x, -radius, radius * 0.5, radius * 0.5, spoke * 45, spoke * 45 + 1, steps=1), 0.8, colour("grey")
            )


def bicycle(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a city bicycle."""
    del look
    base, grey = colour(thing.colour), colour("#b5bbc0")
    p.shadow(0, 1, 46, 3)
    for x in (-27, 27):
        ring = ellipse(x, -19, 18)
        p.line([*ring, ring[0]], 2.4, _TYRE)
        for spoke in range(0, 180, 30):
            p.line(arc(x, -19, 17, 17, spoke, spoke + 180, steps=1), 0.35, grey)
    for path in (
        [(-27, -19), (-3, -18), (19, -44), (-11, -44), (-27, -19)],
        [(-3, -18), (-13, -50)],
        [(27, -19), (17, -53)],
    ):
        p.line(path, 2.6, base)
    p.line(curve([(17, -53), (12, -58), (22, -60)], closed=False), 2, grey)
    p.fill(curve([(-23, -52), (-12, -54), (-4, -51), (-14, -49)]), colour("dark brown"))
    p.oval(-3, -18, 4, 4, grey)
    p.line([(-3, -18), (1, -11)], 1.4, grey)


def scooter(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a motor scooter."""
    base = colour(thing.colour)
    p.shadow(0, 1, 40, 3.5)
    p.fill(
        curve(
            [(-34, -14), (-30, -32), (-6, -34), (-4, -14), (12, -12), (20, -46), (27, -46), (26, -8), (-10, -6)],
            steps=6,
        ),
        Blend((lighter(base, 0.35), base, darker(base, 0.3))),
    )
    p.fill(curve([(-32, -33), (-10, -39), (-2, -35), (-14, -32)]), colour("dark brown"))
    p.line([(22, -44), (17, -58), (10, -60)], 2.2, colour("silver"))
    _lamps(p, look, 25, -49)
    for x in (-24, 27):
        _wheel(p, x, 9.5, colour("light grey"))


def balloon(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a hot-air balloon; it hangs from its origin at the basket."""
    del look
    base = colour(thing.colour)
    for x in (-5, 5):
        p.line([(x, -8), (x * 2.4, -36)], 0.5, colour("dark brown"))
    envelope = curve(
        [(0, -118), (30, -108), (40, -80), (28, -54), (9, -34), (-9, -34), (-28, -54), (-40, -80), (-30, -108)]
    )
    p.fill(envelope, Blend((lighter(base, 0.25), base, darker(base, 0.3)), across=True))
    for half, light in ((26.0, 0.75), (9.0, 0.0)):
        gore = curve(
            [
                (0, -118),
                (half * 0.8, -106),
                (half, -80),
                (half * 0.6, -52),
                (5, -34),
                (-5, -34),
                (-half * 0.6, -52),
                (-half, -80),
                (-half * 0.8, -106),
            ]
        )
        p.fill(gore, lighter(base, light))
    p.box(-8, -10, 8, 2, Blend((colour("tan"), colour("brown"))), radius=2)


def kite(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a kite with a tail; it hangs from its origin at the lower tip."""
    del look
    base = colour(thing.colour)
    p.fill([(0, 0), (-14, -26), (0, -40), (14, -26)], Glow(lighter(base, 0.3), base))
    p.fill([(0, 0), (0, -40), (14, -26)], darker(base, 0.2), opacity=0.6)
    p.line([(-14, -26), (14, -26)], 0.7, colour("cream"))
    tail = curve([(0, 0), (6, 12), (-4, 22), (5, 34)], closed=False)
    p.line(tail, 0.8, colour("charcoal"))
    for x, y in ((5, 10), (-3, 21), (4, 32)):
        p.fill([(x - 4, y - 2), (x + 4, y + 2), (x + 4, y - 2), (x - 4, y + 2)], lighter(base, 0.2))
