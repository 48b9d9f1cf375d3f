"""What restart points cost: `python -m benchmarks.tars [MB]` reads one gzip tar with and without, in turn.

The tar has members as long as the copies of Open Images, of bytes that gzip packs as little as it does JPEG.
"""

from __future__ import annotations

import gzip
import io
import random
import statistics
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.pictures.sources.tars_points import Restarts, opened_points
from pico_banana.pictures.sources.tars_reading import Reading, TarReader

PHOTO_BYTES, ROUNDS = 420_000, 5
MADE_OF = bytes(byte % 240 for byte in range(256))  # 7.9 bits a byte: Huffman codes, and hardly a repetition


def write_tar(path: Path, megabytes: int) -> None:
    rng = random.Random(1)
    with gzip.open(path, "wb", compresslevel=6) as packed, tarfile.open(mode="w|", fileobj=packed) as tar:
        for number in range(megabytes * 1_000_000 // PHOTO_BYTES):
            member = tarfile.TarInfo(f"train_0/{number:016x}.jpg")
            member.size = PHOTO_BYTES
            tar.addfile(member, io.BytesIO(rng.randbytes(PHOTO_BYTES).translate(MADE_OF)))


def plainly(path: Path) -> None:
    with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|*", bufsize=1 << 20) as archive:
        for member in archive:
            archive.extractfile(member).read()


def with_points(path: Path, folder: Path | None) -> int:
    restarts = None if folder is None else Restarts(folder)
    with opened_points(restarts, str(path), []) as points:
        with TarReader(str(path), points.part({"wanted"}), points, Reading(Transport(), [])) as reader:
            for archive, member in reader.members():
                archive.extractfile(member).read()
        return points.count


def timed(work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main(megabytes: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "train_0.tar.gz"
        write_tar(path, megabytes)
        rounds = []
        for number in range(ROUNDS):
            kept = Path(name) / f"kept{number}"
            rounds.append((timed(lambda: plainly(path)), timed(lambda kept=kept: with_points(path, kept))))
        (file,) = kept.glob("*.points")
        gigabytes = path.stat().st_size / 1e9
        print(f"a tar of {gigabytes:.2f} GB, CPU seconds a GB, medians of {ROUNDS} rounds:")
        for way, seconds in zip(
            ("tarfile and zlib alone", "with restart points"), zip(*rounds, strict=True), strict=True
        ):
            print(f"  {way}: {statistics.median(seconds) / gigabytes:.2f}")
        print(f"  kept: {file.stat().st_size / gigabytes / 1000:,.0f} KB a GB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
