"""The numbers behind a forecast: what is assumed of a call, and what a ledger's own calls say instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.regenerate.settings.pricelist import FREE_BACKENDS
from pico_banana.regenerate.values import Stage, Usage
from pico_banana.regenerate.work.calls import TABLE_OF_STAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.settings.pricelist import Price

_PRIOR_WEIGHT = 8.0  # items
# Of the items of a type: assumed, for nobody publishes them. Types that need something in the photo are declined more.
DECLINED, DECLINED_NEEDY, REFUSED, REFUSED_PEOPLE = 0.02, 0.10, 0.02, 0.06
RETRIED = 1.05  # tries a call takes, as long as a ledger has few of its own
_RETRIED_WEIGHT = 200  # calls
PICTURE_TOKENS = 4 * 258  # a photo of 1024 pixels is four tiles at Gemini
# Texts are as long as the prompts in this package make them.
# Thinking is that of a low level; 1,120 tokens are a picture of 1K.
ASSUMED = {
    Stage.INVENTORY: Usage(3400, 500, 0),
    Stage.WRITE: Usage(1500, 120, 0),
    Stage.SHORTEN: Usage(450, 30, 0),
    Stage.EDIT: Usage(1150, 1320, 1, thought_tokens=200, picture_tokens=1120),
    Stage.JUDGE: Usage(2700, 760, 0, thought_tokens=500),
    Stage.SECOND_JUDGE: Usage(2700, 760, 0, thought_tokens=500),
}
SECONDS = {
    Stage.INVENTORY: 6.0,
    Stage.WRITE: 4.0,
    Stage.SHORTEN: 2.0,
    Stage.EDIT: 15.0,
    Stage.JUDGE: 8.0,
    Stage.SECOND_JUDGE: 8.0,
}
PICTURE_MB, RECORD_MB = 1.6, 0.006  # a PNG of 1K, and the rows of a call


_AGAIN = (Stage.EDIT, Stage.JUDGE, Stage.SECOND_JUDGE)  # of later attempts too
_WITH_BATCHES = frozenset({"gemini", "openai"})


def paid_share(config: Config, stage: Stage, price: Price | None, calls: Mapping[Stage, float]) -> float:
    """Say which share of the usual price a stage's calls cost, where some go in batches.

    Args:
        config: the configuration.
        stage: the stage.
        price: its model's.
        calls: stage to expected calls; one is shortened for each turn, and is the first attempt of it.

    Returns:
        1 where all go online.
    """
    settings, transport = config.models[TABLE_OF_STAGE[stage]], config.batch.transport
    if price is None or transport == "online" or settings.backend not in _WITH_BATCHES or settings.project:
        return 1.0
    again = stage in _AGAIN and transport == "auto"
    batched = min(1.0, calls[Stage.SHORTEN] / max(calls[stage], 1e-9)) if again else 1.0
    return 1 - batched * (1 - price.batch)


@dataclass(slots=True)
class Seen:
    """What a ledger knows of a type: its turns, how many were declined or refused, and attempts with those accepted."""

    turns: int = 0
    declined: int = 0
    refused: int = 0
    attempts: int = 0
    accepted: int = 0


def measured(ledger: Ledger, config: Config) -> dict[str, Seen]:
    """Count a ledger's turns and attempts by edit type.

    Args:
        ledger: the ledger.
        config: its configuration, for the policy.

    Returns:
        Edit type to counts.
    """
    from pico_banana.regenerate.results.derive import results
    from pico_banana.regenerate.results.ended import End

    found: dict[str, Seen] = {}
    for result in results(ledger, config.policy, brief=True):
        for turn in result.turns:
            seen = found.setdefault(turn.edit_type, Seen())
            seen.turns += 1
            seen.declined += turn.end in {End.DECLINED, End.UNWRITTEN}
            seen.refused += turn.end is End.REFUSED
            if turn.end is not End.REFUSED:
                seen.attempts += len(turn.attempts)
                seen.accepted += sum(attempt.accepted for attempt in turn.attempts)
    return found


def blended(hits: int, of: int, prior: float) -> float:
    """Let counts replace a prior share as they grow.

    Args:
        hits: how often it was so.
        of: how often it was looked at.
        prior: the share to begin with.

    Returns:
        The share.
    """
    return (hits + _PRIOR_WEIGHT * prior) / (of + _PRIOR_WEIGHT)


def hours_of(
    config: Config, calls: Mapping[Stage, float], seconds: Mapping[Stage, float], tries: Mapping[Stage, float]
) -> float:
    """Say how long calls take: the slowest stage sets the pace, or all together where few items go on at a time.

    Args:
        config: for what is allowed at a time and a minute.
        calls: stage to calls.
        seconds: stage to seconds a call.
        tries: stage to tries a call, see `measured_tries`.

    Returns:
        Hours.
    """
    busy = {stage: number * seconds[stage] * tries.get(stage, RETRIED) for stage, number in calls.items()}
    longest = sum(busy.values()) / config.run.items_in_flight
    for stage, number in calls.items():
        settings = config.models.get(TABLE_OF_STAGE[stage])
        if settings is None or not number or settings.backend in FREE_BACKENDS:
            continue
        longest = max(longest, busy[stage] / min(settings.concurrency, config.run.items_in_flight))
        if settings.requests_per_minute:
            longest = max(longest, number * tries.get(stage, RETRIED) / settings.requests_per_minute * 60)
    return longest / 3600


def measured_tries(ledger: Ledger) -> dict[Stage, float]:
    """Count the tries an answered call of a ledger took; what is assumed weighs as much as two hundred calls.

    Args:
        ledger: the ledger.

    Returns:
        By stage; stages without calls are left out.
    """
    rows = ledger.database.execute(
        "SELECT stage, sum(calls), sum(calls * (outcome = 'unavailable')) FROM call_sums GROUP BY stage"
    )
    return {
        Stage(stage): 1 + (lost + _RETRIED_WEIGHT * (RETRIED - 1)) / (calls - lost + _RETRIED_WEIGHT)
        for stage, calls, lost in rows
    }


def measured_seconds(ledger: Ledger) -> dict[Stage, float]:
    """Average the seconds of a ledger's answered calls.

    Args:
        ledger: the ledger.

    Returns:
        By stage; stages without such calls are left out.
    """
    statement = "SELECT stage, sum(seconds) / sum(calls) FROM call_sums WHERE outcome != 'unavailable' GROUP BY stage"
    rows = ledger.database.execute(statement)
    return {Stage(stage): mean for stage, mean in rows}


def measured_usage(ledger: Ledger) -> dict[Stage, Usage]:
    """Average the tokens of a ledger's answered calls.

    Args:
        ledger: the ledger.

    Returns:
        By stage; stages without such calls are left out.
    """
    rows = ledger.database.execute(
        "SELECT stage, 1.0 * sum(input_tokens) / sum(calls), 1.0 * sum(output_tokens) / sum(calls), "
        "1.0 * sum(pictures) / sum(calls) FROM call_sums "
        "WHERE outcome != 'unavailable' GROUP BY stage HAVING sum(input_tokens) > 0"
    )
    return {Stage(stage): _as_assumed(Stage(stage), round(sent), round(came), made) for stage, sent, came, made in rows}


def _as_assumed(stage: Stage, sent: int, came: int, made: float) -> Usage:
    """Split measured tokens into kinds as assumed: a ledger's rows hold sums."""
    usual = ASSUMED[stage]
    thought = round(came * usual.thought_tokens / usual.output_tokens)
    pictures = round(made)
    return Usage(sent, came, pictures, thought_tokens=thought, picture_tokens=came - thought if pictures else 0)
