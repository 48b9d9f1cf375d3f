"""Rows as edits, the unit that trainers take: a picture before, an instruction, a picture after.

A single-turn row is one edit, a session one for each turn, a preference row one with its rejected edits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pico_banana.errors import ConfigError
from pico_banana.records import MultiTurn, Preference, SingleTurn
from pico_banana.records.wording import NO_TEXTS, Texts, worded, worded_turn
from pico_banana.records.wording import Wording as OneWording
from pico_banana.sharing.export.keys import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pico_banana.records import Record
    from pico_banana.sharing.export.options import Wording


class Example(Protocol):
    """What becomes one sample of an export.

    Attributes:
        id: names it in the report.
        row: the id of the row it comes from.
        pictures: the addresses of its pictures by role; the source first, the edit second.
    """

    @property
    def id(self) -> str:
        """What names it in the report."""
        ...

    @property
    def row(self) -> str:
        """The id of its row."""
        ...

    @property
    def pictures(self) -> dict[str, str]:
        """The addresses of its pictures by role."""
        ...


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit.

    Attributes:
        row: the row's id.
        source: the address of the picture before.
        edited: the address of the picture after.
        instruction: in the wanted wording.
        edit_type: its slug; empty for a turn, whose type the release does not say.
        category: its slug; empty for a turn.
        rejected: the addresses of rejected edits.
        part: what tells the edits of one row apart: "turn2", "short", "rejected2"; empty for the only one.
    """

    row: str
    source: str
    edited: str
    instruction: str
    edit_type: str = ""
    category: str = ""
    rejected: tuple[str, ...] = ()
    part: str = ""

    @property
    def id(self) -> str:
        """The row's id, with `#turn2` for a turn."""
        return f"{self.row}#{self.part}" if self.part else self.row

    @property
    def kind(self) -> str:
        """The edit type's slug; of a turn, which has none, the turn."""
        return self.edit_type or self.part

    @property
    def key(self) -> str:
        """The id as a file name: no separators, no dots, and still one for each id."""
        return key_of(self.row, self.part)

    @property
    def pictures(self) -> dict[str, str]:
        """The addresses by role: source, edited, rejected0 and on."""
        return {"source": self.source, "edited": self.edited} | {
            f"rejected{number}": address for number, address in enumerate(self.rejected)
        }


def edits_of(
    records: Iterable[Record], wording: Wording, *, rejected: bool = True, texts: Texts = NO_TEXTS
) -> Iterator[Edit]:
    """Turn rows into edits.

    Args:
        records: the rows.
        wording: which instruction; "both" gives a second edit, `#short`, where the short one is usable and differs.
        rejected: with the rejected pictures of preference rows.
        texts: those made anew, for the wordings that are.

    Yields:
        The edits in order; a turn whose pictures are not both there gives none.

    Raises:
        ConfigError: the rows have no pictures.
    """
    one: OneWording = "long" if wording == "both" else wording
    for record in records:
        if isinstance(record, MultiTurn):
            yield from _of_session(record, one, texts)
        elif isinstance(record, (SingleTurn, Preference)):
            edit = _of_row(record, worded(record, one, texts).text, rejected=rejected)
            yield edit
            short = record.clean_short_instruction
            if wording == "both" and short and short != record.instruction:
                yield replace(edit, part="short", instruction=short)
        else:
            msg = (
                "instruction pairs have no pictures; export single_turn, preference or multi_turn, or use jsonl or csv"
            )
            raise ConfigError(msg, key="subset")


def _of_row(record: SingleTurn | Preference, instruction: str, *, rejected: bool) -> Edit:
    after = record.chosen if isinstance(record, Preference) else record.edited
    losers = record.rejected if rejected and isinstance(record, Preference) else ()
    kind = str(record.edit_type), str(record.category)
    pictures = tuple(picture.address for picture in losers)
    return Edit(record.id, record.source.address, after.address, instruction, *kind, pictures)


def _of_session(session: MultiTurn, wording: OneWording, texts: Texts) -> Iterator[Edit]:
    before = session.source
    for number, turn in enumerate(session.turns, 1):
        if before is not None and turn.image is not None:
            said = worded_turn(session, number, wording, texts).text
            yield Edit(session.id, before.address, turn.image.address, said, part=f"turn{number}")
        before = turn.image  # type: ignore[assignment]  # None where the release lacks the picture
