"""What the ledger holds under a policy: which edits are accepted, which are negatives, how far each session came.

No call is made and nothing is changed, so every subset can be had at any threshold. Under another threshold than the
run's, an item
may lack attempts it would have had, or a later turn may stand on a picture that is no longer the accepted one; the
first is counted as open, the second ends the session there.

The results are named tuples, not dataclasses: a ledger has a million attempts, and a tuple is made in a fifth of the
time.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from pico_banana.regenerate.settings.policy import CRITERIA, DRIFT, Policy, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pico_banana.regenerate.ledger.ledger import Ledger

_SCORES = [f"{name}{judge}" for judge in ("", "2") for name in (*CRITERIA, DRIFT)]
_ATTEMPTS = (
    "SELECT item, turn, input_sha, attempt, outcome, reason, edited_sha, media_type, call_key, "  # noqa: S608 - ours
    f"input_width, input_height, edited_width, edited_height, changed, reasons, {', '.join(_SCORES)} "
    "FROM attempts WHERE item >= ? AND item < ? ORDER BY item, turn, input_sha, attempt"  # the primary key
)
_FIRST, _SECOND = 15, 20  # where a judge's scores begin
_STEP = 2_000  # items read at a time; bounds memory

Slot: TypeAlias = tuple[int, int, str]  # item, turn, input picture


class End(StrEnum):
    """How a turn ended."""

    ACCEPTED = "accepted"
    DISCARDED = "discarded"  # every attempt was made, none accepted
    REFUSED = "refused"  # the writer or editor refused
    DECLINED = "declined"  # the writer or editor cannot do this here
    UNWRITTEN = "unwritten"  # no readable instruction came
    OPEN = "open"  # more attempts may be made


class Attempt(NamedTuple):
    """One attempt as the ledger has it, with the policy's score.

    Attributes:
        attempt: from 1.
        outcome: see `walk.Tried`.
        reason: in the service's words, or which check failed.
        edited_sha: the picture, or None.
        media_type: of the picture.
        call_key: the edit call in the ledger.
        sizes: input width, height, edited width, height, pixels; None where not measured.
        changed: share of pixels that differ, or None.
        reasons: JSON text: one object of reasons a judge.
        first: the first judge's verdict.
        second: the second judge's.
        score: under the policy, or None when unscored.
        accepted: under the policy.
        why: the policy's reason.
    """

    attempt: int
    outcome: str
    reason: str
    edited_sha: str | None
    media_type: str
    call_key: str
    sizes: tuple[int | None, int | None, int | None, int | None]
    changed: float | None
    reasons: str
    first: Verdict | None
    second: Verdict | None
    score: float | None
    accepted: bool
    why: str


class TurnResult(NamedTuple):
    """One turn under a policy.

    Attributes:
        turn: from 1.
        edit_type: the slug.
        instruction: the long instruction.
        short: the short one, or empty.
        input_sha: the picture it started from.
        end: how it ended.
        reason: why, for ends without attempts.
        attempts: all that count, up to the accepted one.
        negatives: those of them that are fit to be rejected pictures.
    """

    turn: int
    edit_type: str
    instruction: str
    short: str
    input_sha: str
    end: End
    reason: str = ""
    attempts: tuple[Attempt, ...] = ()
    negatives: tuple[Attempt, ...] = ()

    @property
    def accepted(self) -> Attempt | None:
        """The accepted attempt, or None."""
        return self.attempts[-1] if self.end is End.ACCEPTED else None


class ItemResult(NamedTuple):
    """One item under a policy.

    Attributes:
        item: its id.
        url: the photo's address.
        locator: where the photo's bytes are.
        planned: the edit types of its turns.
        turns: the turns that were begun, in order; the last one may have failed.
    """

    item: int
    url: str
    locator: str
    planned: tuple[str, ...]
    turns: tuple[TurnResult, ...]

    def session(self, policy: Policy) -> tuple[TurnResult, ...]:
        """Give the turns that make a session.

        Args:
            policy: says whether a failed turn truncates the session or drops it.

        Returns:
            2 to 5 accepted turns, or none.
        """
        if len(self.turns) <= 1:
            return ()
        done = tuple(turn for turn in self.turns if turn.accepted is not None)
        whole = len(done) == len(self.planned) or policy.on_failed_turn == "truncate"
        return done if len(done) > 1 and whole else ()


@dataclass(slots=True)
class _Read:
    """The rows of a span of items."""

    attempts: dict[Slot, list[tuple[Any, ...]]] = field(default_factory=dict)
    written: dict[Slot, tuple[Any, ...]] = field(default_factory=dict)
    first_input: dict[int, str] = field(default_factory=dict)


def results(ledger: Ledger, policy: Policy, *, items: range | None = None) -> Iterator[ItemResult]:
    """Apply a policy to a ledger.

    Args:
        ledger: open for reading; it may be growing.
        policy: the policy.
        items: only those with these ids; None for all.

    Yields:
        Every planned item, by id; one that was not begun has no turns.
    """
    database = sqlite3.connect(ledger.folder / "ledger.sqlite")
    try:
        wanted = item_ids(ledger) if items is None else items
        for begin in range(wanted.start, wanted.stop, _STEP):
            end = min(begin + _STEP, wanted.stop)
            read = _read(database, begin, end)
            planned_items = database.execute(
                "SELECT i.id, p.url, p.locator, i.edit_types FROM items i JOIN photos p ON p.id = i.photo "
                "WHERE i.id >= ? AND i.id < ? ORDER BY i.id",
                (begin, end),
            )
            for number, url, locator, types in planned_items:
                planned = tuple(types[2:-2].split('", "'))
                yield ItemResult(number, url, locator, planned, _turns(read, number, policy))
    finally:
        database.close()


def item_ids(ledger: Ledger) -> range:
    """Give the ids of a ledger's items.

    Args:
        ledger: open for reading.

    Returns:
        From 1 to the last one planned so far.
    """
    return range(1, int(ledger.database.execute("SELECT coalesce(max(id), 0) FROM items").fetchone()[0]) + 1)


def _read(database: sqlite3.Connection, begin: int, end: int) -> _Read:
    read = _Read()
    written = database.execute(
        "SELECT item, turn, input_sha, edit_type, text, short, outcome, reason FROM instructions WHERE item >= "
        "? AND item < ?",
        (begin, end),
    )
    for row in written:
        read.written[row[:3]] = row
        if row[1] == 1:
            read.first_input.setdefault(row[0], row[2])
    rows = database.execute(_ATTEMPTS, (begin, end))
    read.attempts = {slot: list(group) for slot, group in groupby(rows, itemgetter(0, 1, 2))}
    return read


def _turns(read: _Read, item: int, policy: Policy) -> tuple[TurnResult, ...]:
    turns: list[TurnResult] = []
    input_sha: str | None = read.first_input.get(item)
    while input_sha is not None:
        slot = (item, len(turns) + 1, input_sha)
        row = read.written.get(slot)
        if row is None:
            break
        turn = _turn(row, read.attempts.get(slot, ()), policy)
        turns.append(turn)
        input_sha = turn.accepted.edited_sha if turn.accepted is not None else None
    return tuple(turns)


def _turn(row: tuple[Any, ...], rows: Sequence[tuple[Any, ...]], policy: Policy) -> TurnResult:
    _, number, input_sha, kind, text, short, outcome, reason = row
    if outcome != "ok":
        return TurnResult(number, kind, text, short, input_sha, _ENDS.get(outcome, End.UNWRITTEN), reason)
    tried: list[Attempt] = []
    for values in rows[: policy.max_attempts]:
        tried.append(_attempt(values, policy))
        if tried[-1].accepted:
            break
    end = _end(tried, policy)
    negatives = tuple([one for one in tried[:-1] if is_negative(one, policy)]) if end is End.ACCEPTED else ()
    told = tried[-1].reason if tried else ""
    return TurnResult(number, kind, text, short, input_sha, end, told, tuple(tried), negatives)


_ENDS = {"refused": End.REFUSED, "declined": End.DECLINED}


def _end(tried: Sequence[Attempt], policy: Policy) -> End:
    if not tried:
        return End.OPEN
    if tried[-1].accepted:
        return End.ACCEPTED
    return _ENDS.get(tried[-1].outcome, End.DISCARDED if len(tried) == policy.max_attempts else End.OPEN)


def is_negative(attempt: Attempt, policy: Policy) -> bool:
    """Tell whether an attempt may be a rejected picture: judged, or failed at a check where the policy says so.

    Args:
        attempt: an attempt.
        policy: the policy.

    Returns:
        True when it is; a refusal, an unjudged or an undecodable picture never is.
    """
    if attempt.accepted or attempt.edited_sha is None:
        return False
    if attempt.outcome == "check_failed":
        return policy.check_failures_are_negatives and attempt.reason != "undecodable"
    return attempt.outcome == "scored"


def _attempt(row: tuple[Any, ...], policy: Policy) -> Attempt:
    first = _verdict(row, _FIRST) if row[_FIRST] is not None else None
    second = _verdict(row, _SECOND) if row[_SECOND] is not None else None
    score, accepted, why = None, False, str(row[4])
    if first is not None:
        decision = policy.decide(first, second)
        score, accepted, why = decision.score, decision.accepted, decision.why
    _, _, _, attempt, outcome, reason, sha, media_type, call = row[:9]
    told = row[9:13], row[13], row[14]
    return Attempt(attempt, outcome, reason, sha, media_type, call, *told, first, second, score, accepted, why)


def _verdict(row: tuple[Any, ...], at: int) -> Verdict:
    return Verdict(dict(zip(CRITERIA, row[at : at + 4], strict=True)), row[at + 4])
