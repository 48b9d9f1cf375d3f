"""Reads what a model wrote as JSON, and makes its texts safe to keep.

A reply is data of a stranger: it may be nested a thousand deep, be a page of newlines, or hold half of a surrogate
pair, which no file and no database can store.
"""

from __future__ import annotations

import json
from typing import Any

from pico_banana.errors import ModelReplyError

_FENCE = "```"
_DEEPEST = 32  # a verdict is 2 deep, a recipe 4


def repaired(text: str) -> str:
    """Make a text storable: halves of surrogate pairs become U+FFFD, whole pairs the character they mean.

    Args:
        text: as a model wrote it.

    Returns:
        Text that encodes as UTF-8; the same object when nothing was wrong.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def unfenced(text: str) -> str:
    """Take a Markdown fence off; some services wrap a reply in one even when a schema was given.

    Args:
        text: the reply.

    Returns:
        What stands between the first and the last line, when both are fences; else the text, stripped.
    """
    # By lines and not by a pattern: a pattern takes cubic time on a reply of newlines.
    text = text.strip()
    if not (text.startswith(_FENCE) and text.endswith(_FENCE)):
        return text
    first, line_break, rest = text.partition("\n")
    label = first.removeprefix(_FENCE).strip()
    if not line_break or not (label.isalnum() or not label):
        return text
    return rest.removesuffix(_FENCE).strip()


def parse_json_object(text: str) -> dict[str, Any]:
    """Read a reply that must be one JSON object.

    Args:
        text: the reply, perhaps in a Markdown fence.

    Returns:
        The object; every text in it can be stored.

    Raises:
        ModelReplyError: it is not JSON, not an object, or nested too deep.
    """
    try:
        document = _storable(json.loads(unfenced(text)), 0)
    except RecursionError:
        raise ModelReplyError("the reply is JSON nested too deep", reply=text) from None
    except ValueError as error:
        raise ModelReplyError(f"the reply is not JSON ({repaired(str(error))})", reply=text) from error
    if not isinstance(document, dict):
        raise ModelReplyError(f"the reply is a JSON {type(document).__name__}, not an object", reply=text)
    return document


def _storable(value: Any, depth: int) -> Any:  # noqa: ANN401 - whatever JSON holds
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, str):
        return repaired(value)
    if isinstance(value, list):
        return [_storable(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {repaired(key): _storable(entry, depth + 1) for key, entry in value.items()}
    return value
