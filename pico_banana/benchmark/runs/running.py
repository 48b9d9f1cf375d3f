"""Run a benchmark: one ledger for many editors and judges, resumable at any moment, nothing paid twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.benchmark.runs.job import Options, Ran, carry_out, chosen_preset, told
from pico_banana.benchmark.runs.names import PROCEDURAL, EditorName, editor_named
from pico_banana.benchmark.runs.presets import KEPT_CONTENT
from pico_banana.benchmark.runs.results import Results, results_in
from pico_banana.benchmark.runs.sides import Bout
from pico_banana.benchmark.tasks import Task, Wording, pairs_of, rewritings_of, tasks_of
from pico_banana.errors import ConfigError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.known import remember
from pico_banana.regenerate.backends.base import ModelSettings
from pico_banana.rows.choosing.definition import defined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.regenerate.work.state import Progress
    from pico_banana.rows.choosing.definition import Definition
    from pico_banana.rows.opening import Place
    from pico_banana.rows.sharding.shard import Shard

NO_EDITOR = "pairs"  # what the results of a judge over the preference part are filed under
DEFAULTS = Options()


def run(  # noqa: PLR0913 - each is one choice of a run
    definition: Definition | str | Path,
    folder: str | Path,
    *,
    editor: str | EditorName,
    judge: str = PROCEDURAL,
    mirror: Place = None,
    options: Options = DEFAULTS,
    shard: Shard | None = None,
    progress: Progress | None = None,
) -> Ran:
    """Have an editor edit and a judge judge what a definition names; what the ledger has already is not asked again.

    Args:
        definition: the benchmark, or the file that holds it.
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
        ConfigError: the rows are not on this mirror, a key or a model is missing, or the preset compares two edits.
        StoreError: the ledger cannot be written, or another process is running on it.
        MissingExtraError: a backend's package is not installed.
    """
    definition = defined(definition)
    named = editor_named(editor) if isinstance(editor, str) else editor
    how = chosen_preset(judge, options)
    if how.two:
        text = "the preset pairwise compares two edits; run with another one, then `pico-banana benchmark duel`"
        raise ConfigError(text, key="preset")
    if named.pictures and len(foreign := named.outside(definition)) == len({row for row, _ in named.pictures}):
        text = f"none of the {len(foreign)} edits of {named.name} is in this benchmark, such as {foreign[0]!r}"
        raise ConfigError(f"{text}; an id of it is {next(iter(definition.single_turn), '')!r}", key="editor")
    place = _place(mirror)
    tasks = [task for task in tasks_of(definition, place, wording=options.wording) if task.part in options.parts]
    chosen = _limited(tasks, options.limit)
    work = chosen if shard is None else shard.of(chosen)
    about = told(definition, place, named, judge, how, options, shard)
    return carry_out(about, Path(folder), work, progress, anchored=options.anchors)


def judge_pairs(
    definition: Definition | str | Path,
    folder: str | Path,
    *,
    judge: str,
    mirror: Place = None,
    options: Options = DEFAULTS,
    progress: Progress | None = None,
) -> Ran:
    """Have a judge score both edits of every pair of the preference part, or compare them with the preset "pairwise".

    Args:
        definition: the benchmark, or the file that holds it.
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
    definition, place = defined(definition), _place(mirror)
    pairs = pairs_of(definition, place)
    if not pairs:
        raise ConfigError("this definition has no pairs with a rejected edit", key="definition")
    about = told(definition, place, EditorName(NO_EDITOR), judge, chosen_preset(judge, options), options)
    return carry_out(about, Path(folder), pairs[: options.limit], progress, anchored=options.anchors)


def duel(
    definition: Definition | str | Path,
    folder: str | Path,
    *,
    editors: tuple[str, str],
    judge: str,
    mirror: Place = None,
    options: Options = DEFAULTS,
    progress: Progress | None = None,
) -> Ran:
    """Have a judge say which of two editors' single edits is better, each pair shown in both orders.

    Args:
        definition: the benchmark, or the file that holds it.
        folder: where `run` has left the results and pictures of both editors.
        editors: their names, as in the report.
        judge: "BACKEND:MODEL".
        mirror: see `run`.
        options: see `run`; the preset is "pairwise".
        progress: see `run`.

    Returns:
        The results: `score` is 1 where the first editor's edit is better, 0 where the other's is, and 0.5 where neither
        is, or the judge says another thing once the two change places.

    Raises:
        ConfigError: an editor has no results here, the two were not asked the same, or the judge knows no pairs.
        StoreError: the ledger cannot be written, or another process is running on it.
    """
    how = chosen_preset(judge, replace(options, preset=options.preset or "pairwise"))
    if not how.two or judge == PROCEDURAL:
        text = "a duel needs a model as the judge and the preset pairwise; duels of scores are in the report anyhow"
        raise ConfigError(text, key="judge")
    definition, place = defined(definition), _place(mirror)
    one, other = (_results_of(name, Path(folder), definition, options.wording) for name in editors)
    tasks = [task for task in tasks_of(definition, place, wording=options.wording) if task.part == "single_turn"]
    bouts = _bouts(tasks, one, other)
    seed = int(one.passport["seed"])
    named = EditorName(f"{editors[0]} against {editors[1]}", rivals=editors)
    about = told(definition, place, named, judge, how, replace(options, seed=seed))
    return carry_out(about, Path(folder), bouts[: options.limit], progress, anchored=options.anchors)


def rewrite(  # noqa: PLR0913 - each is one choice of a run
    definition: Definition | str | Path,
    folder: str | Path,
    *,
    rewriter: str,
    judge: str = PROCEDURAL,
    mirror: Place = None,
    options: Options = DEFAULTS,
    shard: Shard | None = None,
    progress: Progress | None = None,
) -> Ran:
    """Have a rewriter shorten the long instructions of the single edits, and a judge say what was kept.

    Args:
        definition: the benchmark, or the file that holds it.
        folder: see `run`.
        rewriter: "BACKEND:MODEL", "procedural", or "published" for the release's own short texts.
        judge: "BACKEND:MODEL"; with "procedural" nothing but lengths, copies and flags is counted.
        mirror: see `run`.
        options: see `run`; presets of edits and anchors do not count.
        shard: see `run`.
        progress: see `run`.

    Returns:
        The results: `score` says how much was kept, `scores` what was counted.

    Raises:
        UnknownNameError: there is no such rewriter or judge.
        ConfigError: the rewriter is a folder of pictures, or see `run`.
    """
    named = editor_named(rewriter)
    if named.pictures or named.rate < 1:
        raise ConfigError(f"{rewriter!r} writes no texts; name a model, procedural or published", key="rewriter")
    definition, place = defined(definition), _place(mirror)
    texts = rewritings_of(definition, place)[: options.limit]
    about = told(definition, place, named, judge, KEPT_CONTENT, options, shard)
    config = about.config if named.settings is None else replace(about.config, shortener=named.settings)
    config = replace(config, editor=ModelSettings())
    about = replace(about, wording="rewriting", config=config, role="shorten")
    return carry_out(about, Path(folder), texts if shard is None else shard.of(texts), progress, anchored=False)


def editors_in(folder: str | Path, *, wording: Wording = "long") -> list[str]:
    """Name the editors whose single edits are in a folder.

    Args:
        folder: where `run` has left its results.
        wording: "long" or "short" instructions.

    Returns:
        The names, each once.
    """
    return list(dict.fromkeys(one.editor for one in _of_editors(folder) if one.passport["wording"] == wording))


def _of_editors(folder: str | Path) -> list[Results]:
    return [one for one in results_in(folder) if any(item.part == "single_turn" for item in one.items)]


def _place(mirror: Place) -> Mirror:
    place = resolve_mirror(mirror)
    remember(place)
    return place


def _limited(tasks: list[Task], limit: int | None) -> list[Task]:
    if limit is None:
        return tasks
    parts = dict.fromkeys(task.part for task in tasks)
    return [task for part in parts for task in [one for one in tasks if one.part == part][:limit]]


def _results_of(name: str, folder: Path, definition: Definition, wording: str) -> Results:
    """Find the results of an editor; whoever judged them, the pictures are the same.

    Raises:
        ConfigError: there are none, or they are of another definition.
    """
    every = _of_editors(folder)
    found = [one for one in every if (one.editor, one.passport["wording"]) == (name, wording)]
    if not found:
        known = ", ".join(sorted({one.editor for one in every})) or "none"
        text = f"{folder} has no results of the editor {name!r} with {wording} instructions; there are {known}"
        raise ConfigError(text, key="editor")
    if found[0].passport["definition"]["checksum"] != definition.checksum:
        raise ConfigError(f"the results of {name!r} in {folder} are of another definition", key="definition")
    return found[0]


def _bouts(tasks: Sequence[Task], one: Results, other: Results) -> list[Bout]:
    kinds = [results.passport["editor"]["backend"] == PROCEDURAL for results in (one, other)]
    if kinds[0] != kinds[1] or one.passport["seed"] != other.passport["seed"]:
        text = "a procedural editor is asked other things than a model, and each seed asks for others: no duel of them"
        raise ConfigError(text, key="editor")
    edits = [{item.id: item for item in results.items} for results in (one, other)]
    both = [task for task in tasks if all(task.id in found for found in edits)]
    return [Bout(replace(task, part="duel"), edits[0][task.id], edits[1][task.id], kinds[0]) for task in both]
