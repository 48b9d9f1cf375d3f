"""What a model says it sees in a photo: the schema of its reply, reading one without guessing, and telling it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pico_banana.errors import ModelReplyError
from pico_banana.regenerate.backends.json_replies import parse_json_object
from pico_banana.regenerate.values import KnownObject

if TYPE_CHECKING:
    from collections.abc import Iterable

_KINDS = ("object", "person", "text")
_SCALE = 1000.0  # of a box in a reply
_CORNERS = 4
_WHOLE = (0.0, 0.0, 1.0, 1.0)


class Seen(NamedTuple):
    """What an inventory says.

    Attributes:
        objects: the things in the photo.
        suits: slugs of the edit types that suit it.
    """

    objects: tuple[KnownObject, ...]
    suits: frozenset[str]


def inventory_schema(kinds: tuple[str, ...]) -> dict[str, Any]:
    """Give the JSON schema a reply must follow.

    Args:
        kinds: slugs of the types that are asked about.

    Returns:
        A JSON schema.
    """
    text = {"type": "string"}
    thing = {
        "name": text,
        "kind": {"type": "string", "enum": list(_KINDS)},
        "place": text,
        "box": {"type": "array", "items": {"type": "integer"}},
        "text": text,
    }
    objects = {"type": "array", "items": {"type": "object", "properties": thing, "required": list(thing)}}
    suitable = {"type": "array", "items": {"type": "string", "enum": list(kinds)}}
    properties = {"objects": objects, "suitable": suitable}
    return {"type": "object", "properties": properties, "required": list(properties)}


def parse_inventory(text: str, kinds: Iterable[str]) -> Seen:
    """Read the reply about one photo; nothing is guessed.

    Args:
        text: the reply, JSON.
        kinds: slugs of the types that were asked about.

    Returns:
        What was seen; a thing without a possible box is somewhere in the photo, at its place in words.

    Raises:
        ModelReplyError: the reply is no such JSON, or names a kind of thing or a type that was not asked about.
    """
    document = parse_json_object(text)
    things, suits = document.get("objects"), document.get("suitable")
    if not isinstance(things, list) or not isinstance(suits, list):
        raise ModelReplyError("the reply lacks a list 'objects' or 'suitable'", reply=text)
    allowed = set(kinds)
    unknown = [str(name) for name in suits if not isinstance(name, str) or name not in allowed]
    if unknown:
        raise ModelReplyError(f"{unknown[0]!r} in 'suitable' is none of the types asked about", reply=text)
    return Seen(tuple(_thing(entry, text) for entry in things), frozenset(suits))


def told_of(objects: Iterable[KnownObject]) -> str:
    """Say in lines what is known to be in a photo, for a prompt.

    Args:
        objects: the things.

    Returns:
        A line a thing; empty for none.
    """
    return "\n".join(_line(thing) for thing in objects)


def _thing(entry: object, reply: str) -> KnownObject:
    if not isinstance(entry, Mapping) or not str(entry.get("name", "")).strip() or entry.get("kind") not in _KINDS:
        raise ModelReplyError(f"{entry!r} in 'objects' lacks a name, or a kind of {', '.join(_KINDS)}", reply=reply)
    words = {name: str(entry.get(name, "")).strip() for name in ("name", "place", "text")}
    text = words["text"] if entry["kind"] == "text" else ""
    return KnownObject(words["name"], str(entry["kind"]), _box(entry.get("box")), text, place=words["place"])


def _box(value: object) -> tuple[float, float, float, float]:
    if not isinstance(value, list) or len(value) != _CORNERS:
        return _WHOLE
    if any(isinstance(side, bool) or not isinstance(side, int | float) or not 0 <= side <= _SCALE for side in value):
        return _WHOLE
    left, top, right, bottom = (side / _SCALE for side in value)
    return (left, top, right, bottom) if left < right and top < bottom else _WHOLE


def _line(thing: KnownObject) -> str:
    said = f' that reads "{thing.text}"' if thing.text else ""
    box = "" if thing.box == _WHOLE else f", box {[round(side * _SCALE) for side in thing.box]} of 1000"
    return f"- {thing.name} ({thing.kind}){said}{f', {thing.place}' if thing.place else ''}{box}"
