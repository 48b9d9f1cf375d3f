"""A leak-free test of editors and judges: a definition and names go in, numbers with intervals come out.

```python
from pico_banana import benchmark

definition = benchmark.make(mirror="sample")
for editor in ("procedural", "procedural:0.4"):
    benchmark.run(definition, "bench", editor=editor, mirror="sample")
print(benchmark.report_table(benchmark.report("bench")))
```

`rows/held_out` draws which rows are in it and what is left to train on; `tasks` says what its ids stand for; `runs/`
edits and judges over the ledger of `regenerate`; `numbers/` makes means, intervals and ranks; `reports/` shows them.
Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pico_banana.benchmark.making import make
    from pico_banana.benchmark.numbers.judges import JudgeReport, judge_report
    from pico_banana.benchmark.numbers.report import Report, report
    from pico_banana.benchmark.overlapping import Overlap, overlap
    from pico_banana.benchmark.reports.tables import report_table
    from pico_banana.benchmark.runs.merging import merge_runs
    from pico_banana.benchmark.runs.names import editor_named
    from pico_banana.benchmark.runs.results import Result, Results, results_in
    from pico_banana.benchmark.runs.running import Options, Ran, judge_pairs, run
    from pico_banana.rows.choosing.definition import Definition, read_definition

_HOMES = {
    "Definition": "rows.choosing.definition",
    "JudgeReport": "benchmark.numbers.judges",
    "Options": "benchmark.runs.running",
    "Overlap": "benchmark.overlapping",
    "Ran": "benchmark.runs.running",
    "Report": "benchmark.numbers.report",
    "Result": "benchmark.runs.results",
    "Results": "benchmark.runs.results",
    "editor_named": "benchmark.runs.names",
    "judge_pairs": "benchmark.runs.running",
    "judge_report": "benchmark.numbers.judges",
    "make": "benchmark.making",
    "merge_runs": "benchmark.runs.merging",
    "overlap": "benchmark.overlapping",
    "read_definition": "rows.choosing.definition",
    "report": "benchmark.numbers.report",
    "report_table": "benchmark.reports.tables",
    "results_in": "benchmark.runs.results",
    "run": "benchmark.runs.running",
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
    "editor_named",
    "judge_pairs",
    "judge_report",
    "make",
    "merge_runs",
    "overlap",
    "read_definition",
    "report",
    "report_table",
    "results_in",
    "run",
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
