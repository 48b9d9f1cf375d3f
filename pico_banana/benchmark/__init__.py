"""A leak-free test of editors and judges: a definition and names go in, numbers with intervals come out.

```python
from pico_banana import benchmark

definition = benchmark.make(mirror="sample")
for editor in ("procedural", "procedural:0.4"):
    benchmark.run(definition, "bench", editor=editor, mirror="sample")
print(benchmark.report_table(benchmark.report("bench")))
```

`rows/held_out` draws which rows are in it and what is left to train on; `tasks` says what its ids stand for; `runs/`
edits and judges over the ledger of `regenerate`; `numbers/` makes means, intervals and ranks; `reports/` shows them;
`harnesses` gives the same edits to others. `scores/` has judges score any rows, and sets what they say side by side.
Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pico_banana.benchmark.harnesses import export
    from pico_banana.benchmark.making import make
    from pico_banana.benchmark.numbers.judges import JudgeReport, judge_report
    from pico_banana.benchmark.numbers.report import Report, report
    from pico_banana.benchmark.overlapping import Overlap, overlap
    from pico_banana.benchmark.reports.tables import report_table
    from pico_banana.benchmark.runs.job import Options, Ran
    from pico_banana.benchmark.runs.merging import merge_runs
    from pico_banana.benchmark.runs.names import editor_named
    from pico_banana.benchmark.runs.results import Result, Results, results_in
    from pico_banana.benchmark.runs.running import duel, editors_in, judge_pairs, rewrite, run
    from pico_banana.benchmark.scores.asking import plan_scores, score
    from pico_banana.benchmark.scores.judges import ScoreOptions
    from pico_banana.benchmark.scores.labels import read_labels
    from pico_banana.benchmark.scores.reading import Scores, read_scores
    from pico_banana.benchmark.scores.report import ScoreReport, score_report
    from pico_banana.benchmark.scores.sharded import score_shard
    from pico_banana.benchmark.scores.tables import scores_table
    from pico_banana.benchmark.scores.thresholds import Wish
    from pico_banana.rows.choosing.definition import Definition, read_definition

_HOMES = {
    "Definition": "rows.choosing.definition",
    "JudgeReport": "benchmark.numbers.judges",
    "Options": "benchmark.runs.job",
    "Overlap": "benchmark.overlapping",
    "Ran": "benchmark.runs.job",
    "Report": "benchmark.numbers.report",
    "Result": "benchmark.runs.results",
    "Results": "benchmark.runs.results",
    "ScoreOptions": "benchmark.scores.judges",
    "ScoreReport": "benchmark.scores.report",
    "Scores": "benchmark.scores.reading",
    "Wish": "benchmark.scores.thresholds",
    "duel": "benchmark.runs.running",
    "editor_named": "benchmark.runs.names",
    "editors_in": "benchmark.runs.running",
    "export": "benchmark.harnesses",
    "judge_pairs": "benchmark.runs.running",
    "judge_report": "benchmark.numbers.judges",
    "make": "benchmark.making",
    "merge_runs": "benchmark.runs.merging",
    "overlap": "benchmark.overlapping",
    "plan_scores": "benchmark.scores.asking",
    "read_definition": "rows.choosing.definition",
    "read_labels": "benchmark.scores.labels",
    "read_scores": "benchmark.scores.reading",
    "report": "benchmark.numbers.report",
    "report_table": "benchmark.reports.tables",
    "results_in": "benchmark.runs.results",
    "rewrite": "benchmark.runs.running",
    "run": "benchmark.runs.running",
    "score": "benchmark.scores.asking",
    "score_report": "benchmark.scores.report",
    "score_shard": "benchmark.scores.sharded",
    "scores_table": "benchmark.scores.tables",
}

__all__ = [
    "Definition",
    "JudgeReport",
    "Options",
    "Overlap",
    "Ran",
    "Report",
    "Result",
    "Results",
    "ScoreOptions",
    "ScoreReport",
    "Scores",
    "Wish",
    "duel",
    "editor_named",
    "editors_in",
    "export",
    "judge_pairs",
    "judge_report",
    "make",
    "merge_runs",
    "overlap",
    "plan_scores",
    "read_definition",
    "read_labels",
    "read_scores",
    "report",
    "report_table",
    "results_in",
    "rewrite",
    "run",
    "score",
    "score_report",
    "score_shard",
    "scores_table",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as many types as names
    """Import a public name on first use.

    Raises:
        AttributeError: there is no such name.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"pico_banana.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
