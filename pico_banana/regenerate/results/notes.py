"""What `annotations/regenerate.jsonl` says of an item, as JSON text.

Attempts are written field by field: a ledger has a million of them, and the reasons are JSON in it already.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pico_banana.regenerate.results.derive import Attempt, ItemResult, TurnResult
    from pico_banana.regenerate.settings.policy import Verdict

to_json = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps makes one for every text


def item_note(result: ItemResult, turns: tuple[TurnResult, ...]) -> str:
    """Write what the annotation of a row says after its id.

    Args:
        result: the item.
        turns: those of its turns that the row is made of.

    Returns:
        The inside of a JSON object: "item" and "turns".
    """
    return f'"item": {result.item}, "turns": [{", ".join(map(_turn, turns))}]'


def _turn(turn: TurnResult) -> str:
    return f'{{"edit_type": {to_json(turn.edit_type)}, "attempts": [{", ".join(map(_attempt, turn.attempts))}]}}'


def _attempt(one: Attempt) -> str:
    verdicts = [_verdict(verdict) for verdict in (one.first, one.second) if verdict is not None]
    return (
        f'{{"attempt": {one.attempt}, "outcome": {to_json(one.outcome)}, "score": {_number(one.score)}, '
        f'"why": {to_json(one.why)}, "verdicts": [{", ".join(verdicts)}], "reasons": {_reasons(one.reasons)}, '
        f'"sizes": [{", ".join(map(_number, one.sizes))}], "changed": {_number(one.changed)}, '
        f'"call": {to_json(one.call_key)}}}'
    )


def _verdict(verdict: Verdict) -> str:
    scores = [f'"{name}": {score}' for name, score in verdict.scores.items()]
    if verdict.drift is not None:
        scores.append(f'"drift": {verdict.drift}')
    return f"{{{', '.join(scores)}}}"


def _number(value: float | None) -> str:
    return "null" if value is None else str(value)


def _reasons(stored: str) -> str:
    # The ledger has them as json.dumps writes them; letters beyond ASCII are escaped there and plain here.
    return to_json(json.loads(stored)) if "\\" in stored else stored
