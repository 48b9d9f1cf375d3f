"""What `annotations/regenerate.jsonl` says of an item, as JSON text.

Attempts are written field by field: a ledger has a million of them, and the reasons are JSON in it already.
"""

from __future__ import annotations

from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pico_banana.regenerate.results.ended import Attempt, ItemResult, TurnResult

to_json = encode_basestring  # a JSON string of a text, without the layers of `json.dumps` around it


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
    # A turn's scores and reasons are JSON in the ledger already; a million of them are not read to be written.
    if len(one.said) == 1:
        verdicts, reasons = one.said[0].scores, one.said[0].reasons
    else:
        verdicts, reasons = (
            ", ".join([said.scores for said in one.said]),
            ", ".join([said.reasons for said in one.said]),
        )
    return (
        f'{{"attempt": {one.attempt}, "outcome": {to_json(one.outcome)}, "score": {_number(one.score)}, '
        f'"why": {to_json(one.why)}, "verdicts": [{verdicts}], "reasons": [{reasons}], '
        f'"sizes": {_sizes(one.sizes)}, "changed": {_number(one.changed)}, '
        f'"call": {one.call}}}'
    )


def _number(value: float | None) -> str:
    return "null" if value is None else str(value)


@lru_cache(maxsize=4096)  # a model has a handful of sizes
def _sizes(sizes: tuple[int | None, ...]) -> str:
    return f"[{', '.join(map(_number, sizes))}]"
