"""Small JSON files: notes that an earlier run left, lists that others wrote. What is really in them nobody knows."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# What is raised where a note has another shape than expected: a list for a table, a text for a number, a key too few.
ODD_SHAPE = (ValueError, TypeError, LookupError, AttributeError)


def parse_note(text: str | bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Read JSON of which nothing is known.

    Args:
        text: what should be JSON.

    Returns:
        Its value; no number in it is infinite, so that `int` takes them all.

    Raises:
        ValueError: it is not, or is nested deeper than Python reads.
    """
    try:
        return _decode(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("JSON nested too deep") from None


def read_note(path: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Read a small JSON file.

    Args:
        path: the file.

    Returns:
        Its value.

    Raises:
        ValueError: it is no JSON; see `parse_note`.
        OSError: it cannot be read.
    """
    return parse_note(path.read_bytes())


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number that a note holds")
    return value


_decode = json.JSONDecoder(parse_float=_finite, parse_constant=_finite).decode  # made once: some files have many lines
