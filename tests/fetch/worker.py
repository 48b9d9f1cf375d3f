"""A job in a process of its own, for tests that kill it: `python worker.py URL FOLDER COUNT [BIG]`."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from pico_banana.mirrors.fetch.item import Candidate, FetchItem
from pico_banana.mirrors.fetch.job import Job
from pico_banana.mirrors.fetch.transport import Transport

url, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
items = (
    FetchItem(f"picobanana://x/{n}", folder / f"{n}.png", (Candidate("cdn", f"{url}/images/positive-edit/{n}.png"),))
    for n in range(count)
)
job = Job(Transport(timeout_s=5.0), connections=4, report_to=folder / "report.jsonl")
signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # as the command line does
print("started", flush=True)
try:
    job.run(items)
finally:
    print(json.dumps(job.report.as_dict()), flush=True)
