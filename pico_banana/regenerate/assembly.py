"""A ledger under a policy becomes a mirror: a folder in the published layout, read by the same code as the release.

::

    jsonl/*.jsonl, manifest/*.txt     rows and lists of pictures, as published
    images/positive-edit/12.png       accepted at the first attempt: the item's number
    images/positive-edit/00000c_retry1.png    accepted later: the number in base 36
    images/rejected-edit/12_1.png     the failed attempts before it
    images/multi-turn/12_turn1.png    every turn of a session; the last turn's picture is its final image
    source/<host>/<path>              the photos
    annotations/regenerate.jsonl      by row id: scores, reasons, sizes, provenance; what the published rows have no
    place for

Pictures are hard links to those of the ledger where they are PNG, so assembling again costs next to nothing.
"""

from __future__ import annotations

import io
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote

from pico_banana.catalog import rows_file
from pico_banana.errors import StoreError
from pico_banana.records import ImageRef, Subset
from pico_banana.regenerate.derive import Attempt, ItemResult, TurnResult, results
from pico_banana.regenerate.notes import item_note, to_json
from pico_banana.regenerate.placing import link, place, remove_unnamed
from pico_banana.rows.ids import id_maker
from pico_banana.rows.published import published_line
from pico_banana.store import atomic_path, write_atomic
from pico_banana.taxonomy import edit_type

if TYPE_CHECKING:
    from pico_banana.regenerate.ledger import Ledger
    from pico_banana.regenerate.policy import Policy

ANNOTATIONS = "annotations/regenerate.jsonl"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NAME_LENGTH = 6
_SUBSETS = (Subset.SINGLE_TURN, Subset.PREFERENCE, Subset.MULTI_TURN)


@dataclass(frozen=True, slots=True)
class Assembled:
    """What was written; `items == accepted + sum(ended.values())`.

    Attributes:
        folder: the mirror's root.
        items: planned items.
        accepted: items whose first turn was accepted, the rows of sft.jsonl.
        ended: how the others ended: "discarded", "refused", "declined", "unwritten", "open", "not begun".
        preference: rows of preference.jsonl.
        sessions: rows of multi-turn.jsonl.
        pictures: picture files the rows name, photos included.
    """

    folder: Path
    items: int = 0
    accepted: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    preference: int = 0
    sessions: int = 0
    pictures: int = 0


def assemble(ledger: Ledger, folder: Path, *, policy: Policy | None = None, pictures: bool = True) -> Assembled:
    """Write the mirror of a ledger.

    Args:
        ledger: open for reading.
        folder: the mirror's root; what an earlier assembly left there is replaced, rows first.
        policy: None for the policy of the ledger's latest run.
        pictures: False writes rows and annotations only.

    Returns:
        The counts.

    Raises:
        StoreError: the folder is not empty and no mirror, or cannot be written.
        DiskFullError: there is no room.
        ConfigError: no policy is given and the ledger was never run.
    """
    rule = policy or ledger.latest_config().policy
    _require_own(folder)
    writer = _Writer(ledger, folder, rule, pictures=pictures)
    with writer.opened():
        for result in results(ledger, rule):
            writer.add(result)
    if pictures:
        remove_unnamed(folder / "images", writer.named)
    return writer.done()


class _Rows:
    """One subset's rows file and list of pictures."""

    def __init__(self, subset: Subset, rows: IO[bytes], manifest: IO[bytes]) -> None:
        self.subset = subset
        self.rows = rows
        self.manifest = manifest
        self.row_id = id_maker(subset)
        self.count = 0

    def add(self, row: dict[str, Any], paths: list[str]) -> None:
        self.rows.write(published_line(self.subset, row))
        self.manifest.write("".join([f"images/{path}\n" for path in paths]).encode())
        self.count += 1


class _Writer:
    """Writes rows as results come."""

    def __init__(self, ledger: Ledger, folder: Path, policy: Policy, *, pictures: bool) -> None:
        self.ledger = ledger
        self.folder = folder
        self.policy = policy
        self.pictures = pictures
        self.named: set[str] = set()  # the pictures in the folder; empty when rows only are written
        self.photos: set[str] = set()
        self.items = 0
        self.edits = 0
        self.ended: Counter[str] = Counter()
        self.rows: dict[Subset, _Rows] = {}
        self.annotations: IO[bytes] = io.BytesIO()

    def opened(self) -> ExitStack:
        """Open all files; they appear together, when the block ends well."""
        stack = ExitStack()

        def file(name: str) -> IO[bytes]:
            temporary = stack.enter_context(atomic_path(self.folder / name))
            return stack.enter_context(temporary.open("wb"))

        for subset in _SUBSETS:
            about = rows_file(subset)
            self.rows[subset] = _Rows(subset, file(about.path), file(about.manifest))
        self.annotations = file(ANNOTATIONS)
        return stack

    def add(self, result: ItemResult) -> None:
        self.items += 1
        if not result.turns or result.turns[0].accepted is None:
            self.ended[str(result.turns[0].end) if result.turns else "not begun"] += 1
            return
        self._photo(result)
        self._single(result)
        if turns := result.session(self.policy):
            self._session(result, turns)

    def done(self) -> Assembled:
        accepted, preference, sessions = (self.rows[subset].count for subset in _SUBSETS)
        pictures = self.edits + len(self.photos)
        return Assembled(self.folder, self.items, accepted, dict(self.ended), preference, sessions, pictures)

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
        self.annotations.write(f'{{"id": {to_json(rows.row_id(key, 0))}, {note}}}\n'.encode())

    def _picture(self, kind: str, name: str, attempt: Attempt) -> str:
        path = f"{kind}/{name}.png"
        self.edits += 1
        if self.pictures:
            self.named.add(path)
            if attempt.edited_sha is not None:
                kept = self.ledger.vault.path(attempt.edited_sha, attempt.media_type)
                place(kept, self.folder / "images" / path, attempt.media_type)
        return path

    def _photo(self, result: ItemResult) -> None:
        key = unquote(result.url.removeprefix("https://"))
        if key in self.photos:
            return
        self.photos.add(key)
        if not self.pictures:
            return
        target = self.folder / "source" / key
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


def _require_own(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / ANNOTATIONS).is_file():
        text = f"{folder} is not empty and was not assembled from a ledger; name a new folder"
        raise StoreError(text, path=str(folder))
