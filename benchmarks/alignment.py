"""Alignment: how exactly, how rightly and how quickly transforms are found, on pairs whose transform is known.

    python -m benchmarks.alignment [--side PX] [--rounds N] [--seed N] [--photos FOLDER] [--rendered] [--wrong]

The pairs are those of `tests/images/warped.py`, or the harder ones of `tests/images/rendered.py`. The class is right
where it is the true one of an edited region, and "not_comparable" of what was redrawn or replaced; a new light over all
of a photo may be called either. Pairs a second are those of one core for all that `measure` does: decoding a JPEG and a
PNG, the change, the alignment.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from pico_banana.records.decoding.change import change
from pico_banana.records.decoding.decode import decode
from pico_banana.records.decoding.registration import align, opencv
from tests.images.rendered import rendered
from tests.images.warped import TUNED_ON, Case, apart, cases, off, right

NONE = "not_comparable"


def measured(case: Case) -> tuple[float, bool, float, float]:
    """Give the error in pixels, whether the class is right, whether "aligned" is wrong (NaN: it cannot be), seconds."""
    files = encoded(case.source, "JPEG", quality=92), encoded(case.edited, "PNG", compress_level=4)
    begun = time.process_time()
    source, edited = map(decode, files)
    change(source, edited)
    found = align(source, edited)
    seconds = time.process_time() - begun
    error = off(case, found.matrix) if found.kind != NONE else np.nan
    return error, right(case, found.kind), float(found.aligned) if apart(case) else np.nan, seconds


def encoded(pixels: np.ndarray, form: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def line(group: str, rows: list[tuple[float, bool, float, float]]) -> str:
    errors, good, false, seconds = (np.array(column, float) for column in zip(*rows, strict=True))
    known = errors[~np.isnan(errors)]
    spread = [f"{np.quantile(known, share):.2f}" if len(known) else "-" for share in (0.5, 0.95, 1)]
    rates = f"{good.mean():.1%} | {np.nanmean(false):.1%} | {len(rows) / seconds.sum():.1f}"
    return f"| {group} | {len(rows)} | {len(known)} | {' | '.join(spread)} | {rates} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--side", type=int, default=1024, help="pixels of the photos' longer side")
    parser.add_argument("--rounds", type=int, default=2, help="times that every photo is moved in every way")
    parser.add_argument("--wrong", action="store_true", help="name the pairs whose class is wrong")
    parser.add_argument(
        "--seed", type=int, default=TUNED_ON, help="draws all moves and edits; the default was tuned on"
    )
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="JPEG and PNG files in place of the usual photos")
    parser.add_argument("--rendered", action="store_true", help="pairs that are drawn anew, as a model does")
    args = parser.parse_args()
    opencv().setNumThreads(1)
    told = defaultdict(list)
    for case in (rendered if args.rendered else cases)(
        args.side, rounds=args.rounds, seed=args.seed, folder=args.photos
    ):
        told[case.group].append(measured(case))
        if args.wrong and not told[case.group][-1][1]:
            print(f"wrong: {case.name}, off by {told[case.group][-1][0]:.2f}")
    print("| pairs | n | found | median px | 95 % | worst | class right | false aligned | pairs/s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for group, rows in told.items():
        print(line(group, rows))
    print(line("all", [row for rows in told.values() for row in rows]))


if __name__ == "__main__":
    main()
