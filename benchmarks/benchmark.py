"""How good the numbers of `pico_banana.benchmark` are, and how fast: `python benchmarks/benchmark.py`.

1,000 simulated editors of known true rates: how often do 95 % intervals cover the truth? And the time of a report on
8 editors of 1,750 edits each.
"""

from __future__ import annotations

import time

import numpy as np

from pico_banana.benchmark.numbers.intervals import estimates
from pico_banana.benchmark.numbers.report import report
from pico_banana.benchmark.reports.tables import report_table
from pico_banana.benchmark.runs.results import Result, Results

TYPES, PER_TYPE, RUNS, AT_ONCE = 35, 50, 1000, 50


def coverage(rng: np.random.Generator) -> dict[str, float]:
    types, photos = np.repeat(np.arange(TYPES), PER_TYPE), np.arange(TYPES * PER_TYPE)
    covered: dict[str, list[bool]] = {"all": [], "one type": []}
    for _ in range(RUNS // AT_ONCE):
        rates = rng.uniform(0.2, 0.9, TYPES)
        runs = [(rng.random(len(types)) < rates[types]).astype(float) for _ in range(AT_ONCE)]
        mine = types == 0
        for found in estimates(runs, photos, types):
            covered["all"].append(found.low <= rates.mean() <= found.high)
        for found in estimates([run[mine] for run in runs], photos[mine], types[mine]):
            covered["one type"].append(found.low <= rates[0] <= found.high)
    return {name: float(np.mean(hits)) for name, hits in covered.items()}


def report_seconds(rng: np.random.Generator) -> float:
    every = []
    for number in range(8):
        scores = np.clip(rng.normal(0.4 + 0.05 * number, 0.25, TYPES * PER_TYPE), 0, 1)
        items = tuple(
            Result(f"single_turn/{at}", "single_turn", 1, 1, f"t{at % TYPES}", f"c{at % 8}", f"p{at}", "made",
                   float(score), bool(score > 0.7))
            for at, score in enumerate(scores)
        )  # fmt: skip
        told = {"editor": {"name": f"editor{number}"}, "judge": {"name": "judge", "preset": "paper-1", "changed": ""}}
        about = {"wording": "long", "written_at": "", "definition": {"checksum": "", "size": "full", "seed": 0}}
        every.append(Results({**told, **about}, items))
    began = time.perf_counter()
    report_table(report(*every))
    return time.perf_counter() - began


if __name__ == "__main__":
    generator = np.random.default_rng(1)
    for name, share in coverage(generator).items():
        print(f"95 % intervals over {name} cover the truth in {share:.1%} of {RUNS} simulated runs")
    print(f"a report on 8 editors of {TYPES * PER_TYPE} edits takes {report_seconds(generator):.1f} s")
