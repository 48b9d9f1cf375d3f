"""What all runs of a benchmark share: their options, the order of their work, and the way over the engine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.runs.anchors import anchors
from pico_banana.benchmark.runs.making import editor_of
from pico_banana.benchmark.runs.names import PROCEDURAL, EditorName, model_named, with_parameters
from pico_banana.benchmark.runs.passport import Told, passport
from pico_banana.benchmark.runs.presets import Preset, preset
from pico_banana.benchmark.runs.results import Results
from pico_banana.benchmark.runs.sides import Bout
from pico_banana.benchmark.runs.walk import Again, Bench
from pico_banana.benchmark.runs.watch import EVERY
from pico_banana.benchmark.tasks import Pair, Rewriting, Task, Wording
from pico_banana.errors import ConfigError, unknown_name
from pico_banana.regenerate.backends.base import ModelSettings
from pico_banana.regenerate.settings.config import Config
from pico_banana.regenerate.settings.sections import RunSettings
from pico_banana.regenerate.values import Item
from pico_banana.regenerate.work.engine import Job, run_job
from pico_banana.regenerate.work.source import with_share
from pico_banana.regenerate.work.staff import connect, hire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.pricelist import Price
    from pico_banana.regenerate.work.state import Progress, RunState
    from pico_banana.rows.choosing.definition import Definition
    from pico_banana.rows.sharding.shard import Shard


# Enough to keep eight calls of an editor and eight of a judge going; with more, the anchors, which need no edit, would
# be asked about long before the edits that they stand between.
_IN_FLIGHT = 16
_PARTS = ("single_turn", "multi_turn")


@dataclass(frozen=True, slots=True)
class Options:
    """How a benchmark is run.

    Attributes:
        wording: the "long" or the "short" instructions.
        preset: how the judge judges: "paper", "minimum", "editscore", "editreward", "reward", "pairwise"; empty for
            what is usual for the judge, "paper" for most.
        parts: which of "single_turn" and "multi_turn"; a text names one.
        limit: only so many tasks of each part; None for all.
        seed: what every seeded choice derives from.
        anchors: whether the judge sees the anchor set, too.
        budget_usd: hard limit for the whole ledger, 0 for none.
        allow_model_change: go on when another model answers than the one asked for.
        parameters: further parameters of the judge, passed to its backend.
        prices: model to price, where the table that ships does not know it.
    """

    wording: Wording = "long"
    preset: str = ""
    parts: tuple[str, ...] = _PARTS
    limit: int | None = None
    seed: int = 0
    anchors: bool = True
    budget_usd: float = 0.0
    allow_model_change: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what would run nothing.

        Raises:
            UnknownNameError: there is no such part or wording.
            ConfigError: no part is named, or the limit is no number from 1.
        """
        parts = (self.parts,) if isinstance(self.parts, str) else tuple(self.parts)
        for kind, named, known in (("part", parts, _PARTS), ("wording", (self.wording,), ("long", "short"))):
            if wrong := [one for one in named if one not in known]:
                error = unknown_name(kind, str(wrong[0]), known)
                raise error
        if not parts:
            raise ConfigError(f"no part is named; take some of {', '.join(_PARTS)}", key="parts")
        if self.limit is not None and (isinstance(self.limit, bool) or self.limit < 1):
            raise ConfigError(f"limit is {self.limit!r}; it is a number from 1, or None for all tasks", key="limit")
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run.

    Attributes:
        results: the results, as they were written.
        path: the file.
        state: how far the run came, and what it cost.
    """

    results: Results
    path: Path
    state: RunState


def judge_settings(judge: str, options: Options) -> ModelSettings:
    """Read the name of a judge, and give it the parameters of the options.

    Args:
        judge: "procedural" or "BACKEND:MODEL".
        options: how the benchmark is run.

    Returns:
        How it is reached.
    """
    judging = ModelSettings() if judge == PROCEDURAL else model_named(judge)
    return with_parameters(judging, options.parameters)


def chosen_preset(judge: str, options: Options) -> Preset:
    """Give the preset of the options, or the usual one of the judge.

    Args:
        judge: "procedural" or "BACKEND:MODEL".
        options: how the benchmark is run.

    Returns:
        The preset.
    """
    return preset(options.preset, backend=judge_settings(judge, options).backend)


def told(
    definition: Definition,
    place: Mirror,
    named: EditorName,
    judge: str,
    how: Preset,
    options: Options,
    shard: Shard | None = None,
) -> Told:
    """Put together what is known of a run before it begins.

    Args:
        definition: the benchmark.
        place: where its rows are.
        named: the editor.
        judge: "procedural" or "BACKEND:MODEL".
        how: how it judges.
        options: how the benchmark is run.
        shard: which part; it has its share of the budget.

    Returns:
        What the run is told.
    """
    config = Config(
        seed=options.seed,
        editor=named.settings or ModelSettings(),
        judge=judge_settings(judge, options),
        rubric=how.rubric,
        policy=how.policy,
        prompts=how.prompts,
        prices=options.prices,
        run=RunSettings(
            budget_usd=options.budget_usd,
            allow_model_change=options.allow_model_change,
            items_in_flight=_IN_FLIGHT,
        ),
    )
    config = config if shard is None else with_share(config, shard)
    return Told(definition, place.name, options.wording, named, f"{judge}/{how.name}", how, config)


Work = Task | Pair | Bout | Rewriting


def carry_out(about: Told, folder: Path, work: Sequence[Work], progress: Progress | None, *, anchored: bool) -> Ran:
    """Do the work of a run, and write what came of it.

    Args:
        about: what the run is told.
        folder: where the ledger and the results lie.
        work: what there is to do.
        progress: called about once a second, and at the end.
        anchored: whether the judge sees the anchor set, too.

    Returns:
        The results.
    """
    bench = Bench(about.editor, about.preset)
    staff = hire(about.config)
    staff = replace(staff, editor=editor_of(about.editor) if about.role == "edit" else staff.editor)
    connect(staff)
    plan = _Plan(bench, work, about.config, anchored=anchored)
    written: list[tuple[Results, Path]] = []

    def write(ledger: Ledger) -> None:
        items = bench.ordered()
        found = passport(about, ledger, items, judge_changed=bench.watch.noticed)
        results = Results(found, items, bench.anchors)
        written.append((results, results.write(folder)))

    job = Job(about.config, staff, lambda ledger: None, bench.walk, waiting=plan, after=write)
    state = run_job(job, folder, progress=progress)
    return Ran(*written[0], state)


class _Plan:
    """The items of a run: the anchors, then the work, with an anchor again in between."""

    def __init__(self, bench: Bench, work: Sequence[Work], config: Config, *, anchored: bool) -> None:
        self._items: list[Item] = []
        self._bench = bench
        day = dt.datetime.now(dt.UTC).toordinal()
        first = anchors() if anchored else ()
        again = first if config.judge.backend != PROCEDURAL else ()  # arithmetic is the same at any time
        for anchor in first:
            self._add(anchor, anchor.item(0, config.seed, day))
        visits = judged = 0
        for one in work:
            self._add(one, _item(one, config.seed))
            judged += _opinions(one)
            if again and judged >= EVERY:
                judged, anchor = 0, again[visits * 7 % len(again)]  # right and wrong ones in turn
                visits += 1
                self._add(Again(anchor, visits), anchor.item(0, config.seed + visits, day))

    def _add(self, work: Any, item: Item) -> None:  # noqa: ANN401 - whatever `Bench.work` holds
        number = len(self._items) + 1
        self._bench.work[number] = work
        self._items.append(replace(item, id=number))

    def count(self, ledger: Ledger) -> int:
        """Count the items."""
        return len(self._items)

    def items(self, ledger: Ledger) -> Iterator[Item]:
        """Give the items."""
        return iter(self._items)


def _item(work: Work, seed: int) -> Item:
    """Make an item of a piece of work; all pieces about one row have the seed of that row."""
    task = work if isinstance(work, Task) else work.task
    return Item(0, task.photo, tuple(step.edit_type for step in task.steps), task.seed(seed))


def _opinions(work: Work) -> int:
    """Say how often a judge is asked about it."""
    return len(work.steps) if isinstance(work, Task) else 2
