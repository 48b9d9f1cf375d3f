"""Who somebody is and what they do, as a value: face, hair, clothes, expression, pose, age."""

from __future__ import annotations

from dataclasses import dataclass

CHILD, OLD = 0.2, 0.7  # ages below and above which somebody looks it
SOFT = 0.6  # from here on eyes have long lashes


@dataclass(frozen=True, slots=True)
class Person:
    """A person from the head to the hips.

    Attributes:
        skin: colour of the skin.
        hair: colour of the hair.
        style: how it is worn: long, bob, bun, short, curly, bald, pony tail.
        eyes: colour of the eyes.
        beard: none, stubble, full or moustache.
        smile: from -1, a frown, to 1, a broad smile.
        open_mouth: whether teeth show.
        brows: from -1, raised, to 1, drawn together.
        lips: colour of the lips; empty for natural ones.
        age: from 0, a child, over 0.4, grown up, to 1, old.
        soft: from 0, a broad jaw, to 1, a narrow chin.
        hat: none, straw hat, cap, beret, top hat, crown or woollen hat.
        glasses: none, round, square or sunglasses.
        extra: none, earrings, necklace, scarf, headphones or mask.
        top: shirt, t-shirt, jacket, dress, jumper or suit.
        cloth: colour of it.
        pattern: plain, stripes or dots.
        arms: down, wave, crossed, hips or thinking.
        tilt: of the head, degrees.
        look_aside: from -1, to the left, to 1.
        manner: how the person is drawn: photo, anime, pixar, comic, ink, sticker, caricature, yellow, toy, brick.
    """

    skin: str = "#e0ac86"
    hair: str = "brown"
    style: str = "short"
    eyes: str = "#5b4030"
    beard: str = "none"
    smile: float = 0.3
    open_mouth: bool = False
    brows: float = 0.0
    lips: str = ""
    age: float = 0.4
    soft: float = 0.5
    hat: str = "none"
    glasses: str = "none"
    extra: str = "none"
    top: str = "t-shirt"
    cloth: str = "blue"
    pattern: str = "plain"
    arms: str = "down"
    tilt: float = 0.0
    look_aside: float = 0.0
    manner: str = "photo"
