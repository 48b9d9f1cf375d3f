"""The results of a benchmark that was run in shards become one file of results."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.runs.results import Results, results_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def merge_runs(folders: Iterable[str | Path], out: str | Path) -> list[Path]:
    """Join the results that shards wrote.

    Args:
        folders: those of the shards, in their order.
        out: the benchmark's folder.

    Returns:
        The files, one for each editor, judge and wording.

    Raises:
        StoreError: a folder holds no results.
    """
    found: dict[tuple[str, str, str], list[Results]] = {}
    for folder in folders:
        for one in results_in(folder):
            found.setdefault((one.editor, one.judge, str(one.passport["wording"])), []).append(one)
    return [_joined(parts).write(Path(out)) for parts in found.values()]


def _joined(parts: Sequence[Results]) -> Results:
    items = tuple(item for part in parts for item in part.items)
    passports = [part.passport for part in parts]
    joined = {
        **passports[0],
        "written_at": max(str(one["written_at"]) for one in passports),
        "editor": _asked([one["editor"] for one in passports]),
        "judge": _asked([one["judge"] for one in passports]),
        "usd": round(sum(float(one["usd"]) for one in passports), 6),
        "endings": dict(Counter(item.ended for item in items)),
        "shards": len(parts),
    }
    return Results(joined, items, _anchors([part.anchors for part in parts]))


def _asked(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Join what is told of a model: who answered how often, from when to when, and for how much."""
    times = sorted(time for part in parts for time in part["asked_between"])
    changed = "; ".join(dict.fromkeys(text for part in parts if (text := part.get("changed"))))
    return {
        **parts[0],
        **({"changed": changed} if "changed" in parts[0] else {}),
        "answered_by": dict(sum((Counter(part["answered_by"]) for part in parts), Counter())),
        "usd": round(sum(float(part["usd"]) for part in parts), 6),
        "asked_between": [times[0], times[-1]] if times else [],
    }


def _anchors(parts: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """Give the mean of what the judge said of each anchor: every shard asked it."""
    names = dict.fromkeys(name for part in parts for name in part)
    given = {name: [score for part in parts if (score := part.get(name)) is not None] for name in names}
    return {name: fmean(scores) if scores else None for name, scores in given.items()}
