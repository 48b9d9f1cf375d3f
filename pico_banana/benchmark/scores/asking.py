"""Have judges score rows: a folder of ledgers, one for each judge; what one of them holds is not paid again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.benchmark.runs.presets import preset
from pico_banana.benchmark.scores.judges import DEFAULTS, named_judges
from pico_banana.benchmark.scores.places import ALL, ledgers_in
from pico_banana.errors import ConfigError
from pico_banana.regenerate.judged import judged_names
from pico_banana.regenerate.judging import forecast_judging, judge_published, published_edits
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.layout import is_ledger
from pico_banana.regenerate.work.state import RunState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.benchmark.scores.judges import Judge, ScoreOptions
    from pico_banana.records import Record
    from pico_banana.regenerate.judging import PublishedEdit
    from pico_banana.regenerate.work.state import Progress


@dataclass(frozen=True, slots=True)
class ScorePlan:
    """What scoring would ask, before anything is paid.

    Attributes:
        judge: the judge's name.
        edits: edits of the rows.
        turns: of these, turns of sessions.
        judged: edits that the ledgers hold already, whichever shard they were asked in, or those of `known`.
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
    named = named_judges(judges, options)
    edits = _edits(rows, options)
    found: list[Scored] = []
    for judge in named:
        found.append(_score(judge, edits, Path(folder), options, progress))
        if found[-1].state.stopped == "interrupted":  # who stops one judge does not want the next one
            break
    return tuple(found)


def what_is_asked(rows: Sequence[Record], judges: str | Sequence[str], options: ScoreOptions) -> tuple[object, ...]:
    """Give what the shards of one output must have in common; not how far a run goes.

    Args:
        rows: see `score`; all of them.
        judges: see `score`.
        options: see `score`.

    Returns:
        Values whose `repr` says all of it.
    """
    asked = tuple((judge.name, judge.config.digest()) for judge in named_judges(judges, replace(options, shard=None)))
    return asked, tuple(row.id for row in rows), tuple(sorted(options.first_turns.items()))


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
    named = named_judges(judges, options)
    edits = _edits(rows, options)
    return tuple(_planned(judge, edits, (folder, *options.known)) for judge in named)


def _score(
    judge: Judge, edits: Sequence[PublishedEdit], folder: Path, options: ScoreOptions, progress: Progress | None
) -> Scored:
    ledger = judge.folder(folder) / ALL
    elsewhere = _judged(judge, (folder, *options.known), besides=ledger)
    mine = [edit for edit in edits if edit.name not in elsewhere]
    if (edits or options.shard is not None) and not mine and not is_ledger(ledger):
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


def _planned(judge: Judge, edits: Sequence[PublishedEdit], places: Sequence[str | Path]) -> ScorePlan:
    known = _judged(judge, places)
    left = [edit for edit in edits if edit.name not in known]
    later = sum(edit.place is not None and edit.place.turn > 1 for edit in left)
    usd, unpriced = forecast_judging(judge.config, len(left), later_turns=later)
    turns = sum(edit.place is not None for edit in edits)
    counts = len(edits), turns, len(edits) - len(left), len(left)
    return ScorePlan(judge.name, *counts, None if unpriced else round(usd, 6), unpriced)


def _judged(judge: Judge, places: Sequence[str | Path], *, besides: Path | None = None) -> set[str]:
    """Name the edits that this judge has answered about, in any of its ledgers."""
    files = (file for place in places for file in ledgers_in(place))
    theirs = (file.parent for file in files if file.parent.parent.name == judge.slug and file.parent != besides)
    found: set[str] = set()
    for folder in theirs:
        with open_ledger(folder) as ledger:
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
