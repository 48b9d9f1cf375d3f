"""Contenders side by side: each in a fresh process, in turn, several rounds; medians and ratios."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Contender = Callable[..., dict[str, float]]


def play(
    script: str, names: Sequence[str], arguments: Mapping[str, str], *, rounds: int = 5
) -> dict[str, dict[str, float]]:
    """Run every contender once a round, in turn, so that a slow spell of the machine hits all alike.

    Args:
        script: the benchmark's own file; it calls `compete` when it is given a contender's name.
        names: the contenders.
        arguments: handed to each as keywords.
        rounds: how often each runs; one more, uncounted, goes first to warm the page cache.

    Returns:
        Contender to figure to median. "process_s" and "peak_mb" are of the whole process, seen from outside.
    """
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names:
            figures = _run(script, name, arguments)
            if number:
                seen[name].append(figures)
            sys.stderr.write(f"\r\033[Kround {number}/{rounds} {name}")
    sys.stderr.write("\r\033[K")
    return {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in seen.items()}


def compete(contenders: Mapping[str, Contender], argv: Sequence[str]) -> bool:
    """Be one contender, when this process was started as one.

    Args:
        contenders: name to function; its figures are printed for `play`.
        argv: the process's arguments.

    Returns:
        Whether this process was a contender; then the caller has nothing more to do.
    """
    if len(argv) < 3 or argv[1] != "--contender":
        return False
    figures = contenders[argv[2]](**json.loads(argv[3]))
    figures["peak_mb"] = _peak_mb()
    sys.stdout.write("\n" + json.dumps(figures) + "\n")
    sys.stdout.flush()
    os._exit(0)  # an unfinished Parquet scan can hang at exit; its time is not what is measured


def _peak_mb() -> float:
    """The most memory this process has held; `getrusage` would count the parent's, whose size a child inherits."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _run(script: str, name: str, arguments: Mapping[str, str]) -> dict[str, float]:
    started = time.perf_counter()
    command = [sys.executable, script, "--contender", name, json.dumps(arguments)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    if answer.returncode:
        message = f"{name} failed:\n{answer.stderr[-2000:]}"
        raise RuntimeError(message)
    figures: dict[str, float] = json.loads(answer.stdout.strip().splitlines()[-1])
    return {**figures, "process_s": wall}


def table(results: Mapping[str, Mapping[str, float]], columns: Mapping[str, str]) -> str:
    """Write results as a Markdown table.

    Args:
        results: what `play` gave.
        columns: figure to its heading.

    Returns:
        The table.
    """
    lines = ["| way | " + " | ".join(columns.values()) + " |", "|---|" + "---:|" * len(columns)]
    for name, figures in results.items():
        lines.append(f"| {name} | " + " | ".join(_number(figures.get(key)) for key in columns) + " |")
    return "\n".join(lines)


def _number(value: Any) -> str:
    if value is None:
        return ""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4f}" if value < 0.1 else f"{value:.3g}"
