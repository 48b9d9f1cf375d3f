"""Small JSON files: notes that an earlier run left, lists that others wrote. What is really in them nobody knows."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError

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


def named_text(path: Path, *, key: str = "") -> str:
    """Read a text file that a user named.

    Args:
        path: the file.
        key: the option that names it.

    Returns:
        Its text; a mark of the byte order at its start is none of it.

    Raises:
        ConfigError: it is no UTF-8.
        OSError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        text = f"{path} is not UTF-8 (byte {error.start:,} of it); save it as UTF-8"
        raise ConfigError(text, key=key) from error


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number that a note holds")
    return value


_decode = json.JSONDecoder(parse_float=_finite, parse_constant=_finite).decode  # made once: some files have many lines
