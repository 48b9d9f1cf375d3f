"""Which parts of a row make an example: the row itself, one of its turns, or one of its rejected edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pico_banana.errors import ConfigError
from pico_banana.records import MultiTurn, Preference, SingleTurn
from pico_banana.records.wording import NO_TEXTS, Texts, Wording, turn_id, worded, worded_turn

if TYPE_CHECKING:
    from pico_banana.records import Record

WHOLE = -1
MEASURED = ("aspect_change", "alignment")  # columns that pictures give beside themselves; the second where registered
_PAIR = 2


class Rows(Protocol):
    """What examples are made from: anything with a length that gives records by index."""

    def __len__(self) -> int:
        """Count the rows."""
        ...

    def __getitem__(self, index: int, /) -> Record:
        """Give one row."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One example: a row and which part of it.

    Attributes:
        row: the row's index.
        number: the turn or rejected edit, from 0; -1 for a whole session.
        pictures: how many pictures it has.
    """

    row: int
    number: int = 0
    pictures: int = 2

    @property
    def whole(self) -> bool:
        """Whether this is a whole session, its pictures in one array."""
        return self.number == WHOLE

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of pictures."""
        if self.whole:
            return ("images",)
        return ("source", "chosen", "rejected") if self.pictures > _PAIR else ("source", "edited")

    def column_of(self, picture: str) -> str:
        """Say in which column a picture ends up.

        Args:
            picture: a name of `pictures_of`.

        Returns:
            The column: its own name, or "images" for a whole session.
        """
        return "images" if self.whole else picture

    def name(self, record: Record) -> str:
        """Name the example.

        Args:
            record: the row.

        Returns:
            The row's id; with `#turn2` or `#rejected2` where the row gives several examples.
        """
        if isinstance(record, MultiTurn) and not self.whole:
            return turn_id(record.id, self.number + 1)
        if isinstance(record, Preference) and self.number > 0:
            return f"{record.id}#rejected{self.number + 1}"
        return record.id

    def pictures_of(self, record: Record) -> dict[str, str]:
        """Give the addresses of the example's pictures.

        Args:
            record: the row.

        Returns:
            Addresses by name; the picture before the edit first, the one after it second.

        Raises:
            ConfigError: the row has no pictures.
        """
        if isinstance(record, SingleTurn):
            return {"source": record.source.address, "edited": record.edited.address}
        if isinstance(record, Preference):
            rejected = record.rejected[self.number]
            names = {"source": record.source, "chosen": record.chosen, "rejected": rejected}
            return {name: picture.address for name, picture in names.items()}
        if isinstance(record, MultiTurn):
            steps = [record.source, *(turn.image for turn in record.turns if turn.image is not None)]
            if self.whole:
                return {f"image{number}": picture.address for number, picture in enumerate(steps)}
            before, _, after = list(record.steps())[self._step(record)]
            return {"source": before.address, "edited": after.address}
        msg = "instruction pairs have no pictures; load single_turn, preference or multi_turn"
        raise ConfigError(msg, key="subset")

    def texts_of(self, record: Record, wording: Wording, made_anew: Texts = NO_TEXTS) -> dict[str, Any]:
        """Give what is not a picture.

        Args:
            record: the row.
            wording: which instruction.
            made_anew: texts that were made anew.

        Returns:
            Values by column.
        """
        texts: dict[str, Any] = {"id": self.name(record)}
        if isinstance(record, MultiTurn):
            turns = range(1, len(record.turns) + 1)
            said = tuple(worded_turn(record, number, wording, made_anew).text for number in turns)
            if self.whole:
                return texts | {"instructions": said, "turns": len(said)}
            place = {"turn": self.number + 1, "turns": len(said)}
            return texts | {"instruction": said[self.number], "history": said[: self.number], **place}
        kind = {"edit_type": str(record.edit_type), "category": str(record.category)}
        one = worded(record, wording, made_anew).text
        return texts | {"instruction": one, "short_instruction": record.short_instruction, **kind}

    def gathered(self, example: dict[str, Any]) -> dict[str, Any]:
        """Put a whole session's pictures into one array.

        Args:
            example: pictures by name, and other values.

        Returns:
            The same, with "images" of shape (turns + 1, height, width, 3) in place of a session's pictures.
        """
        if not self.whole:
            return example
        import numpy as np

        pictures = [value for name, value in example.items() if name not in MEASURED]
        rest = {name: value for name, value in example.items() if name in MEASURED}
        return ({"images": np.stack(pictures)} if pictures else {}) | rest

    def _step(self, record: MultiTurn) -> int:
        """The place of this turn among the turns whose pictures are both there."""
        return sum(_complete(record, turn) for turn in range(self.number))


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows, cut into examples.

    Attributes:
        parts: the examples, in the order of the rows.
        left_out: the reason for every row and turn that gives no example, by id.
    """

    parts: Sequence[Part]
    left_out: dict[str, str]


def cut_up(rows: Rows, *, turns: str, rejected: str) -> Cut:
    """Cut rows into examples.

    Args:
        rows: the rows.
        turns: "each" or "whole".
        rejected: "each" or "first".

    Returns:
        The examples, and what gives none: a preference row without a rejected edit, a turn without its pictures.
    """
    if not len(rows) or isinstance(rows[0], SingleTurn):
        return Cut(_SingleParts(len(rows)), {})
    cut = _cutter(turns, rejected)
    parts: list[Part] = []
    left_out: dict[str, str] = {}
    for row in range(len(rows)):
        record = rows[row]
        parts += cut(row, record)
        left_out.update(_left_out(record, turns))
    return Cut(parts, left_out)


def columns_of(record: Record, *, turns: str) -> tuple[str, ...]:
    """Name the columns that examples of a subset can have.

    Args:
        record: any row of it.
        turns: "each" or "whole".

    Returns:
        Their names; none for a subset without pictures.
    """
    common = ("instruction", "short_instruction", "edit_type", "category", "aspect_change")
    if isinstance(record, MultiTurn) and turns == "whole":
        return ("id", "images", "instructions", "turns", "aspect_change")
    if isinstance(record, MultiTurn):
        return ("id", "source", "edited", "instruction", "history", "turn", "turns", "aspect_change")
    if isinstance(record, Preference):
        return ("id", "source", "chosen", "rejected", *common)
    return ("id", "source", "edited", *common) if isinstance(record, SingleTurn) else ()


def _cutter(turns: str, rejected: str) -> Callable[[int, Record], list[Part]]:
    def cut(row: int, record: Record) -> list[Part]:
        if isinstance(record, Preference):
            count = len(record.rejected) if rejected == "each" else min(1, len(record.rejected))
            return [Part(row, number, 3) for number in range(count)]
        if isinstance(record, MultiTurn) and turns == "whole":
            complete = all(turn.image is not None for turn in record.turns)
            return [Part(row, WHOLE, len(record.turns) + 1)] if complete and record.turns else []
        if isinstance(record, MultiTurn):
            return [Part(row, number) for number in range(len(record.turns)) if _complete(record, number)]
        return [Part(row)]

    return cut


def _left_out(record: Record, turns: str) -> Iterator[tuple[str, str]]:
    """Say of a row, or of its turns, why it gives no example; the counterpart of `_cutter`."""
    if isinstance(record, Preference) and not record.rejected:
        yield record.id, "the row has no rejected edit"
    if not isinstance(record, MultiTurn):
        return
    bare = [number for number, turn in enumerate(record.turns, 1) if turn.image is None]
    if turns == "whole" and (bare or not record.turns):
        yield record.id, f"no picture of turn {', '.join(map(str, bare))}" if bare else "the session has no turn"
    elif bare:
        for number in range(1, len(record.turns) + 1):
            if not _complete(record, number - 1):
                yield turn_id(record.id, number), f"no picture of turn {number if number in bare else number - 1}"


def _complete(record: MultiTurn, turn: int) -> bool:
    before = record.source if turn == 0 else record.turns[turn - 1].image
    return before is not None and record.turns[turn].image is not None


class _SingleParts(Sequence[Part]):
    """One part a row, made when asked for: a quarter of a million of them cost nothing."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401  the overloads of Sequence, int or slice
        if isinstance(index, slice):
            return [Part(row) for row in range(self._count)[index]]
        return Part(range(self._count)[index])
