"""Exports: the same rows and pictures written by us and by each peer's own writer.

    python benchmarks/export.py [--pairs N] [--rounds N]

Every contender runs in a process of its own, in turn, and writes files that hold every picture byte for byte. Our
manifest's checksums are off in the first table, because no peer computes any, and on in a line of their own. Tar shards
hold 64 pairs, so that there are several, as in every real export.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from contest import compete, play, table
from pairs import files, make_corpus

TAR_ROWS = 64


def _ours(form: str, *, checksums: bool = False, shard_rows: int = 512):
    def write(mirror: str, out: str) -> None:
        from pico_banana.loading import load
        from pico_banana.sharing.export import ExportOptions, export

        rows = load("single_turn", mirror=mirror)
        report = export(rows, form, out, options=ExportOptions(checksums=checksums, shard_rows=shard_rows))
        assert report.written == len(rows), report

    return write


def datasets_parquet(mirror: str, out: str) -> None:
    from datasets import Dataset, Image
    from datasets.table import embed_table_storage

    rows = files(mirror)
    columns = {
        "source": [row[0] for row in rows],
        "edited": [row[1] for row in rows],
        "instruction": [r[2] for r in rows],
    }
    dataset = Dataset.from_dict(columns).cast_column("source", Image()).cast_column("edited", Image())
    arrow = dataset.with_format("arrow").map(
        embed_table_storage, batched=True, batch_size=64, load_from_cache_file=False
    )
    Path(out).mkdir()
    arrow.with_format(None).to_parquet(f"{out}/train.parquet")


def shard_writer(mirror: str, out: str) -> None:
    import webdataset as wds

    Path(out).mkdir()
    with wds.ShardWriter(f"{out}/%05d.tar", maxcount=TAR_ROWS, verbose=0) as writer:
        for number, (source, edited, text) in enumerate(files(mirror)):
            pictures = {"input.jpg": Path(source).read_bytes(), "edited.png": Path(edited).read_bytes()}
            writer.write({"__key__": f"{number:06}", "json": {"instruction": text}, **pictures})


def mds_writer(mirror: str, out: str) -> None:
    from streaming import MDSWriter

    with MDSWriter(out=out, columns={"source": "bytes", "edited": "bytes", "instruction": "str"}) as writer:
        for source, edited, text in files(mirror):
            row = {"source": Path(source).read_bytes(), "edited": Path(edited).read_bytes(), "instruction": text}
            writer.write(row)


WAYS = {
    "pico_banana parquet": _ours("parquet"),
    "datasets embed + to_parquet": datasets_parquet,
    "pico_banana webdataset": _ours("webdataset", shard_rows=TAR_ROWS),
    "webdataset ShardWriter": shard_writer,
    "MosaicML MDSWriter": mds_writer,
    "pico_banana imagefolder": _ours("imagefolder"),
    "pico_banana imagefolder, checksums": _ours("imagefolder", checksums=True),
    "pico_banana parquet, checksums": _ours("parquet", checksums=True),
    "pico_banana webdataset, checksums": _ours("webdataset", checksums=True, shard_rows=TAR_ROWS),
}


def _contender(name: str):
    def measured(mirror: str, out: str, size: str) -> dict[str, float]:
        target = Path(out) / name.replace(" ", "_")
        shutil.rmtree(target, ignore_errors=True)
        _imported(name)
        os.sync()  # or the disk would still be writing the files of the contender before
        busy, started = sum(os.times()[:4]), time.perf_counter()
        WAYS[name](mirror, str(target))
        seconds, spent = time.perf_counter() - started, sum(os.times()[:4]) - busy
        shutil.rmtree(target)
        megabytes = float(size) / 1e6
        return {"mb_per_s": megabytes / seconds, "cpu_s_per_gb": 1e3 * spent / megabytes}

    return measured


def _imported(name: str) -> None:
    """Import what the contender needs before its clock starts."""
    import pandas as pd  # noqa: F401  pyarrow imports it at the first conversion
    import pyarrow.parquet  # noqa: F401

    import pico_banana.loading

    if name.startswith("datasets"):
        import datasets  # noqa: F401
    elif "Shard" in name:
        import webdataset  # noqa: F401
    elif "MDS" in name:
        import streaming  # noqa: F401
    assert pico_banana


CONTENDERS = {name: _contender(name) for name in WAYS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pico-banana-export-"))
    os.environ["PICO_BANANA_HOME"] = str(folder / "home")
    os.environ["HF_HOME"] = str(folder / "hf")
    try:
        mirror = str(make_corpus(folder, args.pairs))
        size = sum(Path(path).stat().st_size for row in files(mirror) for path in row[:2])
        arguments = {"mirror": mirror, "out": str(folder / "out"), "size": str(size)}
        results = play(__file__, list(WAYS), arguments, rounds=args.rounds)
        print(table(results, {"mb_per_s": "MB/s", "cpu_s_per_gb": "CPU s/GB"}))
        for ours, peer in (("parquet", "datasets embed + to_parquet"), ("webdataset", "webdataset ShardWriter")):
            mine = results[f"pico_banana {ours}"]
            clock = mine["mb_per_s"] / results[peer]["mb_per_s"]
            cpu = results[peer]["cpu_s_per_gb"] / mine["cpu_s_per_gb"]
            print(f"\n{ours}: {clock:.1f}x {peer} by the clock, {cpu:.1f}x by CPU time")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__" and not compete(CONTENDERS, sys.argv):
    main()
