"""What a run would make and cost, before anything is paid: `--dry-run`.

Success rates, declines and refusals are priors per type, which the ledger's own numbers replace as they come: a prior
weighs as much as eight items. Tokens, thinking, seconds and bytes a call are the ledger's averages where it has calls,
else assumptions. Prices come from the configuration, else from the table that ships.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.regenerate.ledger.book import Ledger, open_ledger
from pico_banana.regenerate.ledger.layout import is_ledger
from pico_banana.regenerate.plan.items import able_types, make_items
from pico_banana.regenerate.plan.photos import find_photos
from pico_banana.regenerate.prompts import guidance
from pico_banana.regenerate.settings.pricelist import has_price, listed
from pico_banana.regenerate.values import Item, Stage
from pico_banana.regenerate.work.budget import cost_usd, prices, unpriced
from pico_banana.regenerate.work.calls import TABLE_OF_STAGE
from pico_banana.regenerate.work.forecast_numbers import (
    ASSUMED,
    DECLINED,
    DECLINED_NEEDY,
    PICTURE_MB,
    RECORD_MB,
    REFUSED,
    REFUSED_PEOPLE,
    SECONDS,
    Seen,
    blended,
    hours_of,
    measured,
    measured_seconds,
    measured_tries,
    measured_usage,
    paid_share,
)
from pico_banana.regenerate.work.staff import hire
from pico_banana.taxonomy import edit_type_from_label
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pico_banana.regenerate.settings.config import Config
    from pico_banana.taxonomy import EditType

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
class Forecast(Carded):
    """What a run is expected to make and cost.

    Attributes:
        items: planned items.
        by_type: edit type to its part.
        calls: stage to calls.
        usd: stage to money; a stage whose model has no known price is left out.
        sessions: rows of multi-turn.jsonl.
        without_price: models whose price nobody knows; where there are any, the cost is unknown.
        declined: items whose writer says that the type does not suit the photo.
        refused: items whose edit the service refuses.
        hours: how long it takes, by the calls at a time and a minute that are allowed.
        disk_mb: what the ledger takes on the disk.
        read: model to where and when its price was read, and which of its numbers are second-hand; models that the
            configuration prices itself are left out.
    """

    items: int
    by_type: Mapping[str, TypeForecast]
    calls: Mapping[str, float]
    usd: Mapping[str, float]
    sessions: float
    without_price: tuple[str, ...]
    declined: float = 0.0
    refused: float = 0.0
    hours: float = 0.0
    disk_mb: float = 0.0
    read: Mapping[str, str] = field(default_factory=dict)

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
    tally = _Tally(config, measured(ledger, config) if ledger is not None else {})
    for item in items:
        tally.add(item)
    usage = {**ASSUMED, **(measured_usage(ledger) if ledger is not None else {})}
    price = prices(config)
    usd = {
        str(stage): calls
        * cost_usd(price[TABLE_OF_STAGE[stage]], usage[stage])
        * paid_share(config, stage, price[TABLE_OF_STAGE[stage]], tally.calls)
        for stage, calls in tally.calls.items()
        if TABLE_OF_STAGE[stage] in price and _is_priced(config, stage)
    }
    calls = {str(stage): number for stage, number in tally.calls.items()}
    seconds = {**SECONDS, **(measured_seconds(ledger) if ledger is not None else {})}
    disk = tally.calls[Stage.EDIT] * PICTURE_MB + sum(tally.calls.values()) * RECORD_MB
    return Forecast(
        tally.items,
        tally.by_type(),
        calls,
        usd,
        tally.sessions,
        unpriced(config),
        tally.declined,
        tally.refused,
        hours_of(config, tally.calls, seconds, measured_tries(ledger) if ledger is not None else {}),
        disk,
        _where_read(config),
    )


def _is_priced(config: Config, stage: Stage) -> bool:
    settings = config.models[TABLE_OF_STAGE[stage]]
    return has_price(settings.backend, settings.model, config.prices)


def _where_read(config: Config) -> dict[str, str]:
    found = {
        settings.model: listed(settings.backend, settings.model)
        for settings in config.models.values()
        if settings.model not in config.prices
    }
    return {model: str(entry) for model, entry in sorted(found.items()) if entry is not None}


def prior_rate(kind: str) -> float:
    """Give the share of attempts of a type that are accepted, as far as it was published.

    Args:
        kind: the edit type's slug.

    Returns:
        0 to 1.
    """
    return PUBLISHED_RATES.get(kind, MIDDLING_RATE)


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
    if is_ledger(folder):
        with open_ledger(folder) as ledger:
            if ledger.item_count():
                return forecast(config, ledger.items(), ledger=ledger)
    staff = hire(config)
    able = able_types(staff.writer, staff.editor)
    return forecast(config, make_items(config, find_photos(config.source), able=able))


class _Tally:
    def __init__(self, config: Config, own: Mapping[str, Seen]) -> None:
        self.items = 0
        self.declined = self.refused = 0.0
        self.sessions = 0.0
        self.calls: dict[Stage, float] = dict.fromkeys(Stage, 0.0)
        self._config = config
        self._measured = own
        self._first: dict[str, int] = {}
        self._photo = ""

    def rate(self, kind: str) -> float:
        seen = self._measured.get(kind, Seen())
        return blended(seen.accepted, seen.attempts, prior_rate(kind))

    def lost(self, kind: EditType) -> tuple[float, float]:
        """Give the shares of items of a type that are declined and refused."""
        seen = self._measured.get(str(kind), Seen())
        declined = DECLINED_NEEDY if guidance(kind).needs else DECLINED
        refused = REFUSED_PEOPLE if "person" in guidance(kind).needs else REFUSED
        return blended(seen.declined, seen.turns, declined), blended(seen.refused, seen.turns, refused)

    def add(self, item: Item) -> None:
        self.items += 1
        if self._config.inventory is not None and item.photo.suits is None and item.photo.url != self._photo:
            self._photo = item.photo.url
            self.calls[Stage.INVENTORY] += 1
        first = str(item.edit_types[0])
        self._first[first] = self._first.get(first, 0) + 1
        reached = 1.0
        for number, kind in enumerate(item.edit_types, start=1):
            attempts, succeeds = self._attempts(self.rate(str(kind)))
            declined, refused = self.lost(kind)
            self.calls[Stage.WRITE] += reached
            if number == 1:
                self.declined += declined
                self.refused += (1 - declined) * refused
            reached *= 1 - declined
            self.calls[Stage.SHORTEN] += reached
            self.calls[Stage.EDIT] += reached * refused
            reached *= 1 - refused
            self.calls[Stage.EDIT] += reached * attempts
            self.calls[Stage.JUDGE] += reached * attempts * self._questions(number)
            if self._config.second_judge is not None:
                second = self._second_share(self.rate(str(kind))) * self._questions(number)
                self.calls[Stage.SECOND_JUDGE] += reached * attempts * second
            reached *= succeeds
            self.sessions += reached if number == _SESSION else 0.0

    def by_type(self) -> dict[str, TypeForecast]:
        parts = {}
        for kind, items in sorted(self._first.items()):
            rate = self.rate(kind)
            attempts, succeeds = self._attempts(rate)
            declined, refused = self.lost(edit_type_from_label(kind))
            left = items * (1 - declined) * (1 - refused)
            edits = left * attempts + items * (1 - declined) * refused
            parts[kind] = TypeForecast(items, edits, left * succeeds, left * (succeeds - rate), rate)
        return parts

    def _attempts(self, rate: float) -> tuple[float, float]:
        """Give the expected attempts, and the chance that one of them succeeds."""
        most = self._config.policy.max_attempts
        return sum((1 - rate) ** number for number in range(most)), 1 - (1 - rate) ** most

    def _questions(self, turn: int) -> int:
        """Give how often a judge is asked about one edit."""
        policy, later = self._config.policy, turn > 1
        axes = len(self._config.rubric.criteria) + later if policy.ask == "each" else 1
        return axes * policy.passes

    def _second_share(self, rate: float) -> float:
        second = self._config.policy.second
        shares = {"never": 0.0, "always": 1.0, "survivors": rate, "near_threshold": min(1.0, 2 * second.band)}
        return shares[second.when]
