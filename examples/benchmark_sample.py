"""Benchmark two editors of known quality on the embedded sample: `python examples/benchmark_sample.py DIR`.

One does every edit that arithmetic can do, the other four in ten and blurs the photo for the rest. The table ranks them
rightly, and the interval of their difference is above zero.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pico_banana import benchmark


def main(folder: Path) -> None:
    definition = benchmark.make(mirror="sample")
    for editor in ("procedural", "procedural:0.4"):
        benchmark.run(definition, folder, editor=editor, mirror="sample")
    report = benchmark.report(folder)
    print(benchmark.report_table(report))
    (duel,) = report.duels
    print(f"\n{duel.one} is better than {duel.other} by {duel.score}, p = {duel.p:.4f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo/benchmark"))
