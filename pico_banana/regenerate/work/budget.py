"""What calls cost, and the hard limit: no call starts that could exceed it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from pico_banana.errors import BudgetError, ConfigError
from pico_banana.regenerate.settings.pricelist import FREE_BACKENDS, Price, has_price, listed
from pico_banana.regenerate.values import Outcome, Reply, Stage, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.backends.base import ModelSettings
    from pico_banana.regenerate.settings.config import Config

_MILLION = 1_000_000
_NO_PRICES = ("tokens_per_picture", "batch")
# A call that cost more than its limits say may be followed by one that costs still more.
_MARGIN = 1.25


def cost_usd(price: Price | None, usage: Usage) -> float:
    """Price one call, each kind of token by its own price.

    Args:
        price: the model's price; None where it is not known.
        usage: what the call used.

    Returns:
        USD; 0 where the price is not known, see `unpriced`.
    """
    if price is None:
        return 0.0
    sent = price.input_per_million
    cached = min(usage.cached_tokens, usage.input_tokens)
    seen = min(usage.picture_input_tokens, usage.input_tokens - cached)
    thought = min(usage.thought_tokens, usage.output_tokens)
    made = min(usage.picture_tokens, usage.output_tokens - thought)
    tokens = (
        (usage.input_tokens - cached - seen) * sent
        + cached * _or(price.cached_per_million, sent)
        + seen * _or(price.picture_input_per_million, sent)
        + (usage.output_tokens - thought - made) * price.output_per_million
        + thought * _or(price.thought_per_million, price.output_per_million)
        + made * _picture_price(price)
    )
    return tokens / _MILLION + usage.pictures * price.per_picture


def in_batch(price: Price | None) -> Price | None:
    """Give what a model costs in a batch.

    Args:
        price: what it costs online; None where that is not known.

    Returns:
        The same with every price lowered.
    """
    if price is None:
        return None
    share = price.batch
    lower = {
        name: value * share for name, value in asdict(price).items() if name not in _NO_PRICES and value is not None
    }
    return replace(price, **lower)


def reply_usd(price: Price | None, reply: Reply, most: float) -> float:
    """Price one reply.

    Args:
        price: the model's price; None where it is not known.
        reply: the reply.
        most: what was set aside for it, USD.

    Returns:
        USD; what was set aside, when the service bills by token and did not say how many, or sent a nonsensical number.
    """
    silent = not (reply.usage.input_tokens or reply.usage.output_tokens)
    if price is not None and price.by_token and silent and reply.outcome is not Outcome.REFUSED:
        return most
    return cost_usd(price, reply.usage)


def most_usd(price: Price | None, settings: ModelSettings, stage: Stage) -> float:
    """Give what one call can cost at most, by its stage's limits.

    Args:
        price: the model's price; None where it is not known.
        settings: the stage's settings, for `max_input_tokens` and `max_output_tokens`.
        stage: an edit makes one picture, the others none.

    Returns:
        USD.
    """
    sent, came = settings.max_input_tokens, settings.max_output_tokens
    if stage is not Stage.EDIT:
        return cost_usd(price, Usage(sent, came))
    known = price is not None and price.tokens_per_picture
    made = min(came, price.tokens_per_picture) if price is not None and known else came
    return cost_usd(price, Usage(sent, came, 1, picture_input_tokens=sent, picture_tokens=made))


def price_of(config: Config, settings: ModelSettings) -> Price | None:
    """Look up a model's price: the configuration's, else the one in the table that ships.

    Args:
        config: the run's configuration.
        settings: the stage's settings.

    Returns:
        Its price; zero for a backend that runs here; None where nobody knows it.

    Raises:
        ConfigError: there is a budget and the model has no price, so it could not be kept.
    """
    price = config.prices.get(settings.model)
    if price is not None:
        return price
    if settings.backend in FREE_BACKENDS:
        return Price()
    found = listed(settings.backend, settings.model)
    if found is not None:
        return found.price
    if config.run.budget_usd:
        key = f'prices."{settings.model}"'
        numbers = "input_per_million, output_per_million, per_picture (all 0 for a server of your own)"
        text = f"a budget needs the price of every model: add [{key}] with {numbers}"
        raise ConfigError(text, key=key)
    return None


def unpriced(config: Config) -> tuple[str, ...]:
    """Name the models whose price nobody knows; where there are any, what a run costs is unknown.

    Args:
        config: the run's configuration.

    Returns:
        Their names, sorted.
    """
    models = config.models.values()
    without = {one.model or one.backend for one in models if not has_price(one.backend, one.model, config.prices)}
    return tuple(sorted(without))


@dataclass(slots=True)
class Budget:
    """Money spent, money reserved for calls in flight, and the limit.

    Attributes:
        limit_usd: the limit, 0 for none.
        spent_usd: what finished calls cost, and what calls lost in flight may have cost.
        reserved_usd: what the calls in flight can cost at most.
        dearest: stage to the most a call of it has cost in this run; reserves learn from it.
    """

    limit_usd: float
    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    dearest: dict[Stage, float] = field(default_factory=dict)

    def most(self, stage: Stage, by_limits: float) -> float:
        """Give what to set aside for a call: services bill more than their limits say.

        Args:
            stage: the call's.
            by_limits: what its limits allow, USD.

        Returns:
            USD.
        """
        seen = self.dearest.get(stage, 0.0)
        return by_limits if seen <= by_limits else seen * _MARGIN

    def reserve(self, most: float) -> None:
        """Set money aside for a call.

        Args:
            most: what it can cost at most, USD.

        Raises:
            BudgetError: the call could exceed the limit; it must not start.
        """
        if self.limit_usd and self.spent_usd + self.reserved_usd + most > self.limit_usd:
            text = (
                f"the budget of {self.limit_usd:.2f} USD could be exceeded: {self.spent_usd:.4f} spent, "
                f"{self.reserved_usd:.4f} in flight, {most:.4f} for the next call. Raise --budget-usd and run "
                f"again to go on"
            )
            raise BudgetError(text)
        self.reserved_usd += most

    def settle(self, stage: Stage, most: float, actual: float) -> None:
        """Exchange what was set aside for what the call cost.

        Args:
            stage: the call's.
            most: what was reserved, USD.
            actual: what it cost, USD; 0 when it was not answered.
        """
        self.reserved_usd -= most
        self.spent_usd += actual
        self.dearest[stage] = max(self.dearest.get(stage, 0.0), actual)


def prices(config: Config) -> Mapping[str, Price | None]:
    """Give the price of every stage's model.

    Args:
        config: the run's configuration.

    Returns:
        Stage table name to price, None where nobody knows it.

    Raises:
        ConfigError: there is a budget and a model has no price.
    """
    return {name: price_of(config, settings) for name, settings in config.models.items()}


def _or(own: float | None, usual: float) -> float:
    return usual if own is None else own


def _picture_price(price: Price) -> float:
    if price.picture_output_per_million is not None:
        return price.picture_output_per_million
    return 0.0 if price.per_picture else price.output_per_million
