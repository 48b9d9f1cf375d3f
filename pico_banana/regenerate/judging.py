"""A judge of one's own over edits that are there already: published rows, turns of sessions, rows of one's own.

It is the last stage of a regeneration alone, on the same desk and the same ledger: paced, budgeted, resumable, and
never paid twice for one request. The ledger keeps what the judge said; `judged` makes scores of it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, PictureMissingError
from pico_banana.records import InstructionPair, MultiTurn, Preference
from pico_banana.records.wording import turn_id
from pico_banana.regenerate.plan.items import OF_PUBLISHED, add_items
from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.results.derive import MADE
from pico_banana.regenerate.values import Instruction, Item, Photo, Picture, Stage, derived_seed
from pico_banana.regenerate.work.budget import cost_usd, prices, unpriced
from pico_banana.regenerate.work.engine import Job, run_job
from pico_banana.regenerate.work.forecast_numbers import ASSUMED, PICTURE_TOKENS, paid_share
from pico_banana.regenerate.work.judges import Work
from pico_banana.regenerate.work.scene import Scene
from pico_banana.regenerate.work.staff import connect, hire
from pico_banana.regenerate.work.walk import Made, finish, judged, keep_attempt
from pico_banana.rows.inference.results import BY_WORDS, TurnType
from pico_banana.taxonomy import edit_type_from_label

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

    from pico_banana.records import Record
    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.staff import Staff
    from pico_banana.regenerate.work.state import Progress, RunState
    from pico_banana.taxonomy import EditType

# The release gives the turns of a session no types; where none is inferred either, a judge is told this.
UNTYPED = "an edit of a session"
_NOTHING_KNOWN: Mapping[str, TurnType] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """Where in its session an edit stands.

    Attributes:
        session: the session's id.
        turn: from 1.
        before: the address of the picture it was made from; empty where the release lacks it.
        history: the instructions of the turns before.
        inferred: its type, how sure that is, and what it was read from.
    """

    session: str
    turn: int
    before: str
    history: tuple[str, ...]
    inferred: TurnType


@dataclass(frozen=True, slots=True)
class PublishedEdit:
    """An edit to be judged.

    Attributes:
        name: the row's id, with `#rejected1` for a rejected edit, `#turn2` for a turn.
        source: the address of the source photo.
        edited: the address of the picture after; empty where the release lacks it.
        instruction: what was asked.
        edit_type: the type the judge is told.
        place: where in its session it stands; None for a single edit.
    """

    name: str
    source: str
    edited: str
    instruction: str
    edit_type: EditType
    place: SessionPlace | None = None


def published_edits(
    records: Iterable[Record], *, first_turns: Mapping[str, TurnType] = _NOTHING_KNOWN
) -> Iterator[PublishedEdit]:
    """Give the edits of rows: that of a single-turn row, the chosen and the rejected ones of a pair, every turn.

    Args:
        records: the rows.
        first_turns: session to the type of its first turn, where it is known better than from its words.

    Yields:
        The edits in order; also a turn whose picture the release lacks, so that it is listed as missing.

    Raises:
        ConfigError: rows of texts, which have no pictures.
    """
    for record in records:
        if isinstance(record, InstructionPair):
            raise ConfigError("instructions are texts; judge single_turn, preference or multi_turn", key="subset")
        if isinstance(record, MultiTurn):
            yield from _turns(record, first_turns.get(record.id))
            continue
        pictures = {record.id: record.chosen if isinstance(record, Preference) else record.edited}
        if isinstance(record, Preference):
            pictures |= {f"{record.id}#rejected{number}": one for number, one in enumerate(record.rejected, 1)}
        for name, picture in pictures.items():
            yield PublishedEdit(name, record.source.address, picture.address, record.instruction, record.edit_type)


def _turns(session: MultiTurn, first: TurnType | None) -> Iterator[PublishedEdit]:
    before = session.source.address
    for number, turn in enumerate(session.turns, 1):
        inferred = TurnType(turn.inferred_edit_type, turn.inferred_confidence, BY_WORDS)
        if number == 1 and first is not None:
            inferred = first
        after = "" if turn.image is None else turn.image.address
        kind = inferred.edit_type or edit_type_from_label(UNTYPED)
        place = SessionPlace(session.id, number, before, session.instructions[: number - 1], inferred)
        name = turn_id(session.id, number)
        yield PublishedEdit(name, session.source.address, after, turn.instruction, kind, place)
        before = after


def judge_published(
    config: Config,
    folder: str | Path,
    edits: Iterable[PublishedEdit],
    *,
    preset: str = "",
    failed: bool = False,
    accept_changes: bool = False,
    progress: Progress | None = None,
) -> RunState:
    """Have edits judged, or go on doing so.

    Args:
        config: the configuration; its judges, policy, prices and run settings count, and no pixel checks are made.
        folder: the ledger's folder; made when it is not there.
        edits: the edits; those that the ledger does not know yet are added to its plan.
        preset: the name of what makes one number of the scores, kept with a new ledger; empty for the policy.
        failed: judge those that failed in earlier runs instead of the others.
        accept_changes: go on with a configuration that asks something else than the ledger's.
        progress: called about once a second, and at the end.

    Returns:
        How far it came.

    Raises:
        ConfigError: the configuration cannot be used, or differs from the ledger's; there are no edits.
        StoreError: the ledger cannot be written, or another process is running on it.
        MissingExtraError: a backend's package is not installed.
    """
    alone = config.judges_alone()
    staff = hire(alone)
    connect(staff)

    def plan(ledger: Ledger) -> None:
        ledger.append("facts", {"name": OF_PUBLISHED, "value": preset})
        if not add_items(ledger, _items(ledger, alone, edits)) and not ledger.item_count():
            raise ConfigError("there are no edits to judge in this selection", key="selection")

    job = Job(alone, staff, plan, _judge_one)
    return run_job(job, Path(folder), failed=failed, accept_changes=accept_changes, progress=progress)


def forecast_judging(config: Config, edits: int, *, later_turns: int = 0) -> tuple[float, tuple[str, ...]]:
    """Say what judging is expected to cost, a second opinion for none.

    Args:
        config: the configuration, with prices.
        edits: how many edits.
        later_turns: how many of them are turns after a first one, for which a third picture is sent.

    Returns:
        US dollars, and the judge's model where nobody knows its price; then the cost is unknown.
    """
    alone, assumed = config.judges_alone(), ASSUMED[Stage.JUDGE]
    price = prices(alone)["judge"]
    later = replace(assumed, input_tokens=assumed.input_tokens + PICTURE_TOKENS)
    once = (edits - later_turns) * cost_usd(price, assumed) + later_turns * cost_usd(price, later)
    each = len(config.rubric.criteria) if config.policy.ask == "each" else 1
    first = {Stage.SHORTEN: 1.0, Stage.JUDGE: 1.0}  # every edit is judged at its first attempt
    return once * config.policy.passes * each * paid_share(alone, Stage.JUDGE, price, first), unpriced(alone)


def _items(ledger: Ledger, config: Config, edits: Iterable[PublishedEdit]) -> Iterator[Item]:
    # Killed in between, a process leaves a row here without the item, which is written last.
    for table in ("published", "published_turns"):
        ledger.database.execute(f"DELETE FROM {table} WHERE item NOT IN (SELECT id FROM items)")  # noqa: S608 - ours
    known = {name for (name,) in ledger.database.execute("SELECT name FROM published")}
    (last,) = ledger.database.execute("SELECT coalesce(max(id), 0) FROM items").fetchone()
    for number, edit in enumerate((edit for edit in edits if edit.name not in known), last + 1):
        row = {"item": number, "name": edit.name, "edited": edit.edited, "instruction": edit.instruction}
        ledger.append("published", row)
        if edit.place is not None:
            ledger.append("published_turns", _place_row(number, edit.place))
        turn = 1 if edit.place is None else edit.place.turn
        # An item has a type for each turn; this one is asked about a single turn, so the others count for nothing.
        yield Item(
            number, Photo(edit.source, edit.source), (edit.edit_type,) * turn, derived_seed(config.seed, edit.name)
        )


def _place_row(item: int, place: SessionPlace) -> dict[str, object]:
    return {
        "item": item,
        "session": place.session,
        "turn": place.turn,
        "before": place.before,
        "history": json.dumps(place.history, ensure_ascii=False),
        "type_source": place.inferred.source,
        "type_confidence": place.inferred.confidence,
    }


async def _judge_one(desk: Desk, staff: Staff, item: Item) -> str:
    row = desk.ledger.database.execute(
        "SELECT edited, instruction, turn, before, history FROM published LEFT JOIN published_turns USING (item) "
        "WHERE item = ?",
        (item.id,),
    ).fetchone()
    scene, after = await asyncio.to_thread(lambda: (_scene(item, row), _picture(row["edited"])))
    await keep_attempt(desk, scene, Made(0, MADE, "", after), attempt=1, written=0)
    found = await judged(desk, staff, scene, Work(Instruction(row["instruction"]), after, 1), 0)
    await finish(desk, item)
    if found.first is None:
        return "unjudged"
    return "accepted" if desk.config.policy.decide(found.first, found.second).accepted else "rejected"


def _scene(item: Item, row: sqlite3.Row) -> Scene:
    original = read_photo(item.photo)
    if row["turn"] is None or row["turn"] == 1:
        return Scene(item, 1, original, original)
    return Scene(item, row["turn"], _picture(row["before"]), original, tuple(json.loads(row["history"])))


def _picture(address: str) -> Picture:
    """Read a picture of the rows.

    Raises:
        PictureMissingError: the rows name none.
    """
    if not address:
        raise PictureMissingError("the rows name no picture for this turn, or for the one before it")
    return read_photo(Photo(address, address))
