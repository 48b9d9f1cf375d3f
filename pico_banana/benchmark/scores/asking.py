"""Have judges score rows: a folder of ledgers, one for each judge and shard; what one of them holds is not paid again.

::

    scores/openai-critic--paper-1/all/ledger.sqlite
    scores/openai-critic--paper-1/0001-of-0008/ledger.sqlite

Ledgers of shards can be made on several machines and put into one folder afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.runs.names import PROCEDURAL, model_named, with_parameters
from pico_banana.benchmark.runs.presets import preset
from pico_banana.benchmark.runs.results import slug
from pico_banana.errors import ConfigError
from pico_banana.regenerate.judged import judged_names
from pico_banana.regenerate.judging import forecast_judging, judge_published, published_edits
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.layout import DATABASE, is_ledger
from pico_banana.regenerate.settings.config import Config, read_config
from pico_banana.regenerate.work.source import with_share
from pico_banana.regenerate.work.state import RunState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pico_banana.records import Record
    from pico_banana.regenerate.judging import PublishedEdit
    from pico_banana.regenerate.settings.batching import Transport
    from pico_banana.regenerate.settings.pricelist import Price
    from pico_banana.regenerate.work.state import Progress
    from pico_banana.rows.inference.results import TurnType
    from pico_banana.rows.sharding.shard import Shard

_ALL = "all"


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """How rows are scored.

    Attributes:
        preset: how judges that are named by their model judge: "paper", "minimum" or "reward".
        shard: only this part of the rows, with its share of the budget; None for all of them.
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
class ScorePlan:
    """What scoring would ask, before anything is paid.

    Attributes:
        judge: the judge's name.
        edits: edits of the rows.
        turns: of these, turns of sessions.
        judged: edits that the ledgers hold already, whichever shard they were asked in.
        left: edits to ask about.
        usd: what that is expected to cost; None where nobody knows the price.
        unpriced: the models whose price nobody knows.
    """

    judge: str
    edits: int
    turns: int
    judged: int
    left: int
    usd: float | None
    unpriced: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        cost = f"cost unknown (no price for {', '.join(self.unpriced)})" if self.usd is None else f"{self.usd:.2f} USD"
        turns = f", {self.turns:,} of them turns" if self.turns else ""
        return f"{self.judge}: {self.left:,} of {self.edits:,} edits{turns} to judge, about {cost}"


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of one judge's run.

    Attributes:
        judge: the judge's name.
        ledger: the folder of its ledger.
        state: how far it came, and what it cost.
    """

    judge: str
    ledger: Path
    state: RunState


@dataclass(frozen=True, slots=True)
class _Judge:
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

    def folder(self, place: Path) -> Path:
        """Give the folder of its ledgers."""
        return place / slug(self.name.replace("/", "--"))


def score(
    rows: Sequence[Record],
    folder: str | Path,
    *,
    judges: str | Sequence[str],
    options: ScoreOptions = DEFAULTS,
    progress: Progress | None = None,
) -> tuple[Scored, ...]:
    """Have judges score the edits of rows, one judge after the other, or go on doing so; turns of sessions as well.

    Args:
        rows: the rows, of any subset with pictures.
        folder: where the ledgers lie; made when it is not there.
        judges: "BACKEND:MODEL", with "@ADDRESS" for a server of one's own, or the `.toml` file of a configuration
            whose [judge], [rubric], [policy] and [prompts] count.
        options: how they are asked.
        progress: called about once a second, and at the end of each judge.

    Returns:
        How far each judge came; `scores` reads what they said.

    Raises:
        UnknownNameError: there is no such backend or preset.
        ConfigError: there are no edits, a judge cannot be asked about them, or is asked otherwise than before.
        StoreError: a ledger cannot be written, or another process is running on it.
        MissingExtraError: a backend's package is not installed.
    """
    named = _named(judges, options)
    edits = _edits(rows, options)
    found: list[Scored] = []
    for judge in named:
        found.append(_score(judge, edits, Path(folder), options, progress))
        if found[-1].state.stopped == "interrupted":  # who stops one judge does not want the next one
            break
    return tuple(found)


def plan_scores(
    rows: Sequence[Record],
    folder: str | Path,
    *,
    judges: str | Sequence[str],
    options: ScoreOptions = DEFAULTS,
) -> tuple[ScorePlan, ...]:
    """Say what `score` would ask and what it is expected to cost; nothing is asked, no picture is read.

    Args:
        rows: see `score`.
        folder: see `score`; it need not be there.
        judges: see `score`.
        options: see `score`.

    Returns:
        A plan a judge.

    Raises:
        UnknownNameError: there is no such backend or preset.
        ConfigError: a judge cannot be asked about these rows.
    """
    named = _named(judges, options)
    edits = _edits(rows, options)
    return tuple(_planned(judge, edits, Path(folder)) for judge in named)


def _score(
    judge: _Judge, edits: Sequence[PublishedEdit], folder: Path, options: ScoreOptions, progress: Progress | None
) -> Scored:
    ledger = judge.folder(folder) / (_ALL if options.shard is None else options.shard.name)
    elsewhere = _judged(judge, folder, besides=ledger)
    mine = [edit for edit in edits if edit.name not in elsewhere]
    if edits and not mine and not is_ledger(ledger):
        return Scored(judge.name, ledger, RunState(earlier=len(edits)))
    state = judge_published(
        judge.config,
        ledger,
        mine,
        preset=judge.rule,
        failed=options.retry_failed,
        accept_changes=options.accept_changes,
        progress=progress,
    )
    return Scored(judge.name, ledger, state)


def _planned(judge: _Judge, edits: Sequence[PublishedEdit], folder: Path) -> ScorePlan:
    known = _judged(judge, folder)
    left = [edit for edit in edits if edit.name not in known]
    later = sum(edit.place is not None and edit.place.turn > 1 for edit in left)
    usd, unpriced = forecast_judging(judge.config, len(left), later_turns=later)
    turns = sum(edit.place is not None for edit in edits)
    counts = len(edits), turns, len(edits) - len(left), len(left)
    return ScorePlan(judge.name, *counts, None if unpriced else round(usd, 6), unpriced)


def _judged(judge: _Judge, folder: Path, *, besides: Path | None = None) -> set[str]:
    """Name the edits that this judge has answered about, in any of its ledgers."""
    found: set[str] = set()
    for file in sorted(judge.folder(folder).glob(f"*/{DATABASE}")):
        if file.parent != besides:
            with open_ledger(file.parent) as ledger:
                found |= judged_names(ledger)
    return found


def _edits(rows: Sequence[Record], options: ScoreOptions) -> list[PublishedEdit]:
    mine = rows if options.shard is None else options.shard.of(rows)
    edits = list(published_edits(mine, first_turns=options.first_turns))
    later = any(edit.place is not None and edit.place.turn > 1 for edit in edits)
    if later and not preset(options.preset).sees_sessions:
        text = f"the preset {options.preset} looks at one edit alone, and these are sessions; take paper or minimum"
        raise ConfigError(text, key="preset")
    return edits


def _named(judges: str | Sequence[str], options: ScoreOptions) -> list[_Judge]:
    names = [judges] if isinstance(judges, str) else list(judges)
    if not names:
        raise ConfigError("no judge is named; name one, as gemini:MODEL", key="judge")
    return [_of_config(name, options) if name.endswith(".toml") else _of_model(name, options) for name in names]


def _of_model(text: str, options: ScoreOptions) -> _Judge:
    settings = with_parameters(model_named(text), options.parameters)
    _refuse_procedural(settings.backend, text)
    how = preset(options.preset)
    if how.questions or how.two:
        text = f"the preset {options.preset} asks questions of its own, which `score` does not; take paper or minimum"
        raise ConfigError(text, key="preset")
    config = Config(judge=settings, rubric=how.rubric, policy=how.policy, prompts=how.prompts, prices=options.prices)
    return _Judge(_running(config, options), how.name)


def _of_config(file: str, options: ScoreOptions) -> _Judge:
    config = read_config(file)
    _refuse_procedural(config.judge.backend, file)
    return _Judge(_running(config, options), Path(file).name)


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
    found = replace(config, prices=prices, run=replace(config.run, **changes), batch=batch)
    return found if options.shard is None else with_share(found, options.shard)
