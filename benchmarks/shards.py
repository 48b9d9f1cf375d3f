"""How reading a run grows with its shards: `python -m benchmarks.shards [DIR]`, a million items in a thousand shards.

One ledger of 1,000 items, as a run with models leaves it, stands for all: every shard is a link to it. No pictures.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.ledgers import fill
from pico_banana.regenerate import make_status, open_ledger, open_run
from pico_banana.regenerate.settings.config import config_from
from pico_banana.rows.sharding.folder import Note, RunFolder
from pico_banana.rows.sharding.shard import Shard

ITEMS, COUNTS = 1_000, (10, 100, 1_000)


def shards(out: Path, count: int, ledger: Path) -> None:
    folder = RunFolder(out)
    for index in range(count):
        shard = Shard(index, count)
        place = Path(folder.root) / shard.name
        place.mkdir(parents=True)
        os.link(ledger, place / "ledger.sqlite")
        folder.write_note(shard, Note("regenerate", "same", finished=True, counts={"items": ITEMS}))


def timed(work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main(root: Path) -> None:
    with open_ledger(root / "one", create=True, writable=True) as ledger:
        ledger.bind(config_from({}))
    path = root / "one" / "ledger.sqlite"
    fill(path, ITEMS * 4 // 3, time.monotonic() + 300)
    with open_ledger(root / "one") as ledger:
        ledger.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    print(f"a shard's ledger: {path.stat().st_size / ITEMS / 1000:.1f} KB an item")
    for count in COUNTS:
        out = root / f"run{count}"
        shards(out, count, path)
        check = timed(lambda out=out: RunFolder(out).require_whole())
        status = timed(lambda out=out: make_status(open_run(out)))
        print(
            f"{count:>5} shards, {count * ITEMS:>9,} items: merge --check {check:.2f} s CPU, status {status:.2f} s CPU"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
