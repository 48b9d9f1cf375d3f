"""Run a benchmark: one ledger for many editors and judges, resumable at any moment, nothing paid twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.runs.anchors import anchors
from pico_banana.benchmark.runs.making import editor_of
from pico_banana.benchmark.runs.names import EditorName, editor_named, model_named
from pico_banana.benchmark.runs.passport import Told, passport
from pico_banana.benchmark.runs.presets import preset
from pico_banana.benchmark.runs.results import Results
from pico_banana.benchmark.runs.walk import Again, Bench
from pico_banana.benchmark.runs.watch import EVERY
from pico_banana.benchmark.tasks import Pair, Task, Wording, pairs_of, tasks_of
from pico_banana.errors import ConfigError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.known import remember
from pico_banana.regenerate.backends.base import ModelSettings
from pico_banana.regenerate.settings.config import Config
from pico_banana.regenerate.settings.sections import RunSettings
from pico_banana.regenerate.values import Item
from pico_banana.regenerate.work.engine import Job, run_job
from pico_banana.regenerate.work.staff import connect, hire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.pricelist import Price
    from pico_banana.regenerate.work.state import Progress, RunState
    from pico_banana.rows.choosing.definition import Definition
    from pico_banana.rows.opening import Place
    from pico_banana.rows.sharding.shard import Shard

NO_EDITOR = "pairs"  # what the results of a judge over the preference part are filed under


@dataclass(frozen=True, slots=True)
class Options:
    """How a benchmark is run.

    Attributes:
        wording: the "long" or the "short" instructions.
        preset: how the judge judges: "paper", "minimum", "editscore" or "reward".
        parts: which of "single_turn" and "multi_turn".
        limit: only so many tasks of each part; None for all.
        seed: what every seeded choice derives from.
        anchors: whether the judge sees the anchor set, too.
        budget_usd: hard limit for the whole ledger, 0 for none.
        allow_model_change: go on when another model answers than the one asked for.
        parameters: further parameters of the judge, passed to its backend.
        prices: model to price, where the table that ships does not know it.
    """

    wording: Wording = "long"
    preset: str = "paper"
    parts: tuple[str, ...] = ("single_turn", "multi_turn")
    limit: int | None = None
    seed: int = 0
    anchors: bool = True
    budget_usd: float = 0.0
    allow_model_change: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)


DEFAULTS = Options()


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


def run(  # noqa: PLR0913 - each is one choice of a run
    definition: Definition,
    folder: str | Path,
    *,
    editor: str | EditorName,
    judge: str = "procedural",
    mirror: Place = None,
    options: Options = DEFAULTS,
    shard: Shard | None = None,
    progress: Progress | None = None,
) -> Ran:
    """Have an editor edit and a judge judge what a definition names; what the ledger has already is not asked again.

    Args:
        definition: the benchmark.
        folder: where the ledger and the results lie; made when it is not there.
        editor: see `editor_named`.
        judge: "procedural", or "BACKEND:MODEL", with "@ADDRESS" for a server that speaks the backend's protocol.
        mirror: where the rows and pictures are.
        options: how it is run.
        shard: only this part of the tasks, with its share of the budget; the folder is its own, see `work_on`, and
            `merge_runs` joins the results.
        progress: called about once a second, and at the end.

    Returns:
        The results, also where some are missing; the state says what failed.

    Raises:
        UnknownNameError: there is no such editor, judge or preset.
        ConfigError: the rows are not on this mirror, a key or a model is missing.
        StoreError: the ledger cannot be written, or another process is running on it.
        MissingExtraError: a backend's package is not installed.
    """
    if shard is not None:
        options = replace(options, budget_usd=options.budget_usd / shard.count)
    named = editor_named(editor) if isinstance(editor, str) else editor
    place = _place(mirror)
    tasks = [task for task in tasks_of(definition, place, wording=options.wording) if task.part in options.parts]
    told = _told(definition, place, named, judge, options)
    chosen = _limited(tasks, options.limit)
    return _run(told, Path(folder), chosen if shard is None else shard.of(chosen), options, progress)


def judge_pairs(
    definition: Definition,
    folder: str | Path,
    *,
    judge: str,
    mirror: Place = None,
    options: Options = DEFAULTS,
    progress: Progress | None = None,
) -> Ran:
    """Have a judge score both edits of every pair of the preference part.

    Args:
        definition: the benchmark.
        folder: see `run`.
        judge: see `run`.
        mirror: see `run`.
        options: see `run`.
        progress: see `run`.

    Returns:
        The results: `score` is that of the preferred edit, `rival` that of the other.

    Raises:
        ConfigError: the definition has no pairs, or see `run`.
    """
    place = _place(mirror)
    pairs = pairs_of(definition, place)
    if not pairs:
        raise ConfigError("this definition has no pairs with a rejected edit", key="definition")
    told = _told(definition, place, EditorName(NO_EDITOR), judge, options)
    return _run(told, Path(folder), pairs[: options.limit], options, progress)


def _place(mirror: Place) -> Mirror:
    place = resolve_mirror(mirror)
    remember(place)
    return place


def _limited(tasks: list[Task], limit: int | None) -> list[Task]:
    if limit is None:
        return tasks
    parts = dict.fromkeys(task.part for task in tasks)
    return [task for part in parts for task in [one for one in tasks if one.part == part][:limit]]


def _told(definition: Definition, place: Mirror, named: EditorName, judge: str, options: Options) -> Told:
    how = preset(options.preset)
    judging = ModelSettings() if judge == "procedural" else model_named(judge)
    judging = replace(judging, parameters={**judging.parameters, **options.parameters})
    config = Config(
        seed=options.seed,
        editor=named.settings or ModelSettings(),
        judge=judging,
        rubric=how.rubric,
        policy=how.policy,
        prompts=how.prompts,
        prices=options.prices,
        run=RunSettings(budget_usd=options.budget_usd, allow_model_change=options.allow_model_change),
    )
    return Told(definition, place.name, options.wording, named, f"{judge}/{how.name}", how, config)


def _run(told: Told, folder: Path, work: Sequence[Task | Pair], options: Options, progress: Progress | None) -> Ran:
    bench = Bench(told.editor, told.preset)
    staff = hire(told.config)
    staff = replace(staff, editor=editor_of(told.editor))
    connect(staff)
    plan = _Plan(bench, work, told.config, anchored=options.anchors)
    written: list[tuple[Results, Path]] = []

    def write(ledger: Ledger) -> None:
        items = bench.ordered()
        found = passport(told, ledger, items, judge_changed=bench.watch.noticed)
        results = Results(found, items, bench.anchors)
        written.append((results, results.write(folder)))

    job = Job(told.config, staff, lambda ledger: None, bench.walk, waiting=plan, after=write)
    state = run_job(job, folder, progress=progress)
    return Ran(*written[0], state)


class _Plan:
    """The items of a run: the anchors, then the work, with an anchor again in between."""

    def __init__(self, bench: Bench, work: Sequence[Task | Pair], config: Config, *, anchored: bool) -> None:
        self._items: list[Item] = []
        self._bench, self._seed = bench, config.seed
        day = dt.datetime.now(dt.UTC).toordinal()
        first = anchors() if anchored else ()
        again = first if config.judge.backend != "procedural" else ()  # arithmetic is the same at any time
        for anchor in first:
            self._add(anchor, anchor.item(0, config.seed, day))
        visits = 0
        for number, one in enumerate(work):
            if again and number % EVERY == EVERY - 1:
                anchor = again[visits * 7 % len(again)]  # right and wrong ones in turn
                visits += 1
                self._add(Again(anchor, visits), anchor.item(0, config.seed + visits, day))
            steps = (one.step,) if isinstance(one, Pair) else one.steps
            kinds = tuple(step.edit_type for step in steps)
            self._add(one, Item(0, one.photo, kinds, one.seed(config.seed)))

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
