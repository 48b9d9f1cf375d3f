"""A preference row as a question for a vision model: which of two pictures follows the instruction?

The accepted edit is the first picture of half of the pairs and the second of the other half, by a hash of the id, so
that its place says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2s
from typing import TYPE_CHECKING

from pico_banana.sharing.export.tokens import without_places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pico_banana.sharing.export.edits import Edit

ANSWERS = ("A", "B")


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the accepted edit of a pair stands.

    Attributes:
        first: the role of picture A.
        second: the role of picture B.
        chosen: "A" or "B".
        rejected: the other.
    """

    first: str
    second: str
    chosen: str
    rejected: str


def each_pair(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Part edits into one for each rejected picture.

    Args:
        edits: edits of preference rows.

    Yields:
        Edits with one rejected picture each; none for a row without.
    """
    for edit in edits:
        for number, address in enumerate(edit.rejected):
            parts = [edit.part, f"rejected{number + 1}" if number else ""]
            yield replace(edit, part="-".join(filter(None, parts)), rejected=(address,))


def choice_of(edit: Edit) -> Choice:
    """Say in which order a pair is shown.

    Args:
        edit: an edit with one rejected picture.

    Returns:
        The order, the same in every run.
    """
    if accepted_first(edit.id):
        return Choice("edited", "rejected0", "A", "B")
    return Choice("rejected0", "edited", "B", "A")


def accepted_first(identity: str) -> bool:
    """Say whether the accepted edit of a pair is shown first.

    Args:
        identity: the edit's id.

    Returns:
        Whether it is, the same in every run.
    """
    return not blake2s(identity.encode(), digest_size=1).digest()[0] % 2


def question(edit: Edit, *, tokens: str = "") -> str:
    """Ask which picture follows the instruction.

    Args:
        edit: the edit.
        tokens: what stands for the three pictures in the text, where a trainer wants that.

    Returns:
        The question.
    """
    return (
        f"{tokens}The first picture was to be edited as follows: {without_places(edit.instruction)}\n"
        "Picture A is the second, picture B the third. Which one follows the instruction better? Answer A or B."
    )
