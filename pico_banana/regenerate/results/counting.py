"""How items ended, by the edit type of their first turn: counted span by span, kept until a row of the span changes.

A million attempts take a minute to go through and a run is looked at again and again, so what was counted of a span of
items is kept in the ledger with how often rows of the span had changed before it was read. Triggers count the changes,
so a span that grew meanwhile is counted anew, whoever wrote to it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pico_banana.regenerate.ledger.book import Ledger, open_ledger
from pico_banana.regenerate.ledger.many import each_ledger
from pico_banana.regenerate.results.derive import judge_names, results
from pico_banana.regenerate.results.ended import End
from pico_banana.regenerate.results.parting import SPAN, cut, each, worth

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.regenerate.ledger.many import Run
    from pico_banana.regenerate.results.ended import ItemResult
    from pico_banana.regenerate.settings.policy import Policy

_RULES = 1  # raise it when the same rows come to other counts: nothing kept by an earlier version is read then

TYPE_HEADS = (
    "edit type",
    "planned",
    "accepted",
    "first try",
    "attempts",
    "preference",
    "discarded",
    "refused",
    "declined",
    "unjudged",
    "open",
)
_COUNTED = ("items", "not_begun", "attempts", "first_accepted", "preference")


@dataclass(slots=True)
class TypeReport:
    """One edit type, first turns only; `items == not_begun + sum(ended)`, with "accepted" among the ends.

    Attributes:
        items: planned items that begin with it.
        not_begun: of them, those without any record.
        ended: how the others ended, see `ended.End`.
        attempts: attempts made.
        first_accepted: accepted at the first attempt.
        outcomes: attempt outcome to count.
        preference: items with at least one rejected picture.
    """

    items: int = 0
    not_begun: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    first_accepted: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    preference: int = 0

    @property
    def accepted(self) -> int:
        """Items accepted."""
        return self.ended[End.ACCEPTED]

    @property
    def first_rate(self) -> float | None:
        """The share of first attempts that were accepted, of those judged or failed at a check."""
        begun = self.items - self.not_begun - self.ended[End.DECLINED] - self.ended[End.UNWRITTEN]
        return self.first_accepted / begun if begun else None

    def cells(self) -> tuple[int | float | None, ...]:
        """Give the row of a table under `TYPE_HEADS`, after the type's name.

        Returns:
            Counts, and the share of first tries as a float, or None.
        """
        ended = self.ended
        lost = ended[End.DISCARDED], ended[End.REFUSED], ended[End.DECLINED] + ended[End.UNWRITTEN]
        tried = self.items, self.accepted, self.first_rate, self.attempts, self.preference
        return (*tried, *lost, ended[End.UNJUDGED], ended[End.OPEN] + self.not_begun)

    def add(self, other: TypeReport) -> None:
        """Add the counts of another part.

        Args:
            other: the part.
        """
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.ended += other.ended
        self.outcomes += other.outcomes

    def as_json(self) -> dict[str, Any]:
        """Give the part as JSON values.

        Returns:
            A dictionary.
        """
        counts = {"ended": dict(self.ended), "outcomes": dict(self.outcomes)}
        numbers = {name: getattr(self, name) for name in _COUNTED}
        return {**numbers, "accepted": self.accepted, **counts}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> TypeReport:
        """Read what `as_json` gave.

        Args:
            kept: the dictionary.

        Returns:
            The part.
        """
        part = cls(**{name: kept[name] for name in _COUNTED})
        part.ended.update(kept["ended"])
        part.outcomes.update(kept["outcomes"])
        return part


@dataclass(slots=True)
class Counts:
    """What is counted of some items.

    Attributes:
        types: edit type to its part.
        turns: turn number to how many sessions came past it.
        sessions: sessions that make a row.
    """

    types: dict[str, TypeReport] = field(default_factory=dict)
    turns: Counter[int] = field(default_factory=Counter)
    sessions: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of other items.

        Args:
            other: the counts.
        """
        for kind, part in other.types.items():
            self.types.setdefault(kind, TypeReport()).add(part)
        self.turns += other.turns
        self.sessions += other.sessions

    def count(self, result: ItemResult, policy: Policy) -> None:
        """Count an item.

        Args:
            result: what became of it.
            policy: the policy.
        """
        _count(self.types.setdefault(result.planned[0], TypeReport()), result)
        if len(result.planned) > 1:
            self.turns.update(turn.turn for turn in result.turns if turn.accepted is not None)
            self.sessions += bool(result.session(policy))

    def as_text(self) -> str:
        """Give the counts as JSON text.

        Returns:
            For `from_text`.
        """
        types = {kind: part.as_json() for kind, part in self.types.items()}
        return json.dumps({"types": types, "turns": list(self.turns.items()), "sessions": self.sessions})

    @classmethod
    def from_text(cls, text: str) -> Counts:
        """Read what `as_text` gave.

        Args:
            text: JSON text.

        Returns:
            The counts.
        """
        kept = json.loads(text)
        types = {kind: TypeReport.from_json(part) for kind, part in kept["types"].items()}
        return cls(types, Counter(dict(kept["turns"])), kept["sessions"])


def counts_of(run: Run, policy: Policy, *, workers: int = 1) -> Counts:
    """Count the items of a run under a policy; what is counted is kept in each ledger.

    Args:
        run: a ledger, open for reading, or the ledgers of shards; they may be growing.
        policy: the policy.
        workers: processes for what is to be counted anew, see `assemble`.

    Returns:
        The counts of all planned items.
    """
    whole, left = Counts(), []
    for ledger in each_ledger(run):
        digest = _digest(ledger, policy)
        for items in cut(ledger.item_ids(), SPAN):
            task = _Task(ledger.folder, items, policy, digest)
            kept = _kept(ledger, task)
            if kept is None:
                left.append(task)
            else:
                whole.add(kept)
    for part in each(_counted, left, worth(sum(len(task.items) for task in left), workers)):
        whole.add(part)
    return whole


class _Task(NamedTuple):
    """A span of a ledger's items, or what there is of it."""

    ledger: Path
    items: range
    policy: Policy
    digest: str

    @property
    def span(self) -> int:
        return (self.items.start - 1) // SPAN


def _kept(ledger: Ledger, task: _Task) -> Counts | None:
    row = ledger.database.execute(
        "SELECT part FROM counted WHERE span = ? AND digest = ? AND times = ?",
        (task.span, task.digest, _times(ledger, task)),
    ).fetchone()
    return None if row is None else Counts.from_text(row[0])


def _counted(task: _Task) -> Counts:
    counts = Counts()
    with open_ledger(task.ledger) as ledger:
        times = _times(ledger, task)  # read before the rows: what changes meanwhile is counted anew
        for result in results(ledger, task.policy, items=task.items, brief=True):
            counts.count(result, task.policy)
        _keep(ledger, (task.span, task.digest, times, counts.as_text()))
    return counts


def _times(ledger: Ledger, task: _Task) -> int:
    row = ledger.database.execute("SELECT times FROM touched WHERE span = ?", (task.span,)).fetchone()
    return 0 if row is None else int(row[0])


def _keep(ledger: Ledger, row: tuple[int, str, int, str]) -> None:
    try:
        ledger.database.execute("INSERT OR REPLACE INTO counted VALUES (?, ?, ?, ?)", row)
    except sqlite3.OperationalError:
        return  # a ledger that this user may only read, or a full disk: it is counted again next time


def _digest(ledger: Ledger, policy: Policy) -> str:
    # Who is current and what judges are called decide which rows count, too.
    judges = sorted(judge_names(ledger).items())
    told = json.dumps([_RULES, asdict(policy), ledger.latest_config_json(), judges], default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _count(part: TypeReport, result: ItemResult) -> None:
    part.items += 1
    if not result.turns:
        part.not_begun += 1
        return
    turn = result.turns[0]
    part.ended[turn.end.value] += 1
    part.attempts += len(turn.attempts)
    for one in turn.attempts:
        part.outcomes[one.outcome] += 1
    part.first_accepted += bool(turn.attempts and turn.attempts[0].accepted)
    part.preference += bool(turn.negatives)
