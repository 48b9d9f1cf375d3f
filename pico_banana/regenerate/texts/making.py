"""`make_texts`: questions about rows go in, a sidecar comes out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.layout import is_ledger
from pico_banana.regenerate.texts.running import ask_for_texts
from pico_banana.regenerate.texts.table import require_ours, texts_schema, texts_table
from pico_banana.regenerate.texts.telling import LEAST_LEVEL
from pico_banana.regenerate.work.state import RunState
from pico_banana.rows.sidecar import require_ending, write_annotations
from pico_banana.telling import Carded

if TYPE_CHECKING:
    import pyarrow as pa

    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.texts.questions import Gathered
    from pico_banana.regenerate.work.state import Progress


@dataclass(frozen=True, slots=True)
class MadeTexts(Carded):
    """What became of the texts of rows; `total == told + sum(without.values())`.

    Attributes:
        out: the sidecar.
        ledger: the folder with all that was asked and answered.
        total: rows and turns in the sidecar, those of earlier runs included.
        told: those with a text.
        without: why others have none ("rejected", "refused", "unjudged", "failed", "not asked yet"), and how many.
        skipped: why rows of this run are not in the sidecar, and how many.
        seen_twice: how many texts a second judge saw.
        seconded: how many of those it would keep, too.
        state: how far the run came, and what it cost.
    """

    out: str
    ledger: str
    total: int
    told: int
    without: dict[str, int]
    skipped: dict[str, int]
    seen_twice: int
    seconded: int
    state: RunState = field(repr=False)


def ledger_beside(out: str | Path) -> Path:
    """Name the ledger that belongs to a sidecar where no other is named.

    Args:
        out: the sidecar.

    Returns:
        `NAME.ledger` beside it.
    """
    return Path(out).with_suffix(".ledger")


def make_texts(
    config: Config,
    gathered: Gathered,
    out: str | Path,
    *,
    ledger: str | Path | None = None,
    failed: bool = False,
    accept_changes: bool = False,
    progress: Progress | None = None,
) -> MadeTexts:
    """Have texts of rows made anew, or go on doing so, and write them as a sidecar.

    Args:
        config: the configuration: who writes (`[shortener]` repairs, `[writer]` captions and translates), `[judge]`,
            perhaps a `[second_judge]`; prices, prompts and run settings.
        gathered: what `faulty_texts`, `captioned_edits` or `texts_to_translate` found.
        out: the sidecar, .parquet or .jsonl; written from all that the ledger holds, also when the run is stopped.
        ledger: the folder for all that is asked and answered; None for `ledger_beside(out)`.
        failed: ask for those that failed in earlier runs instead of the others.
        accept_changes: go on with a configuration that asks something else than the ledger's.
        progress: called about once a second, and at the end.

    Returns:
        What became of the texts.

    Raises:
        ConfigError: the configuration cannot be used, or differs from the ledger's; the sidecar's place is taken.
        StoreError: the ledger or the sidecar cannot be written, or the ledger is of something else.
        MissingExtraError: a backend's package is not installed.
    """
    file, folder = Path(out), ledger_beside(out) if ledger is None else Path(ledger)
    require_ending(file)
    require_ours(file)
    state, table = RunState(), texts_schema().empty_table()
    if gathered.questions:
        options = {"failed": failed, "accept_changes": accept_changes}
        state = ask_for_texts(config, folder, gathered, **options, progress=progress)
    if is_ledger(folder):
        with open_ledger(folder) as book:
            table = texts_table(book)
    write_annotations(table, file)
    return _counted(table, file, folder, gathered, state)


def _counted(table: pa.Table, file: Path, folder: Path, gathered: Gathered, state: RunState) -> MadeTexts:
    problems = Counter(problem.partition(":")[0] for problem in table["problem"].to_pylist() if problem)
    seconds = [level for level in table["second_level"].to_pylist() if level is not None]
    return MadeTexts(
        str(file),
        str(folder),
        len(table),
        len(table) - table["text"].null_count,
        dict(problems),
        dict(gathered.skipped),
        len(seconds),
        sum(level >= LEAST_LEVEL for level in seconds),
        state,
    )
