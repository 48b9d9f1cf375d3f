"""A run under a policy becomes a mirror: a folder in the published layout, read by the same code as the release.

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

import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import StoreError
from pico_banana.mirrors.store import atomic_path
from pico_banana.regenerate.ledger.many import each_ledger
from pico_banana.regenerate.plan.items import is_of_published
from pico_banana.regenerate.results.assembly_part import ANNOTATIONS, FILES, SUBSETS, Part, Task, assemble_part
from pico_banana.regenerate.results.parting import each, parted
from pico_banana.regenerate.results.placing import remove_unnamed

if TYPE_CHECKING:
    from pico_banana.regenerate.ledger.many import Run
    from pico_banana.regenerate.settings.policy import Policy

_ROOM = ".assembling"


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


def assemble(
    run: Run, folder: str | Path, *, policy: Policy | None = None, pictures: bool = True, workers: int = 1
) -> Assembled:
    """Write the mirror of a run.

    Args:
        run: a ledger, open for reading, or the ledgers of shards, see `open_run`.
        folder: the mirror's root; what an earlier assembly left there is replaced, rows first.
        policy: None for the policy of the ledger's latest run.
        pictures: False writes rows and annotations only.
        workers: processes for a large ledger, each with a part of its items. With more than one, a script needs the
            usual `if __name__ == "__main__":`.

    Returns:
        The counts.

    Raises:
        StoreError: the folder is not empty and no mirror, or cannot be written; the ledger judged published edits.
        DiskFullError: there is no room.
        ConfigError: no policy is given and the ledger was never run.
    """
    folder = Path(folder)
    for ledger in each_ledger(run):
        if is_of_published(ledger):
            text = f"{ledger.folder} judges published edits and made none; write what it says with `pico-banana scores`"
            raise StoreError(text, path=str(ledger.folder))
    rule = policy or run.latest_config().policy
    _require_own(folder)
    room = folder / _ROOM
    shutil.rmtree(room, ignore_errors=True)  # what a killed assembly left
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, room, ignore_errors=True)
        chosen, processes = parted(run, workers)
        tasks = [
            Task(ledger, span, folder, room / str(number), rule, pictures)
            for number, (ledger, span) in enumerate(chosen)
        ]
        parts = list(each(assemble_part, tasks, processes))
        for name in FILES:
            joined = stack.enter_context(atomic_path(folder / name))  # all appear together, when the block ends well
            _join([task.room / name for task in tasks], joined)
    if pictures:
        remove_unnamed(folder / "images", set().union(*(part.named for part in parts)))
    return _summed(folder, parts)


def _join(parts: list[Path], target: Path) -> None:
    if len(parts) == 1:
        parts[0].replace(target)
        return
    with target.open("wb") as out:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, out)


def _summed(folder: Path, parts: list[Part]) -> Assembled:
    counts = sum((part.counts for part in parts), Counter())
    ended = dict(sum((part.ended for part in parts), Counter()))
    pictures = sum(part.edits for part in parts) + len(set().union(*(part.photos for part in parts)))
    accepted, preference, sessions = (counts[subset] for subset in SUBSETS)
    return Assembled(folder, sum(part.items for part in parts), accepted, ended, preference, sessions, pictures)


def _require_own(folder: Path) -> None:
    if (
        folder.is_dir()
        and any(path.name != _ROOM for path in folder.iterdir())
        and not (folder / ANNOTATIONS).is_file()
    ):
        text = f"{folder} is not empty and was not assembled from a ledger; name a new folder"
        raise StoreError(text, path=str(folder))
