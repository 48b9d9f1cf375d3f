"""A person as a thing of a scene, drawn in the manner that the person's value names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import colour
from tests.sample_maker.studio.people.body import CHIN, draw_arms_before, draw_body
from tests.sample_maker.studio.people.face import draw_face
from tests.sample_maker.studio.people.figurines import FIGURINES
from tests.sample_maker.studio.people.hair import draw_hair_before, draw_hair_behind
from tests.sample_maker.studio.people.manner import MANNERS, STICKER_BORDERS, Manner, Pen
from tests.sample_maker.studio.people.person import CHILD
from tests.sample_maker.studio.people.wear import draw_on_head, draw_round_neck

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.people.person import Person
    from tests.sample_maker.studio.scene import Look, Thing


HEAD = 1.14  # a head is drawn in its own points; so many of the body's are one of those


def person(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a person from the head to the hips; the origin is between the hips."""
    del look
    who = thing.person
    if who is not None:
        draw_person(p, who)


def draw_person(p: Painter, who: Person) -> None:
    """Draw a person; the origin is between the hips, the chin 106 points above it.

    Args:
        p: where to draw.
        who: the person, and the manner.
    """
    if who.manner in FIGURINES:
        FIGURINES[who.manner](p, who)
        return
    if who.manner == "sticker":
        for border in STICKER_BORDERS:
            _draw(p, who, border)
    _draw(p, who, MANNERS[who.manner])


def _draw(p: Painter, who: Person, manner: Manner) -> None:
    pen = Pen(p, manner)
    skin = colour(manner.skin or who.skin)
    head = HEAD * manner.head * (1.1 if who.age < CHILD else 1.0)
    with p.placed(0, CHIN, head, turn=who.tilt):
        draw_hair_behind(pen, who)
    draw_body(pen, who, skin)
    with p.placed(0, CHIN):
        draw_round_neck(pen, who)
    with p.placed(0, CHIN, head, turn=who.tilt):
        draw_face(pen, who, skin)
        draw_hair_before(pen, who)
        draw_on_head(pen, who)
    draw_arms_before(pen, who, skin)
