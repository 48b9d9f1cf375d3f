"""One part of an assembly: items of a ledger become rows, pictures and annotations.

Rows go to files in a room of the part's own, to be joined; pictures go to the mirror at once.
"""

from __future__ import annotations

import io
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pico_banana.errors import StoreError
from pico_banana.mirrors.addresses import key_of_url
from pico_banana.mirrors.catalog import rows_file
from pico_banana.mirrors.store import write_atomic, writing
from pico_banana.records import ImageRef, Subset
from pico_banana.regenerate.ledger.book import Ledger, open_ledger
from pico_banana.regenerate.results.derive import results
from pico_banana.regenerate.results.notes import item_note, to_json
from pico_banana.regenerate.results.placing import link, place
from pico_banana.rows.lines.ids import id_maker
from pico_banana.rows.lines.published import published_line
from pico_banana.taxonomy import edit_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.regenerate.results.ended import Attempt, ItemResult, TurnResult
    from pico_banana.regenerate.settings.policy import Policy

ANNOTATIONS = "annotations/regenerate.jsonl"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NAME_LENGTH = 6
SUBSETS = (Subset.SINGLE_TURN, Subset.PREFERENCE, Subset.MULTI_TURN)
FILES = (*(name for subset in SUBSETS for name in (rows_file(subset).path, rows_file(subset).manifest)), ANNOTATIONS)


@dataclass(frozen=True, slots=True)
class Task:
    """A part of a ledger's items.

    Attributes:
        ledger: the ledger's folder.
        items: the ids of the items.
        folder: the mirror's root, where pictures go.
        room: where the rows go until all parts are there.
        policy: the policy.
        pictures: False writes rows and annotations only.
    """

    ledger: Path
    items: range
    folder: Path
    room: Path
    policy: Policy
    pictures: bool


@dataclass(slots=True)
class Part:
    """What a part came to.

    Attributes:
        named: the pictures in the mirror, by their paths below `images`; empty when rows only are written.
        photos: the photos the rows name.
        items: planned items.
        edits: pictures of edits that the rows name.
        ended: how the items ended that have no row.
        counts: rows of each subset.
    """

    named: set[str] = field(default_factory=set)
    photos: set[str] = field(default_factory=set)
    items: int = 0
    edits: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    counts: Counter[Subset] = field(default_factory=Counter)


def assemble_part(task: Task) -> Part:
    """Write the rows of one part, and place its pictures.

    Args:
        task: which items, and where to.

    Returns:
        What it came to.

    Raises:
        StoreError: the folder cannot be written, or the ledger cannot be read.
        DiskFullError: there is no room.
    """
    with open_ledger(task.ledger) as ledger:
        writer = _Writer(ledger, task)
        with writer.opened():
            for result in results(ledger, task.policy, items=task.items):
                writer.add(result)
    return writer.part


class _Rows:
    """One subset's rows file and list of pictures."""

    def __init__(self, subset: Subset, rows: IO[bytes], manifest: IO[bytes]) -> None:
        self.subset = subset
        self.rows = rows
        self.manifest = manifest
        self.row_id = id_maker(subset)

    def add(self, row: dict[str, Any], paths: list[str]) -> None:
        self.rows.write(published_line(self.subset, row))
        self.manifest.write("".join([f"images/{path}\n" for path in paths]).encode())


class _Writer:
    """Writes rows as results come."""

    def __init__(self, ledger: Ledger, task: Task) -> None:
        self.ledger = ledger
        self.task = task
        self.part = Part()
        self.rows: dict[Subset, _Rows] = {}
        self.annotations: IO[bytes] = io.BytesIO()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Open all files of this part; what cannot be written is told as for any other file."""
        with ExitStack() as stack, writing(self.task.room):
            self._open(stack)
            yield

    def _open(self, stack: ExitStack) -> None:
        def file(name: str) -> IO[bytes]:
            path = self.task.room / name
            path.parent.mkdir(parents=True, exist_ok=True)
            return stack.enter_context(path.open("wb"))

        for subset in SUBSETS:
            about = rows_file(subset)
            self.rows[subset] = _Rows(subset, file(about.path), file(about.manifest))
        self.annotations = file(ANNOTATIONS)

    def add(self, result: ItemResult) -> None:
        self.part.items += 1
        if not result.turns or result.turns[0].accepted is None:
            self.part.ended[str(result.turns[0].end) if result.turns else "not begun"] += 1
            return
        self._photo(result)
        self._single(result)
        if turns := result.session(self.task.policy):
            self._session(result, turns)

    def _single(self, result: ItemResult) -> None:
        turn = result.turns[0]
        chosen = _accepted(turn)
        path = self._picture("positive-edit", _positive_name(result.item, chosen.attempt), chosen)
        row = {
            "source": result.url,
            "edited": path,
            "instruction": turn.instruction,
            "short": turn.short or None,
            "label": _label(turn.edit_type),
        }
        note = item_note(result, (turn,))
        self._row(Subset.SINGLE_TURN, row, [path], path, note)
        if turn.negatives:
            rejected = [self._picture("rejected-edit", f"{result.item}_{one.attempt}", one) for one in turn.negatives]
            self._row(Subset.PREFERENCE, {**row, "rejected": rejected}, [path, *rejected], path, note)

    def _session(self, result: ItemResult, turns: tuple[TurnResult, ...]) -> None:
        paths = [self._picture("multi-turn", f"{result.item}_turn{turn.turn}", _accepted(turn)) for turn in turns]
        row = {
            "source": result.url,
            "turn_instruction": [turn.instruction for turn in turns],
            "turn_image": paths,
        }
        self._row(Subset.MULTI_TURN, row, paths, paths[-1], item_note(result, turns))

    def _row(self, subset: Subset, row: dict[str, Any], paths: list[str], key: str, note: str) -> None:
        rows = self.rows[subset]
        rows.add(row, paths)
        self.part.counts[subset] += 1
        self.annotations.write(f'{{"id": {to_json(rows.row_id(key, 0))}, {note}}}\n'.encode())

    def _picture(self, kind: str, name: str, attempt: Attempt) -> str:
        path = f"{kind}/{name}.png"
        self.part.edits += 1
        if self.task.pictures:
            self.part.named.add(path)
            if attempt.edited_sha is not None:
                kept = self.ledger.vault.path(attempt.edited_sha, attempt.media_type)
                place(kept, self.task.folder / "images" / path, attempt.media_type)
        return path

    def _photo(self, result: ItemResult) -> None:
        key = key_of_url(result.url)
        if key in self.part.photos:
            return
        self.part.photos.add(key)
        if not self.task.pictures:
            return
        target = self.task.folder / "source" / key
        if ".." in target.parts:
            raise StoreError(f"the photo's address {result.url!r} leaves the folder it belongs to", path=str(target))
        if target.exists():
            return
        if "://" in result.locator:
            write_atomic(target, ImageRef(result.locator, "source").bytes())
        else:
            link(Path(result.locator), target)


def _accepted(turn: TurnResult) -> Attempt:
    if turn.accepted is None:
        raise StoreError(f"turn {turn.turn} has no accepted attempt")  # a caller's mistake, not a user's
    return turn.accepted


@cache
def _label(kind: str) -> str:
    return edit_type(kind).label


def _positive_name(item: int, attempt: int) -> str:
    if attempt == 1:
        return str(item)
    digits = ""
    while item:
        item, rest = divmod(item, 36)
        digits = _DIGITS[rest] + digits
    return f"{digits.rjust(_NAME_LENGTH, '0')}_retry{attempt - 1}"
