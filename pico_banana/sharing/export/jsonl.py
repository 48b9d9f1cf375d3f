"""JSON Lines with the public columns: text alone, pictures as addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.records import Subset
from pico_banana.sharing.export.folders import lines
from pico_banana.sharing.export.registry import Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def _write(job: Job) -> None:
    rows = job.dataset.to_arrow().to_pylist()
    job.write(f"{job.options.split}.jsonl", lines(rows, escaped=job.options.ascii))
    job.report.total = job.report.written = len(rows)


FORMAT = Format(
    "jsonl", "one JSON object a row; pictures as addresses", frozenset(Subset), _write, splits=True, words=False
)
