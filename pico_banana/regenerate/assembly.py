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
import json
import os
import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote

from pico_banana.catalog import rows_file
from pico_banana.errors import StoreError
from pico_banana.records import ImageRef, Subset
from pico_banana.regenerate.derive import Attempt, ItemResult, TurnResult, results
from pico_banana.rows.ids import id_maker
from pico_banana.rows.published import published_line
from pico_banana.store import atomic_path, write_atomic
from pico_banana.taxonomy import edit_type

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        _remove_unnamed(folder / "images", writer.named)
    return writer.done()


class _Writer:
    """Writes rows as results come."""

    def __init__(self, ledger: Ledger, folder: Path, policy: Policy, *, pictures: bool) -> None:
        self.ledger = ledger
        self.folder = folder
        self.policy = policy
        self.pictures = pictures
        self.named: set[str] = set()
        self.photos: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.files: dict[Subset, tuple[IO[bytes], IO[bytes]]] = {}
        self.annotations: IO[bytes] = io.BytesIO()

    def opened(self) -> ExitStack:
        """Open all files; they appear together, when the block ends well."""
        stack = ExitStack()

        def file(name: str) -> IO[bytes]:
            temporary = stack.enter_context(atomic_path(self.folder / name))
            return stack.enter_context(temporary.open("wb"))

        for subset in _SUBSETS:
            about = rows_file(subset)
            self.files[subset] = (file(about.path), file(about.manifest))
        self.annotations = file(ANNOTATIONS)
        return stack

    def add(self, result: ItemResult) -> None:
        self.counts["items"] += 1
        if not result.turns or result.turns[0].accepted is None:
            self.ended[str(result.turns[0].end) if result.turns else "not begun"] += 1
            return
        self._photo(result)
        self._single(result)
        if turns := result.session(self.policy):
            self._session(result, turns)

    def done(self) -> Assembled:
        return Assembled(
            self.folder,
            self.counts["items"],
            self.counts[Subset.SINGLE_TURN],
            dict(self.ended),
            self.counts[Subset.PREFERENCE],
            self.counts[Subset.MULTI_TURN],
            len(self.named) + len(self.photos),
        )

    def _single(self, result: ItemResult) -> None:
        turn = result.turns[0]
        chosen = _accepted(turn)
        path = self._picture("positive-edit", _positive_name(result.item, chosen.attempt), chosen)
        label = edit_type(turn.edit_type).label
        row = {
            "source": result.url,
            "edited": path,
            "instruction": turn.instruction,
            "short": turn.short or None,
            "label": label,
        }
        self._row(Subset.SINGLE_TURN, row, [path], path, result, (turn,))
        if turn.negatives:
            rejected = [self._picture("rejected-edit", f"{result.item}_{one.attempt}", one) for one in turn.negatives]
            self._row(Subset.PREFERENCE, {**row, "rejected": rejected}, [path, *rejected], path, result, (turn,))

    def _session(self, result: ItemResult, turns: tuple[TurnResult, ...]) -> None:
        paths = [self._picture("multi-turn", f"{result.item}_turn{turn.turn}", _accepted(turn)) for turn in turns]
        row = {
            "source": result.url,
            "turn_instruction": [turn.instruction for turn in turns],
            "turn_image": paths,
        }
        self._row(Subset.MULTI_TURN, row, paths, paths[-1], result, turns)

    def _row(
        self,
        subset: Subset,
        row: dict[str, Any],
        paths: list[str],
        key: str,
        result: ItemResult,
        turns: tuple[TurnResult, ...],
    ) -> None:
        rows, manifest = self.files[subset]
        rows.write(published_line(subset, row))
        manifest.write("".join(f"images/{path}\n" for path in paths).encode())
        note = {"id": id_maker(subset)(key, 0), "item": result.item, "turns": [_note(turn) for turn in turns]}
        self.annotations.write(json.dumps(note, ensure_ascii=False).encode() + b"\n")
        self.counts[subset] += 1

    def _picture(self, kind: str, name: str, attempt: Attempt) -> str:
        path = f"{kind}/{name}.png"
        self.named.add(path)
        if self.pictures and attempt.edited_sha is not None:
            kept = self.ledger.vault.path(attempt.edited_sha, attempt.media_type)
            _place(kept, self.folder / "images" / path, attempt.media_type)
        return path

    def _photo(self, result: ItemResult) -> None:
        key = unquote(result.url.removeprefix("https://"))
        if key in self.photos:
            return
        self.photos.add(key)
        target = self.folder / "source" / key
        if not self.pictures or target.exists():
            return
        if "://" in result.locator:
            write_atomic(target, ImageRef(result.locator, "source").bytes())
        else:
            _link(Path(result.locator), target)


def _accepted(turn: TurnResult) -> Attempt:
    if turn.accepted is None:
        raise StoreError(f"turn {turn.turn} has no accepted attempt")  # a caller's mistake, not a user's
    return turn.accepted


def _note(turn: TurnResult) -> dict[str, Any]:
    note: dict[str, Any] = {"edit_type": turn.edit_type, "attempts": [_attempt_note(one) for one in turn.attempts]}
    return note


def _attempt_note(one: Attempt) -> dict[str, Any]:
    verdicts = [
        {**verdict.scores, **({"drift": verdict.drift} if verdict.drift is not None else {})}
        for verdict in (one.first, one.second)
        if verdict is not None
    ]
    return {
        "attempt": one.attempt,
        "outcome": one.outcome,
        "score": one.score,
        "why": one.why,
        "verdicts": verdicts,
        "reasons": json.loads(one.reasons),
        "sizes": one.sizes,
        "changed": one.changed,
        "call": one.call_key,
    }


def _positive_name(item: int, attempt: int) -> str:
    if attempt == 1:
        return str(item)
    digits = ""
    while item:
        item, rest = divmod(item, 36)
        digits = _DIGITS[rest] + digits
    return f"{digits.rjust(_NAME_LENGTH, '0')}_retry{attempt - 1}"


def _place(kept: Path, target: Path, media_type: str) -> None:
    """Put a ledger's picture in the mirror; one that is no PNG becomes one, pixel for pixel."""
    if media_type == "image/png":
        _link(kept, target)
        return
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(kept) as image:
        image.save(buffer, "PNG")
    write_atomic(target, buffer.getvalue())


def _link(kept: Path, target: Path) -> None:
    try:
        os.link(kept, target)
    except FileExistsError:
        if not target.samefile(kept):
            target.unlink()
            _link(kept, target)
    except FileNotFoundError:
        if target.parent.is_dir():
            raise
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(kept, target)
    except OSError:  # another disk, or one without links
        with atomic_path(target) as temporary:
            shutil.copyfile(kept, temporary)


def _require_own(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / ANNOTATIONS).is_file():
        text = f"{folder} is not empty and was not assembled from a ledger; name a new folder"
        raise StoreError(text, path=str(folder))


def _remove_unnamed(images: Path, named: set[str]) -> None:
    for path in _files(images):
        if path.relative_to(images).as_posix() not in named:
            path.unlink()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*/*.png") if path.is_file())
