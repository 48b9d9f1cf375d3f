"""What counts as JSON in a rows file: the same whichever parser reads it, whichever Python runs it.

Python writes and reads `NaN`, `Infinity` and `-Infinity`, though JSON has none of them, and so do the rows files of its
users; Arrow reads `Inf` and `-NaN` as well, which nobody writes. Python's parser stops at a depth and at a
number of digits that are others in every version, Arrow's at none. So both are told the same here.
"""

from __future__ import annotations

import json
import re
from typing import cast

MAX_DEPTH = 200  # published rows have 3
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?')
_ARROWS_OWN = re.compile(rb"[:\[,]\s*(?:-NaN|-?Inf(?!inity))")


class NoJson(ValueError):  # noqa: N818 - a line's problem, told as a BadRow; it never leaves the room
    """A line that one of the parsers would have taken, and that is no JSON or none of ours; the text is the reason."""


def _any_number(_digits: str) -> int:
    return 0  # no key that is read holds a number, and one of 5,000 digits is refused by `int`


_decode = json.JSONDecoder(parse_int=_any_number, parse_float=_any_number).decode
_decode_whole = json.JSONDecoder().decode


def parse_json(line: bytes) -> object:
    """Read a line of which no number matters.

    Args:
        line: UTF-8, perhaps with a byte order mark.

    Returns:
        Its value, all numbers 0.

    Raises:
        ValueError: it is not UTF-8, no JSON, or nested deeper than `MAX_DEPTH`.
    """
    return cast("object", _decode(_text(line)))


def parse_whole_json(line: bytes) -> object:
    """Read a line, numbers too.

    Args:
        line: UTF-8, perhaps with a byte order mark.

    Returns:
        Its value.

    Raises:
        ValueError: as above, or a number has more digits than Python reads.
    """
    return cast("object", _decode_whole(_text(line)))


def _text(line: bytes) -> str:
    if nested_too_deep(line):
        raise NoJson(f"not a row (JSON nested deeper than {MAX_DEPTH})")
    return line.decode("utf-8-sig")  # bytes would be taken for UTF-16 where they look like it


def nested_too_deep(line: bytes) -> bool:
    """Tell whether JSON is nested deeper than `MAX_DEPTH`.

    Args:
        line: the line.

    Returns:
        True when it is.
    """
    if line.count(b"[") + line.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for letter in _STRING.sub(b"", line):
        depth += (letter in b"[{") - (letter in b"]}")
        if depth > MAX_DEPTH:
            return True
    return False


def is_strict(data: bytes, *, lists: bool) -> bool:
    """Tell whether Arrow's parser, which is more lenient, would still give what `parse_json` gives.

    Args:
        data: lines, each of which starts an object.
        lists: whether each row must have a list.

    Returns:
        False when a line needs a closer look.
    """
    if (b"NaN" in data or b"Inf" in data) and _ARROWS_OWN.search(data):
        return False
    lines = data.count(b"\n")
    surplus = data.count(b"{") - lines + max(0, data.count(b"[") - (lines if lists else 0))
    return surplus < MAX_DEPTH or not any(map(nested_too_deep, data.split(b"\n")))
