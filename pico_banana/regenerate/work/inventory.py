"""Photo inventories: one call a photo, before the plan is made, says what it shows and which edit types suit it.

An inventory is kept by the photo's address and whoever took it, so that a photo is paid for once: a run that was killed
goes on with the next photo, and one whose plan is there asks nobody.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pico_banana.errors import (
    BudgetError,
    ModelError,
    PictureError,
    RequestRefusedError,
    RunStoppedError,
    TransportError,
)
from pico_banana.regenerate.backends.base import InventoryRequest
from pico_banana.regenerate.ledger.book import Ledger, open_ledger
from pico_banana.regenerate.ledger.layout import is_ledger
from pico_banana.regenerate.plan.items import able_types, is_planned
from pico_banana.regenerate.plan.photos import find_photos, read_whole_photo
from pico_banana.regenerate.prompts import guidance
from pico_banana.regenerate.settings.makers import maker_id
from pico_banana.regenerate.values import Item, KnownObject, Outcome, Photo, Picture, Stage, derived_seed
from pico_banana.regenerate.work.asking import Unreadable, ask
from pico_banana.regenerate.work.calls import Call
from pico_banana.regenerate.work.engine import Job, run_job
from pico_banana.regenerate.work.seen import Seen, inventory_schema, parse_inventory, told_of
from pico_banana.taxonomy import EditType, edit_type, edit_type_from_label, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.staff import Staff
    from pico_banana.regenerate.work.state import Progress, RunState


@dataclass(slots=True)
class Looking:
    """What photos are looked at for.

    Attributes:
        config: the run's configuration, with an `[inventory]` table.
        staff: who does the work, connected.
        photos: the photos; None for those the configuration names.
        accept_changes: go on with a configuration that asks something else than the ledger's.
        unanswered: why photos got no answer in this run.
    """

    config: Config
    staff: Staff
    photos: Sequence[Photo] | None = None
    accept_changes: bool = False
    unanswered: list[str] = field(default_factory=list)

    def count(self, ledger: Ledger) -> int:
        """Count the photos that nobody looked at yet."""
        return sum(1 for _ in self.items(ledger))

    def items(self, ledger: Ledger) -> Iterator[Item]:
        """Give them as items, with numbers below 0: those from 1 belong to the plan."""
        stage = (edit_type_from_label(str(Stage.INVENTORY)),)
        found = find_photos(self.config.source) if self.photos is None else self.photos
        for number, photo in enumerate(found, start=1):
            if photo.suits is None and _row(ledger, self.config, photo) is None:
                yield Item(-number, photo, stage, derived_seed(self.config.seed, Stage.INVENTORY, photo.url))

    async def look(self, desk: Desk, staff: Staff, item: Item) -> str:
        """Look at one photo and keep what was seen; what no repetition would mend is kept, too.

        Raises:
            BudgetError: the call could exceed the budget.
            RunStoppedError: going on would only waste money.
        """
        seen, call = Seen((), frozenset()), 0
        try:
            picture = await asyncio.to_thread(read_whole_photo, item.photo)
            seen, call = await _asked(desk, staff, item, picture)
            outcome, reason = str(Outcome.OK), ""
        except Unreadable as problem:
            outcome, reason, call = str(problem.outcome), problem.reason, problem.call
        except (PictureError, RequestRefusedError) as error:
            outcome, reason = type(error).__name__, str(error)
        except (BudgetError, RunStoppedError):
            raise
        except (ModelError, TransportError) as error:
            self.unanswered.append(str(error))
            return "unanswered"
        row = {"url": item.photo.url, "maker": _maker(desk.config), "call": call, "outcome": outcome, "reason": reason}
        row["objects"] = json.dumps([asdict(thing) for thing in seen.objects], ensure_ascii=False)
        row["suits"] = json.dumps(sorted(seen.suits))
        await asyncio.wrap_future(desk.ledger.append("inventories", row))
        return outcome


def must_look(config: Config, folder: Path) -> bool:
    """Tell whether photos are to be looked at before a run.

    Args:
        config: the run's configuration.
        folder: the ledger's folder, which need not be there.

    Returns:
        False without an `[inventory]`, and when the plan is there already.
    """
    if config.inventory is None or not is_ledger(folder):
        return config.inventory is not None
    with open_ledger(folder) as ledger:
        return not is_planned(ledger)


def look_at_photos(looking: Looking, folder: Path, *, progress: Progress | None = None) -> RunState:
    """Have every photo looked at that nobody looked at yet.

    Args:
        looking: what is wanted.
        folder: the ledger's folder; made when it is not there.
        progress: called about once a second, and at the end.

    Returns:
        How far it came; `stopped` when photos are left, so that no plan is made without them.

    Raises:
        ConfigError: the configuration cannot be used, or differs from the ledger's.
        StoreError: the ledger cannot be written, or another process is running on it.
    """

    def bind(ledger: Ledger) -> None:
        ledger.bind(looking.config, accept_changes=looking.accept_changes)

    job = Job(looking.config, looking.staff, bind, looking.look, waiting=looking)
    state = run_job(job, folder, progress=progress)
    if looking.unanswered and not state.stopped:
        count, last = len(looking.unanswered), looking.unanswered[-1]
        state.stopped = f"nobody looked at {count} photos, at the last because {last}; run the same again to go on"
    return state


def with_inventories(ledger: Ledger, config: Config, photos: Iterable[Photo]) -> Iterator[Photo]:
    """Give photos with what was seen in them.

    Args:
        ledger: where inventories are kept.
        config: the run's configuration.
        photos: the photos.

    Yields:
        The photos in their order. What was known of one stays; one without an inventory is as it was.
    """
    for photo in photos:
        row = _row(ledger, config, photo) if config.inventory is not None else None
        if row is None or row["outcome"] != Outcome.OK:
            yield photo
            continue
        objects = tuple(KnownObject(**{**entry, "box": tuple(entry["box"])}) for entry in json.loads(row["objects"]))
        suits = frozenset(json.loads(row["suits"]))
        yield replace(photo, known=True, objects=photo.objects if photo.known else objects, suits=suits)


async def _asked(desk: Desk, staff: Staff, item: Item, picture: Picture) -> tuple[Seen, int]:
    reader, chosen = staff.inventory, desk.config.prompts.chosen("inventory")
    if reader is None:  # whoever brings a staff of their own
        raise ModelError("the configuration has an [inventory] and the staff nobody who takes one", backend="inventory")
    kinds = _kinds(desk.config, staff)
    slugs = tuple(map(str, kinds))
    known = told_of(item.photo.objects) or "- nothing"
    text = chosen.fill({"types": "\n".join(map(_described, kinds)), "known": known})

    def call(number: int) -> Call:
        seed = derived_seed(item.seed, number)
        request = InventoryRequest(picture, text, inventory_schema(slugs), slugs, item.photo.objects, seed)
        facts = {"text": text, "photo": picture.sha256, "objects": known, "seed": seed}
        return Call(Stage.INVENTORY, item.id, 1, 0, chosen.version, facts, reader.inventory, request)

    return await ask(desk, call, lambda reply: parse_inventory(reply, slugs))


def _kinds(config: Config, staff: Staff) -> tuple[EditType, ...]:
    able = able_types(staff.writer, staff.editor)
    chosen = [edit_type(name) for name in config.assign.edit_types] or list(edit_types())
    return tuple(kind for kind in chosen if able is None or str(kind) in able)


def _described(kind: EditType) -> str:
    needs = " and ".join(sorted(guidance(kind).needs))
    return f"- {kind}: {kind.label}. {kind.definition}{f' Needs: {needs}.' if needs else ''}"


def _maker(config: Config) -> int:
    if config.inventory is None:
        return 0
    return maker_id(Stage.INVENTORY, config.inventory, config.prompts.chosen("inventory").version)


def _row(ledger: Ledger, config: Config, photo: Photo) -> Mapping[str, Any] | None:
    statement = "SELECT outcome, objects, suits FROM inventories WHERE url = ? AND maker = ?"
    row = ledger.database.execute(statement, (photo.url, _maker(config))).fetchone()
    return None if row is None else dict(row)
