"""The judges that score rows: which are named, and how they are asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.runs.names import PROCEDURAL, model_named, with_parameters
from pico_banana.benchmark.runs.presets import preset
from pico_banana.benchmark.runs.results import slug
from pico_banana.errors import ConfigError
from pico_banana.regenerate.settings.config import Config, read_config
from pico_banana.regenerate.work.source import with_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pico_banana.regenerate.settings.batching import Transport
    from pico_banana.regenerate.settings.pricelist import Price
    from pico_banana.rows.inference.results import TurnType
    from pico_banana.rows.sharding.shard import Shard


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """How rows are scored.

    Attributes:
        preset: how judges that are named by their model judge: "paper", "minimum" or "reward".
        shard: only this part of the rows, with its share of the budget, see `score_shard`; None for all of them.
        known: other folders of scores: what a judge said there it is not asked again.
        first_turns: session to the type of its first turn, see `rows.first_turns`; what is not in it is told the type
            that is read from the words. An edit that a ledger knows keeps the type it was told.
        budget_usd: hard limit for each judge, 0 for the configuration's, or none.
        transport: "online", "batch" or "auto", see `BatchSettings`; None for the configuration's.
        allow_model_change: go on when another model answers than the one asked for.
        accept_changes: go on with a judge that is asked otherwise than the ledger's.
        retry_failed: score the edits that failed in earlier runs instead of the others.
        parameters: further parameters of the judges, passed to their backends.
        prices: model to price, where the table that ships does not know it.
    """

    preset: str = "paper"
    shard: Shard | None = None
    known: tuple[str | Path, ...] = ()
    first_turns: Mapping[str, TurnType] = field(default_factory=dict)
    budget_usd: float = 0.0
    transport: Transport | None = None
    allow_model_change: bool = False
    accept_changes: bool = False
    retry_failed: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)


DEFAULTS = ScoreOptions()


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge that is to be asked.

    Attributes:
        config: how it is asked.
        rule: how its scores become one: the name of a preset, or of a configuration's file, whose policy says it.
    """

    config: Config
    rule: str

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"{self.config.judge.backend}:{self.config.judge.model}/{self.rule}"

    @property
    def slug(self) -> str:
        """What the folder of its ledgers is called."""
        return slug(self.name.replace("/", "--"))

    def folder(self, place: Path) -> Path:
        """Give the folder of its ledgers."""
        return place / self.slug

    def with_share(self, shard: Shard) -> Judge:
        """Give it a shard's share of its budget and its rates."""
        return replace(self, config=with_share(self.config, shard, budget=self.name))


def named_judges(judges: str | Sequence[str], options: ScoreOptions) -> list[Judge]:
    """Read the names of judges.

    Args:
        judges: "BACKEND:MODEL", or the `.toml` files of configurations.
        options: how they are asked.

    Returns:
        The judges, each with its share where the options name a shard.

    Raises:
        UnknownNameError: there is no such backend or preset.
        ConfigError: a judge cannot be asked about rows.
    """
    names = [judges] if isinstance(judges, str) else list(judges)
    if not names:
        raise ConfigError("no judge is named; name one, as gemini:MODEL", key="judge")
    found = [_of_config(name, options) if name.endswith(".toml") else _of_model(name, options) for name in names]
    return found if options.shard is None else [judge.with_share(options.shard) for judge in found]


def _of_model(text: str, options: ScoreOptions) -> Judge:
    settings = with_parameters(model_named(text), options.parameters)
    _refuse_procedural(settings.backend, text)
    how = preset(options.preset)
    if how.questions or how.two:
        text = f"the preset {options.preset} asks questions of its own, which `score` does not; take paper or minimum"
        raise ConfigError(text, key="preset")
    config = Config(judge=settings, rubric=how.rubric, policy=how.policy, prompts=how.prompts, prices=options.prices)
    return Judge(_running(config, options), how.name)


def _of_config(file: str, options: ScoreOptions) -> Judge:
    config = read_config(file)
    _refuse_procedural(config.judge.backend, file)
    return Judge(_running(config, options), Path(file).name)


def _refuse_procedural(backend: str, named: str) -> None:
    if backend == PROCEDURAL:
        text = f"{named} judges by the recipe an edit was made by, and rows have none; name a model, as gemini:MODEL"
        raise ConfigError(text, key="judge")


def _running(config: Config, options: ScoreOptions) -> Config:
    """Put in how far a run may go."""
    changes: dict[str, Any] = {"allow_model_change": True} if options.allow_model_change else {}
    if options.budget_usd:
        changes["budget_usd"] = options.budget_usd
    prices = {**config.prices, **options.prices}
    batch = config.batch if options.transport is None else replace(config.batch, transport=options.transport)
    return replace(config, prices=prices, run=replace(config.run, **changes), batch=batch)
