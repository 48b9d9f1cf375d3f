"""CSV with the public columns, pictures as addresses; lists and turns as JSON in their cell."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from pico_banana.records import Subset
from pico_banana.sharing.export.registry import Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def _write(job: Job) -> None:
    table = job.dataset.to_arrow()
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow([_cell(value, escaped=job.options.ascii) for value in row.values()])
    job.write(f"{job.options.split}.csv", text.getvalue())
    job.report.total = job.report.written = len(table)


def _cell(value: object, *, escaped: bool) -> object:
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=escaped)
    # CSV has no escapes of its own: those of Python, which `codecs.decode(text, "unicode_escape")` takes back.
    return value.encode("unicode_escape").decode("ascii") if escaped and isinstance(value, str) else value


FORMAT = Format("csv", "one table; pictures as addresses", frozenset(Subset), _write, splits=True, words=False)
