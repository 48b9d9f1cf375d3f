"""What to say of a configuration before anything is paid: void limits, and parameters and models of yesterday."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.regenerate.prompts import prompt
from pico_banana.regenerate.settings.pricelist import FREE_BACKENDS, listed
from pico_banana.regenerate.settings.verdicts import CRITERIA
from pico_banana.regenerate.work.budget import unpriced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.regenerate.backends.base import ModelSettings
    from pico_banana.regenerate.settings.config import Config

# The third generation takes them and ignores them, or answers worse; it wants `thinking_level`.
_DEPRECATED = ("temperature", "top_p", "top_k", "thinking_budget")


def advice(config: Config) -> tuple[str, ...]:
    """Look a configuration through.

    Args:
        config: the run's configuration.

    Returns:
        A sentence for everything that is not as it seems; empty when all is well.
    """
    found = (*_void_limits(config), *_of_yesterday(config), *_other_criteria(config), *_unknown_cost(config))
    return tuple(dict.fromkeys(found))


def _void_limits(config: Config) -> Iterator[str]:
    items = config.run.items_in_flight
    first: dict[tuple[str, str, str], tuple[str, ModelSettings]] = {}
    for name, settings in config.models.items():
        if settings.backend in FREE_BACKENDS:
            continue
        if settings.concurrency > items:
            yield (
                f"{name}.concurrency = {settings.concurrency} is never reached: run.items_in_flight = {items}, "
                f"and an item makes one call at a time; raise it to {settings.concurrency}"
            )
        if 0 < settings.tokens_per_minute < settings.max_input_tokens + settings.max_output_tokens:
            yield f"{name}.tokens_per_minute is less than one call may use: they go one at a time at first"
        owner, shared = first.setdefault((settings.backend, settings.base_url, settings.model), (name, settings))
        if _limits(shared) != _limits(settings):
            yield f"[{name}] shares model and pace with [{owner}], so the limits of [{owner}] hold for both"


def _limits(settings: ModelSettings) -> tuple[int, int, int]:
    return settings.concurrency, settings.requests_per_minute, settings.tokens_per_minute


def _of_yesterday(config: Config) -> Iterator[str]:
    for name, settings in config.models.items():
        found = listed(settings.backend, settings.model)
        if found is not None and found.warning:
            yield f"{settings.model} {found.warning}"
        if settings.backend == "gemini" and settings.model.startswith("gemini-3"):
            old = [parameter for parameter in _DEPRECATED if parameter in settings.parameters]
            if old:
                which = " and ".join(f"{name}.parameters.{parameter}" for parameter in old)
                yield f"{which}: deprecated for {settings.model}; use thinking_level, or leave it out"


def _other_criteria(config: Config) -> Iterator[str]:
    shipped = [role for role in ("judge", "judge_turn") if config.prompts.chosen(role).version in _shipped_judges()]
    if config.rubric.criteria != CRITERIA and config.rubric.reasons and shipped:
        names = ", ".join(config.rubric.criteria)
        keys = " and ".join(f"prompts.{role}" for role in shipped)
        ours = ", ".join(CRITERIA)
        yield f"rubric.criteria are {names}, and the prompt that ships asks for {ours}: name yours in {keys}"


def _shipped_judges() -> frozenset[str]:
    return frozenset(prompt(name).version for name in ("judge_v1", "judge_v2", "judge_turn_v1", "judge_turn_v2"))


def _unknown_cost(config: Config) -> Iterator[str]:
    for model in unpriced(config):
        yield f'cost unknown, no price is known for {model!r}: set [prices."{model}"], all 0 for a server of your own'
