"""What the embedded sample consists of, read from `edits.toml` and `sessions.toml`: texts, and the shots to draw."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.rehearsal.making.dice import Dice
from pico_banana.rehearsal.making.traps import Trap
from pico_banana.taxonomy import EditType, edit_type
from tests.sample_maker.studio.shots import editor_size, photos

if TYPE_CHECKING:
    from tests.sample_maker.studio.shots import Change, Photo, Shot

_SIZE = 91


@dataclass(frozen=True, slots=True)
class Edit:
    """A single-turn row of the sample.

    Attributes:
        number: its number in the file.
        photo: the source photo.
        kind: the edit type.
        trap: its known problem, or None.
        changes: what the accepted edit changes.
        rejected: what each failed attempt changed, in order.
        retry: how many attempts failed.
        long: the long instruction.
        short: the short instruction, before any trap.
    """

    number: int
    photo: Photo
    kind: EditType
    trap: Trap | None
    changes: tuple[Change, ...]
    rejected: tuple[tuple[Change, ...], ...]
    retry: int
    long: str
    short: str

    @property
    def has_picture(self) -> bool:
        """Whether the row has a picture of its own."""
        return self.trap not in {Trap.SHARED_OUTPUT, Trap.REPEATED_ROW}

    def shot(self) -> Shot:
        """Give the accepted edit.

        Returns:
            The photo's shot, changed.
        """
        return self.photo.shot.changed(self.changes)


@dataclass(frozen=True, slots=True)
class Session:
    """A multi-turn row of the sample.

    Attributes:
        number: its number in the file.
        photo: the source photo.
        trap: its known problem, or None.
        prompts: the instruction of each turn.
        changes: what each turn changes.
    """

    number: int
    photo: Photo
    trap: Trap | None
    prompts: tuple[str, ...]
    changes: tuple[tuple[Change, ...], ...]

    def shots(self) -> tuple[Shot, ...]:
        """Give what is seen after each turn.

        Returns:
            One shot a turn, each with all changes up to it.
        """
        shot, shots = self.photo.shot, []
        for changes in self.changes:
            shot = shot.changed(changes)
            shots.append(shot)
        return tuple(shots)


@cache
def edits() -> tuple[Edit, ...]:
    """Read the single-turn rows.

    Returns:
        Every row in the file's order, which is by type.
    """
    return tuple(_edit(number, entry) for number, entry in enumerate(_read("edits")["edits"]))


def _edit(number: int, entry: dict[str, Any]) -> Edit:
    return Edit(
        number=number,
        photo=photos()[entry["photo"]],
        kind=edit_type(entry["type"]),
        trap=Trap(entry["trap"]) if "trap" in entry else None,
        changes=tuple(entry.get("change", ())),
        rejected=tuple(tuple(changes) for changes in entry.get("rejected", ())),
        retry=entry.get("retry", 0),
        long=entry.get("long", ""),
        short=entry.get("short", ""),
    )


@cache
def sessions() -> tuple[Session, ...]:
    """Read the multi-turn rows.

    Returns:
        Every session in the file's order.
    """
    return tuple(_session(number, entry) for number, entry in enumerate(_read("sessions")["sessions"]))


def _session(number: int, entry: dict[str, Any]) -> Session:
    return Session(
        number=number,
        photo=photos()[entry["photo"]],
        trap=Trap(entry["trap"]) if "trap" in entry else None,
        prompts=tuple(turn["prompt"] for turn in entry["turns"]),
        changes=tuple(tuple(turn["change"]) for turn in entry["turns"]),
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))


def edited_size(photo: Photo, shot: Shot, *key: int) -> tuple[int, int]:
    """Give the size of an edited picture: mostly not that of its photo.

    Args:
        photo: the source photo.
        shot: the edit.
        key: numbers that name the picture.

    Returns:
        Width and height in pixels: the photo's for one in three edits that keep the view, else an editor's.
    """
    same_view = shot.scene.view == photo.shot.scene.view
    return photo.size if same_view and Dice(_SIZE, *key).roll(3) == 0 else editor_size(shot.scene.view)
