"""Row ids: stable, readable, unique over all published files.

An id is the subset and the whole published path of the row's (last) edit: `single_turn/positive-edit/kf3o5u_retry1`.
Never its digits, which collide for 22 % of the rows, and never a line number, which changes when rows are added. Rows
that share a path are told apart by a hash of their content: `single_turn/positive-edit/7~1b9c44e0`.
"""

from __future__ import annotations

import re
from hashlib import blake2s
from typing import TYPE_CHECKING

from pico_banana.errors import UnknownNameError
from pico_banana.records import Subset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TWIN = re.compile(r"~([0-9a-f]{8})$")


def id_maker(subset: Subset) -> Callable[[str, int], str]:
    """Give the function that makes the ids of one subset.

    Args:
        subset: the subset; `instructions` has the ids of `single_turn`, whose rows it shows.

    Returns:
        A function of the path of the row's edit below `images/` (of the last turn for a session) and its twin number
        (0, or what tells rows of one path apart).
    """
    prefix = id_prefix(subset)

    def row_id(path: str, twin: int) -> str:
        # What is not an ordinary name is kept whole and marked, so that no two paths have one id.
        short = path[:-4] if path.endswith(".png") and "~" not in path else f"{path}~"
        return f"{prefix}{short}~{twin:08x}" if twin else prefix + short

    return row_id


def id_prefix(subset: Subset) -> str:
    """Give what every id of a subset starts with.

    Args:
        subset: the subset.

    Returns:
        The start, up to the path.
    """
    return f"{(Subset.SINGLE_TURN if subset is Subset.INSTRUCTIONS else subset).value}/"


def parse_row_id(subset: Subset, text: str) -> tuple[str, int]:
    """Take an id apart.

    Args:
        subset: the subset it should belong to.
        text: the id.

    Returns:
        The path, and the twin number; 0 for a row that has its path for itself.

    Raises:
        UnknownNameError: the id belongs to another subset, or is none.
    """
    prefix = id_prefix(subset)
    if not text.startswith(prefix):
        error = f"{text!r} is not the id of a {subset.value} row; such an id starts with '{prefix}'"
        raise UnknownNameError(error, kind="row id", name=text)
    if not text.isascii() and text != text.encode(errors="ignore").decode():
        error = f"{text!r} holds half of a surrogate pair, which is no text: no row has such an id"
        raise UnknownNameError(error, kind="row id", name=text)
    path = text.removeprefix(prefix)
    twin = _TWIN.search(path)
    short, number = (path[: twin.start()], int(twin[1], 16)) if twin else (path, 0)
    return (short[:-1] if short.endswith("~") else f"{short}.png"), number


class TwinNumbers:
    """Tells rows of one path apart by what else they say, one row after another; keeps hashes, never the rows."""

    __slots__ = ("_attempts", "_taken")

    def __init__(self) -> None:
        """Start with no row."""
        self._taken = {0}
        self._attempts: dict[bytes, int] = {}

    def next(self, content: str) -> int:
        """Give the next row a number.

        Args:
            content: what it says.

        Returns:
            A number other than 0 that no row before has, the same whatever the order of rows that differ.
        """
        key = digest_of(content)
        number, attempt = 0, self._attempts.get(key, 0)
        while number in self._taken:
            number = _hash(content, attempt)
            attempt += 1
        self._attempts[key] = attempt
        self._taken.add(number)
        return number


def digest_of(text: str) -> bytes:
    """Give 16 bytes that stand for a text.

    Args:
        text: any text.

    Returns:
        Its hash.
    """
    return blake2s(text.encode(), digest_size=16).digest()


def twin_numbers(contents: Sequence[str]) -> list[int]:
    """Tell rows of one path apart by what else they say.

    Args:
        contents: the content of each row.

    Returns:
        One number other than 0 per row, all different, the same whatever the order of rows that differ.
    """
    numbers = TwinNumbers()
    return [numbers.next(content) for content in contents]


def _hash(content: str, attempt: int) -> int:
    return int.from_bytes(blake2s(f"{content}\0{attempt}".encode(), digest_size=4).digest(), "big")
