"""What judges said of rows, read from a folder of ledgers: as a sidecar of one judge, or of several side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pico_banana.benchmark.runs.presets import preset
from pico_banana.benchmark.scores.omniedit import omniedit_rows
from pico_banana.benchmark.scores.places import ledgers_in
from pico_banana.benchmark.scores.whole_rows import by_row
from pico_banana.errors import ConfigError, StoreError, unknown_name
from pico_banana.regenerate.judged import preset_of, scores
from pico_banana.regenerate.ledger.book import open_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from pico_banana.benchmark.scores.calibrating import Calibration

Columns = Literal["own", "omniedit"]
Per = Literal["edit", "row"]
_WHICH = ("row_id", "turn", "told_type", "type_source", "type_confidence")  # of an edit, whoever judges it
_EACH = ("score", "accepted", "problem", "chance")  # of each judge; a chance only where there are labels
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class JudgeScores:
    """What one judge said.

    Attributes:
        judge: the judge's name, with its preset or the name of its configuration.
        rows: the columns of `regenerate.scores`, a dictionary an edit; an edit that two shards hold is there once.
    """

    judge: str
    rows: tuple[Row, ...] = field(repr=False)

    @property
    def scored(self) -> int:
        """How many edits have a score."""
        return sum(row["score"] is not None for row in self.rows)

    @property
    def missing(self) -> dict[str, str]:
        """The edits without a score, and why."""
        return {row["id"]: row["problem"] for row in self.rows if row["score"] is None}

    @property
    def missing_by_reason(self) -> dict[str, int]:
        """How many edits lack a score for which reason, the most frequent first."""
        return dict(Counter(reason.partition(":")[0] for reason in self.missing.values()).most_common())


@dataclass(frozen=True, slots=True)
class Scores:
    """What all judges of a folder said.

    Attributes:
        judges: by name.
    """

    judges: tuple[JudgeScores, ...]

    def of(self, *names: str) -> Scores:
        """Keep some judges.

        Args:
            names: their names, or how they begin.

        Returns:
            The scores of these alone.

        Raises:
            UnknownNameError: there is no such judge.
        """
        for name in names:
            if not any(one.judge.startswith(name) for one in self.judges):
                error = unknown_name("judge of these scores", name, [one.judge for one in self.judges])
                raise error
        return Scores(tuple(one for one in self.judges if one.judge.startswith(names)))

    def with_chances(self, calibrations: Mapping[str, Calibration]) -> Scores:
        """Add what each score is worth: the chance that a person calls the edit good, as a column `chance`.

        Args:
            calibrations: judge to its calibration, as `ScoreReport.calibrations` has them.

        Returns:
            The scores; those of judges without a calibration stay as they are.
        """
        return Scores(tuple(_with_chance(one, calibrations.get(one.judge)) for one in self.judges))

    def to_arrow(self, *, per: Per = "edit", columns: Columns = "own") -> pa.Table:
        """Give the scores as annotations.

        Args:
            per: a line an "edit", whose id has `#turn2` for a turn and `#rejected1` for a rejected edit; or a "row",
                so that sessions and pairs join by their own id: see `whole_rows`.
            columns: "own", or as "omniedit" names them, from 0 to 10; for one judge alone.

        Returns:
            `id` and what is said of it. Of one judge all columns of `regenerate.scores`; of several for each its
            `score`, `accepted` and `problem` under its name, `score` as their mean, `spread` from the lowest to the
            highest, and `judged_by`, how many gave one. An edit without a score has nulls, and `problem` says why.

        Raises:
            ConfigError: these columns hold one judge, or need criteria that it was not asked for.
        """
        if columns == "omniedit" and per == "row":
            raise ConfigError("OmniEdit's columns are of edits; take per='edit', or own columns", key="columns")
        if columns == "omniedit":
            return _table(omniedit_rows(self._only().rows))
        if len(self.judges) == 1:
            rows = self.judges[0].rows
            return _table(by_row(rows) if per == "row" else rows)
        return _table(_side_by_side(self.judges, per))

    def _only(self) -> JudgeScores:
        if len(self.judges) != 1:
            there = ", ".join(one.judge for one in self.judges)
            raise ConfigError(f"these columns hold one judge, and here are {there}; name one of them", key="judge")
        return self.judges[0]


def _with_chance(one: JudgeScores, found: Calibration | None) -> JudgeScores:
    if found is None:
        return one
    given = np.array([row["score"] for row in one.rows if row["score"] is not None], float)
    worth = iter(found.chances(given).tolist())
    rows = ({**row, "chance": None if row["score"] is None else next(worth)} for row in one.rows)
    return JudgeScores(one.judge, tuple(rows))


def read_scores(*folders: str | Path) -> Scores:
    """Read what judges said; no model is asked.

    Args:
        folders: folders of `score`, with their shards, or of one ledger; paths or addresses.

    Returns:
        The scores, judges by name.

    Raises:
        StoreError: a folder holds no such ledger.
    """
    found: dict[str, dict[str, Row]] = {}
    for folder in folders:
        files = ledgers_in(folder)
        if not files:
            text = f"{folder} holds no ledger; make one with `pico-banana score SUBSET --judge JUDGE --ledger {folder}`"
            raise StoreError(text, path=str(folder))
        for file in files:
            judge, rows = _read(file.parent)
            known = found.setdefault(judge, {})
            for row in rows:
                if known.get(row["id"], {}).get("score") is None:
                    known[row["id"]] = row
    return Scores(tuple(JudgeScores(judge, tuple(rows.values())) for judge, rows in sorted(found.items())))


def _read(ledger_folder: Path) -> tuple[str, list[Row]]:
    with open_ledger(ledger_folder) as ledger:
        name = preset_of(ledger)
        table = scores(ledger, weighing=preset(name) if name and not name.endswith(".toml") else None)
        config = ledger.latest_config().judge
    plain = f"{config.backend}:{config.model}" if config.model else config.backend
    judge = f"{plain}/{name}" if name else plain  # a ledger of before there were presets here
    return judge, [{**row, "judge": judge} for row in table.to_pylist()]


def _side_by_side(judges: Sequence[JudgeScores], per: Per) -> list[Row]:
    joined: dict[str, Row] = {}
    names = {one.judge: column_name(one.judge) for one in judges}
    for one in judges:
        for row in by_row(one.rows) if per == "row" else one.rows:
            into = joined.setdefault(
                row["id"], {"id": row["id"], **{name: row[name] for name in _WHICH if name in row}}
            )
            into |= {f"{names[one.judge]}_{name}": row[name] for name in _EACH if name in row}
    blank = {f"{name}_{part}": None for name in names.values() for part in _EACH[:3]}
    return [
        _summed({**row, **{name: row.get(name) for name in blank}}, list(names.values())) for row in joined.values()
    ]


def _summed(row: Row, names: Sequence[str]) -> Row:
    given = [row[f"{name}_score"] for name in names if row[f"{name}_score"] is not None]
    mean, spread = (sum(given) / len(given), max(given) - min(given)) if given else (None, None)
    return {**row, "score": mean, "spread": spread, "judged_by": len(given)}


def column_name(judge: str) -> str:
    """Make a judge's name one of a column that SQL takes as it is.

    Args:
        judge: the judge's name.

    Returns:
        Letters, digits and underscores.
    """
    return "".join(letter if letter.isalnum() else "_" for letter in judge.casefold()).strip("_")


def _table(rows: Sequence[Row]) -> pa.Table:
    """Make a table whose columns have their types also where all is null."""
    import pyarrow as pa

    from pico_banana.regenerate.judged import schema_of

    text = pa.string()
    names = list(dict.fromkeys(["id", *(name for row in rows for name in row)]))
    kinds = {field.name: field.type for field in schema_of(())}
    kinds |= {"turn_scores": pa.list_(pa.float64()), "rejected_scores": pa.list_(pa.float64()), "edits": pa.int32()}
    kinds |= {"judged_by": pa.int8(), "task": text, "sc_reasoning": text, "pq_reasoning": text}

    def kind(name: str) -> pa.DataType:
        return kinds.get(name) or kinds.get(name.rpartition("_")[2]) or pa.float64()

    return pa.Table.from_pylist(list(rows), schema=pa.schema([(name, kind(name)) for name in names]))
