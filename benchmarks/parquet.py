"""Writing Parquet with embedded pictures: ours beside `datasets`' embed and to_parquet, in processes of their own.

    python benchmarks/parquet.py [ROWS] [FOLDER]        600 rows of 300 kB + 1.2 MB; give a folder in memory (/dev/shm)

Each way is run five times; the first run, which pays for imports and fresh memory, is shown apart.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = {"source": 300_000, "edited": 1_200_000}


def make_pictures(folder: Path, rows: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for row in range(rows):
        for role, size in SIZES.items():
            (folder / f"{role}{row}.png").write_bytes(os.urandom(size))


def ours(folder: Path, rows: int) -> None:
    from pico_banana.records import ImageRef, Subset
    from pico_banana.sharing.parquet.layout import Form, columns
    from pico_banana.sharing.parquet.pictures import Cell
    from pico_banana.sharing.parquet.writing import write_parquet

    def row(number: int) -> dict[str, object]:
        cells = {
            f"{role}_image": Cell(ImageRef(str(folder / f"{role}{number}.png"), role), f"{role}/{number}.png")
            for role in SIZES
        }
        texts = {"instruction": "Add a boat. " * 8, "short_instruction": "Add a boat.", "source_url": "https://x/y.jpg"}
        return {"id": f"row{number}", **cells, **texts, "edit_type": 1, "category": 1, "edit_type_label": "x"}

    described = columns(Subset.SINGLE_TURN, Form.PICTURES)
    read = lambda ref: Path(ref.address).read_bytes()  # noqa: E731 - the shortest reader there is
    write_parquet(map(row, range(rows)), folder.parent / "ours", described, read=read, key="bench")


def theirs(folder: Path, rows: int) -> None:
    import datasets
    from datasets.table import embed_table_storage

    datasets.disable_progress_bars()
    columns = {f"{role}_image": [str(folder / f"{role}{row}.png") for row in range(rows)] for role in SIZES}
    data = datasets.Dataset.from_dict({"id": [f"row{row}" for row in range(rows)], **columns})
    for name in columns:
        data = data.cast_column(name, datasets.Image())
    out = folder.parent / "theirs"
    out.mkdir()
    for number in range(2):  # as push_to_hub does: each shard is embedded, then written
        shard = data.shard(2, number, contiguous=True).with_format("arrow")
        shard = shard.map(embed_table_storage, batched=True, batch_size=100, keep_in_memory=True)
        shard.with_format(None).to_parquet(out / f"train-{number}.parquet")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    if len(sys.argv) > 3:
        folder, way = Path(sys.argv[2]), {"ours": ours, "theirs": theirs}[sys.argv[3]]
        for _ in range(5):
            shutil.rmtree(folder.parent / way.__name__, ignore_errors=True)
            began = time.perf_counter()
            way(folder, rows)
            print(time.perf_counter() - began)
        return
    size = rows * sum(SIZES.values())
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as root:
        make_pictures(Path(root) / "pictures", rows)
        for way in ("ours", "theirs"):
            command = [sys.executable, "-W", "ignore", __file__, str(rows), f"{root}/pictures", way]
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, env=os.environ | {"HF_HOME": root}
            )
            first, *times = map(float, done.stdout.split())
            median, best = (size / seconds / 1e6 for seconds in (sorted(times)[len(times) // 2], min(times)))
            print(f"{way:<7} median {median:.0f} MB/s, best {best:.0f} MB/s, first run {first:.2f} s")
            shutil.rmtree(Path(root) / way)


if __name__ == "__main__":
    main()
