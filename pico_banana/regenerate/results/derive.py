"""What the ledger holds under a policy: which edits are accepted, which are negatives, how far each session came.

No call is made and nothing is changed, so every subset can be had at any threshold. Under another threshold than the
run's, an item
may lack attempts it would have had, or a later turn may stand on a picture that is no longer the accepted one; the
first is counted as open, the second ends the session there.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from pico_banana.regenerate.ledger.layout import DATABASE
from pico_banana.regenerate.results.ended import Attempt, End, ItemResult, TurnResult
from pico_banana.regenerate.results.opinions import Opinions
from pico_banana.regenerate.results.parting import SPAN
from pico_banana.regenerate.results.reading import Rows, read_rows
from pico_banana.regenerate.settings.jury import UNJUDGED, Jury, Said
from pico_banana.regenerate.settings.makers import who
from pico_banana.regenerate.values import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.checks import CheckSettings
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.settings.policy import Policy

_SAID = 16  # where a verdict begins
_CALL, _EDITOR, _CHECKS, _REASON = 4, 5, 10, Said._fields.index("reason")

MADE = "made"  # an attempt with a picture that passed the checks; whether it is judged, its verdicts say
CHECK_FAILED = "check_failed"
SCORED = "scored"


class Wanted(NamedTuple):
    """Who a configuration asks, and whose verdicts a policy counts; 0 where no configuration says.

    Attributes:
        policy: the policy.
        jury: picks verdicts.
        writer: who writes, see `makers.who`.
        shortener: who shortens.
        editor: who edits.
        checks: which checks, see `checks_id`.
    """

    policy: Policy
    jury: Jury
    opinions: Opinions
    writer: int = 0
    shortener: int = 0
    editor: int = 0
    checks: int = 0


def wanted(ledger: Ledger, policy: Policy, config: Config | None = None) -> Wanted:
    """Look up who is meant.

    Args:
        ledger: open for reading.
        policy: the policy.
        config: the configuration; None for that of the latest run.

    Returns:
        What `results` applies.
    """
    if config is None and ledger.latest_config_json() is not None:
        config = ledger.latest_config()
    jury = Jury(policy, config, judge_names(ledger))
    if config is None:
        return Wanted(policy, jury, Opinions(policy, jury))
    asked = who(Stage.WRITE, config.writer), who(Stage.SHORTEN, config.shortener), who(Stage.EDIT, config.editor)
    return Wanted(policy, jury, Opinions(policy, jury), *asked, checks_id(config.checks))


def judge_names(ledger: Ledger) -> dict[int, str]:
    """Give the judges that have said something.

    Args:
        ledger: open for reading.

    Returns:
        Who, see `makers.who`, to the model's name, or the backend's where it has no models.
    """
    query = "SELECT DISTINCT who, model, backend FROM makers WHERE kind = ?"
    found = ledger.database.execute(query, (str(Stage.JUDGE),))
    return {judge: model or backend for judge, model, backend in found}


def checks_id(settings: CheckSettings) -> int:
    """Name the settings of the pixel checks.

    Args:
        settings: the settings.

    Returns:
        A number that is another one for other settings.
    """
    text = json.dumps(asdict(settings), sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") or 1


def results(
    ledger: Ledger,
    policy: Policy,
    *,
    items: range | None = None,
    config: Config | None = None,
    brief: bool = False,
) -> Iterator[ItemResult]:
    """Apply a policy to a ledger.

    Args:
        ledger: open for reading; it may be growing.
        policy: the policy.
        items: only those with these ids; None for all.
        config: says who is current; None for the configuration of the latest run.
        brief: leave out what no count needs: sizes, the changed share, the judges' reasons.

    Yields:
        Every planned item, by id; one that was not begun has no turns.
    """
    database = sqlite3.connect(ledger.folder / DATABASE)
    try:
        chosen = ledger.item_ids() if items is None else items
        meant = wanted(ledger, policy, config)
        for begin in range(chosen.start, chosen.stop, SPAN):
            end = min(begin + SPAN, chosen.stop)
            read = read_rows(database, begin, end, brief=brief)
            planned_items = database.execute(
                "SELECT i.id, p.url, p.locator, i.edit_types FROM items i JOIN photos p ON p.id = i.photo "
                "WHERE i.id >= ? AND i.id < ? ORDER BY i.id",
                (begin, end),
            )
            for number, url, locator, types in planned_items:
                planned = tuple(types[2:-2].split('", "'))
                yield ItemResult(number, url, locator, planned, _turns(read, number, planned, meant))
    finally:
        database.close()


def _turns(read: Rows, item: int, planned: tuple[str, ...], meant: Wanted) -> tuple[TurnResult, ...]:
    turns: list[TurnResult] = []
    base, sha = 0, ""
    while len(turns) < len(planned):
        rows = read.written.get((item, len(turns) + 1, base))
        if rows is None:
            break
        row = rows[0] if len(rows) == 1 else max(rows, key=lambda one: _current(one, meant))
        turn = _turn(row, read.attempts.get((item, len(turns) + 1, row[3]), []), (planned[len(turns)], sha), meant)
        turns.append(turn)
        if turn.accepted is None:
            break
        base, sha = turn.accepted.call, turn.accepted.edited_sha or ""
    return tuple(turns)


def _current(row: tuple[Any, ...], meant: Wanted) -> tuple[bool, bool, int]:
    # What the configured writer and shortener made counts before what others made, and the newest before older ones.
    return row[4] == meant.writer, row[5] == meant.shortener, row[3]


def _turn(row: tuple[Any, ...], rows: list[tuple[Any, ...]], place: tuple[str, str], meant: Wanted) -> TurnResult:
    _, number, _, _, writer, shortener, text, short, outcome, reason = row
    kind, sha = place
    mine = writer == meant.writer and shortener in (meant.shortener, 0)
    if outcome != "ok":
        end = _ENDS.get(outcome, End.UNWRITTEN)
        return TurnResult(number, kind, text, short, sha, end, reason, settled=mine and end is not End.UNWRITTEN)
    tried: list[Attempt] = []
    for _, same in groupby(_of_one_editor(rows, meant), itemgetter(3)):
        if len(tried) == meant.policy.max_attempts:
            break
        group = list(same)
        tried.append(_attempt(group, meant))
        mine = mine and group[0][_EDITOR] == meant.editor and tried[-1].settled
        if tried[-1].accepted:
            break
    end = _end(tried, meant.policy)
    negatives = tuple([one for one in tried[:-1] if is_negative(one, meant.policy)]) if end is End.ACCEPTED else ()
    told = tried[-1].reason if tried else ""
    settled = mine and end is not End.OPEN
    return TurnResult(number, kind, text, short, sha, end, told, tuple(tried), negatives, settled)


def _of_one_editor(rows: list[tuple[Any, ...]], meant: Wanted) -> list[tuple[Any, ...]]:
    """Give the attempts of the configured editor, or, where it made none, of whoever edited last."""
    if len(rows) < 2 or all(row[_EDITOR] == rows[0][_EDITOR] for row in rows):  # noqa: PLR2004 - alone
        editor = None
    elif any(row[_EDITOR] == meant.editor for row in rows):
        editor = meant.editor
    else:
        editor = max(rows, key=itemgetter(_CALL))[_EDITOR]
    chosen = rows if editor is None else [row for row in rows if row[_EDITOR] == editor]
    newest = {row[3]: row[_CALL] for row in chosen}  # of two edits for one attempt, the later call
    return [row for row in chosen if row[_CALL] == newest[row[3]]]


_ENDS = {"refused": End.REFUSED, "declined": End.DECLINED}


def _end(tried: Sequence[Attempt], policy: Policy) -> End:
    if not tried:
        return End.OPEN
    if tried[-1].accepted:
        return End.ACCEPTED
    if tried[-1].outcome in _ENDS:
        return _ENDS[tried[-1].outcome]
    if any(one.outcome == UNJUDGED for one in tried):
        return End.UNJUDGED
    return End.DISCARDED if len(tried) == policy.max_attempts else End.OPEN


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
    if attempt.outcome == CHECK_FAILED:
        return policy.check_failures_are_negatives and attempt.reason != "undecodable"
    return attempt.outcome == SCORED


def _attempt(rows: list[tuple[Any, ...]], meant: Wanted) -> Attempt:
    row = rows[0]
    checked = row[8] is None or row[_CHECKS] == meant.checks
    if row[6] != MADE:
        return _unscored(row, row[6], row[7], settled=checked)
    said = [one[_SAID:] for one in rows if one[_SAID] is not None]
    if not said:
        return _unscored(row, UNJUDGED, "not judged yet", settled=False)
    opinion = meant.opinions.of(said)
    settled = checked and opinion.settled
    if opinion.decision is None:
        return _unscored(row, UNJUDGED, said[-1][_REASON], settled=settled)
    accepted, score, why = opinion.decision
    counted = tuple([Said(*said[place]) for place in opinion.counted])
    told = row[3], SCORED, "", row[8], row[9], row[4], row[11:15], row[15]
    return Attempt(*told, counted, opinion.first, opinion.second, score, accepted, why, settled)


def _unscored(row: tuple[Any, ...], outcome: str, reason: str, *, settled: bool) -> Attempt:
    return Attempt(
        row[3],
        outcome,
        reason,
        row[8],
        row[9],
        row[4],
        row[11:15],
        row[15],
        said=(),
        first=None,
        second=None,
        score=None,
        accepted=False,
        why=outcome,
        settled=settled,
    )
