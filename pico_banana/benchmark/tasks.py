"""The work of a benchmark: what its ids stand for on a mirror, as photos, instructions and pictures to compare with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pico_banana.errors import ConfigError, UnknownNameError
from pico_banana.records import MultiTurn, Preference, SingleTurn, Subset
from pico_banana.regenerate.plan.photos import find_photos, from_refs
from pico_banana.regenerate.settings.sections import SourceSettings
from pico_banana.regenerate.values import Photo, derived_seed
from pico_banana.rows.choosing.selection import Selection
from pico_banana.rows.opening import open_sequence
from pico_banana.rows.sequence import RecordSequence
from pico_banana.taxonomy import EditType, edit_type_from_label

if TYPE_CHECKING:
    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.records import ImageRef, Record
    from pico_banana.rows.choosing.definition import Definition

Wording = Literal["long", "short"]
# The release gives the turns of a session no types; where none is inferred either, a judge is told this.
_UNTYPED = "an edit of a session"


@dataclass(frozen=True, slots=True)
class Step:
    """One edit that is asked for.

    Attributes:
        instruction: what is asked.
        edit_type: its type; for a turn of a session the inferred one, or an unknown one.
        published: the address of the release's own edit, or None where it has none.
    """

    instruction: str
    edit_type: EditType
    published: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """One photo and what is asked of it: one edit, or those of a session in order.

    Attributes:
        id: the row's id.
        part: "single_turn" or "multi_turn"; "preference" for one side of a pair, "duel", "rewriting".
        photo: the source photo, with what is known to be in it.
        steps: the edits.
    """

    id: str
    part: str
    photo: Photo
    steps: tuple[Step, ...]

    def seed(self, seed: int) -> int:
        """Derive the seed of this task from that of a run."""
        return derived_seed(seed, self.id)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two edits of one photo, one preferred; what a judge is tested with.

    Attributes:
        id: the row's id.
        photo: the source photo.
        step: what was asked; `published` is the preferred edit.
        rejected: the address of the other edit.
    """

    id: str
    photo: Photo
    step: Step
    rejected: str

    @property
    def task(self) -> Task:
        """The preferred edit as a task of one step."""
        return Task(self.id, "preference", self.photo, (self.step,))


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A long instruction that is to be shortened.

    Attributes:
        task: the edit, with the long instruction.
        published: the release's short text; empty where it has none.
    """

    task: Task
    published: str


def tasks_of(definition: Definition, mirror: Mirror, *, wording: Wording = "long") -> list[Task]:
    """Give the edits and sessions of a benchmark.

    Args:
        definition: the benchmark.
        mirror: where the rows are.
        wording: the "long" or the "short" instruction; sessions have one instruction a turn.

    Returns:
        The tasks in the order of the definition, sessions last.

    Raises:
        ConfigError: the mirror lacks rows that the definition names.
    """
    singles = _records(Subset.SINGLE_TURN, definition.single_turn, mirror)
    sessions = _records(Subset.MULTI_TURN, definition.multi_turn, mirror)
    return [_task(record, mirror, wording) for record in (*singles, *sessions)]


def pairs_of(definition: Definition, mirror: Mirror) -> list[Pair]:
    """Give the pairs of a benchmark.

    Args:
        definition: the benchmark.
        mirror: where the rows are.

    Returns:
        The pairs in the order of the definition: the chosen edit and the first rejected one.

    Raises:
        ConfigError: the mirror lacks rows that the definition names.
    """
    found = []
    for record in _records(Subset.PREFERENCE, definition.preference, mirror):
        if isinstance(record, Preference) and record.rejected:
            step = Step(record.instruction, record.edit_type, record.chosen.address)
            found.append(Pair(record.id, _photo(record.source, mirror), step, record.rejected[0].address))
    return found


def rewritings_of(definition: Definition, mirror: Mirror) -> list[Rewriting]:
    """Give the long instructions of a benchmark.

    Args:
        definition: the benchmark.
        mirror: where the rows are.

    Returns:
        One a single edit, in the order of the definition.

    Raises:
        ConfigError: the mirror lacks rows that the definition names.
    """
    records = _records(Subset.SINGLE_TURN, definition.single_turn, mirror)
    return [
        Rewriting(replace(_task(one, mirror, "long"), part="rewriting"), one.short_instruction or "")
        for one in records
        if isinstance(one, SingleTurn)
    ]


def _records(subset: Subset, ids: tuple[str, ...], mirror: Mirror) -> list[Record]:
    if not ids:
        return []
    kind: type[RecordSequence[Record]] = RecordSequence
    try:
        rows = open_sequence(kind, Selection(subset=subset, ids=ids), mirror=mirror, on_bad_rows="skip")
    except UnknownNameError as error:
        text = f"the mirror {mirror.root} lacks rows of this definition: {error}; name the mirror it was made from"
        raise ConfigError(text, key="mirror") from error
    by_id = {getattr(record, "id", ""): record for record in rows}
    return [by_id[name] for name in ids]


def _task(record: Record, mirror: Mirror, wording: Wording) -> Task:
    if isinstance(record, SingleTurn):
        short = wording == "short" and record.short_instruction
        step = Step(short or record.instruction, record.edit_type, record.edited.address)
        return Task(record.id, "single_turn", _photo(record.source, mirror), (step,))
    if not isinstance(record, MultiTurn):
        raise ConfigError(f"{type(record).__name__} is neither an edit nor a session", key="definition")
    steps = tuple(
        Step(
            turn.instruction,
            turn.inferred_edit_type or edit_type_from_label(_UNTYPED),
            turn.image.address if turn.image is not None else None,
        )
        for turn in record.turns
    )
    return Task(record.id, "multi_turn", _photo(record.source, mirror), steps)


def _photo(source: ImageRef, mirror: Mirror) -> Photo:
    (photo,) = from_refs([source])
    known = _known(mirror.root).get(photo.url)
    if known is None:
        return photo
    return Photo(photo.url, photo.locator, known=True, objects=known.objects, tags=known.tags)


@lru_cache(maxsize=4)
def _known(root: str) -> dict[str, Photo]:
    """Give the photos of a mirror of which an `objects.json` says what they show, by address."""
    if root != "sample" and not (Path(root) / "objects.json").is_file():
        return {}
    return {photo.url: photo for photo in find_photos(SourceSettings(folder=root)) if photo.known}
