"""What a run would make and cost, before anything is paid: `--dry-run`.

Success rates are those of the ledger where it has enough attempts of a type, else those printed in the paper, else a
middling
one. Tokens a call are the ledger's averages where it has calls, else assumptions. Prices come from the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.regenerate.ledger.ledger import Ledger, open_ledger
from pico_banana.regenerate.plan.photos import find_photos
from pico_banana.regenerate.plan.plan import able_types, make_items
from pico_banana.regenerate.values import Item, Stage, Usage
from pico_banana.regenerate.work.budget import cost_usd, prices
from pico_banana.regenerate.work.desk import TABLE_OF_STAGE
from pico_banana.regenerate.work.staff import hire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pico_banana.regenerate.settings.config import Config

# First-attempt success, arXiv 2510.19808v1, for the types it prints.
PUBLISHED_RATES: dict[str, float] = {
    "artistic_style": 0.9340,
    "film_grain": 0.9068,
    "modern_historical": 0.8875,
    "replace_object": 0.8348,
    "remove_object": 0.8328,
    "season": 0.8015,
    "photo_to_cartoon": 0.8006,
    "outpainting": 0.6634,
    "reshape_object": 0.6627,
    "pixar_3d": 0.6463,
    "relocate_object": 0.5923,
    "caricature": 0.5884,
    "restyle_text": 0.5759,
}
MIDDLING_RATE = 0.75
_SESSION = 2  # turns
_ENOUGH = 20  # attempts of a type from which its own rate is taken
# A photo of 1024 pixels is four tiles of 258 tokens at Gemini; texts as long as the prompts in this package make them.
ASSUMED = {
    Stage.WRITE: Usage(1500, 120, 0),
    Stage.SHORTEN: Usage(450, 30, 0),
    Stage.EDIT: Usage(1150, 0, 1),
    Stage.JUDGE: Usage(2700, 260, 0),
    Stage.SECOND_JUDGE: Usage(2700, 260, 0),
}


@dataclass(frozen=True, slots=True)
class TypeForecast:
    """What is expected of one edit type, first turns only; fractions of items are meant.

    Attributes:
        items: planned items that begin with it.
        attempts: edit calls.
        accepted: rows of sft.jsonl.
        preference: rows with a rejected picture.
        rate: the share of attempts taken to succeed.
    """

    items: int
    attempts: float
    accepted: float
    preference: float
    rate: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run is expected to make and cost.

    Attributes:
        items: planned items.
        by_type: edit type to its part.
        calls: stage to calls.
        usd: stage to money.
        sessions: rows of multi-turn.jsonl.
        without_price: models that have no price in the configuration and count as free here.
    """

    items: int
    by_type: Mapping[str, TypeForecast]
    calls: Mapping[str, float]
    usd: Mapping[str, float]
    sessions: float
    without_price: tuple[str, ...]

    @property
    def accepted(self) -> float:
        """Expected rows of sft.jsonl."""
        return sum(part.accepted for part in self.by_type.values())

    @property
    def total_usd(self) -> float:
        """Expected money."""
        return sum(self.usd.values())


def forecast(config: Config, items: Iterable[Item], *, ledger: Ledger | None = None) -> Forecast:
    """Forecast a run.

    Args:
        config: the configuration, with prices.
        items: the plan.
        ledger: an earlier run to learn rates and tokens from.

    Returns:
        The forecast.
    """
    tally = _Tally(config, _measured_rates(ledger, config) if ledger is not None else {})
    for item in items:
        tally.add(item)
    usage = {**ASSUMED, **(_measured_usage(ledger) if ledger is not None else {})}
    price = prices(config)
    usd = {
        str(stage): calls * cost_usd(price[TABLE_OF_STAGE[stage]], usage[stage])
        for stage, calls in tally.calls.items()
        if TABLE_OF_STAGE[stage] in price
    }
    unpriced = {settings.model for settings in config.models.values() if settings.model} - set(config.prices)
    calls = {str(stage): number for stage, number in tally.calls.items()}
    return Forecast(tally.items, tally.by_type(), calls, usd, tally.sessions, tuple(sorted(unpriced)))


def forecast_run(config: Config, folder: str | Path) -> Forecast:
    """Forecast a run on a ledger that may or may not be there yet; nothing is written.

    Args:
        config: the configuration, with prices.
        folder: the ledger's folder.

    Returns:
        The forecast, of the ledger's plan where there is one.

    Raises:
        ConfigError: there are no photos.
    """
    folder = Path(folder)
    if (folder / "ledger.sqlite").is_file():
        with open_ledger(folder) as ledger:
            if ledger.item_count():
                return forecast(config, ledger.items(), ledger=ledger)
    staff = hire(config)
    able = able_types(staff.writer, staff.editor)
    return forecast(config, make_items(config, find_photos(config.source), able=able))


class _Tally:
    def __init__(self, config: Config, measured: Mapping[str, float]) -> None:
        self.items = 0
        self.sessions = 0.0
        self.calls: dict[Stage, float] = dict.fromkeys(Stage, 0.0)
        self._config = config
        self._measured = measured
        self._first: dict[str, int] = {}

    def rate(self, kind: str) -> float:
        return self._measured.get(kind, PUBLISHED_RATES.get(kind, MIDDLING_RATE))

    def add(self, item: Item) -> None:
        self.items += 1
        first = str(item.edit_types[0])
        self._first[first] = self._first.get(first, 0) + 1
        reached = 1.0
        for number, kind in enumerate(item.edit_types, start=1):
            attempts, succeeds = self._attempts(self.rate(str(kind)))
            self.calls[Stage.WRITE] += reached
            self.calls[Stage.SHORTEN] += reached
            self.calls[Stage.EDIT] += reached * attempts
            self.calls[Stage.JUDGE] += reached * attempts
            if self._config.second_judge is not None:
                self.calls[Stage.SECOND_JUDGE] += reached * attempts * self._second_share(self.rate(str(kind)))
            reached *= succeeds
            self.sessions += reached if number == _SESSION else 0.0

    def by_type(self) -> dict[str, TypeForecast]:
        parts = {}
        for kind, items in sorted(self._first.items()):
            rate = self.rate(kind)
            attempts, succeeds = self._attempts(rate)
            parts[kind] = TypeForecast(items, items * attempts, items * succeeds, items * (succeeds - rate), rate)
        return parts

    def _attempts(self, rate: float) -> tuple[float, float]:
        """Give the expected attempts, and the chance that one of them succeeds."""
        most = self._config.policy.max_attempts
        return sum((1 - rate) ** number for number in range(most)), 1 - (1 - rate) ** most

    def _second_share(self, rate: float) -> float:
        second = self._config.policy.second
        shares = {"never": 0.0, "always": 1.0, "survivors": rate, "near_threshold": min(1.0, 2 * second.band)}
        return shares[second.when]


def _measured_rates(ledger: Ledger, config: Config) -> dict[str, float]:
    from pico_banana.regenerate.results.derive import results

    seen: dict[str, list[int]] = {}
    for result in results(ledger, config.policy):
        for turn in result.turns:
            for attempt in turn.attempts:
                seen.setdefault(turn.edit_type, []).append(attempt.accepted)
    return {kind: sum(found) / len(found) for kind, found in seen.items() if len(found) >= _ENOUGH}


def _measured_usage(ledger: Ledger) -> dict[Stage, Usage]:
    rows = ledger.database.execute(
        "SELECT stage, 1.0 * sum(input_tokens) / sum(calls), 1.0 * sum(output_tokens) / sum(calls), "
        "1.0 * sum(pictures) / sum(calls) FROM call_sums "
        "WHERE outcome != 'unavailable' GROUP BY stage HAVING sum(input_tokens) > 0"
    )
    return {Stage(stage): Usage(round(sent), round(came), round(made)) for stage, sent, came, made in rows}
