"""Results as the Hub reads them: `.eval_results/*.yaml` of a model's repository, `eval.yaml` of a dataset's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from pico_banana.benchmark.runs.results import slug

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.benchmark.numbers.report import Editor, Report

_NAME = "pico-banana benchmark"


def write_hub(report: Report, folder: Path, *, dataset: str) -> list[Path]:
    """Write the files: a folder an editor with its `.eval_results/`, and the dataset's `eval.yaml`.

    Args:
        report: the numbers.
        folder: where to write.
        dataset: the repository that holds the definition, "owner/name"; the Hub links results to it.

    Returns:
        The files.

    Raises:
        ConfigError: `dataset` is no name of a repository.
    """
    _check(dataset)
    written = [_write(folder / "eval.yaml", _dataset_side())]
    for one in report.editors:
        path = folder / slug(one.name) / ".eval_results" / "pico-banana-benchmark.yaml"
        written.append(_write(path, _model_side(one, dataset)))
    return written


def _check(dataset: str) -> None:
    from pico_banana.errors import ConfigError

    if dataset.count("/") != 1 or not all(dataset.split("/")):
        text = f"--dataset {dataset!r} is no repository; write owner/name, where the definition lies on the Hub"
        raise ConfigError(text, key="dataset")


def _dataset_side() -> dict[str, Any]:
    tasks = [{"id": name, "config": "single_turn", "split": "benchmark"} for name in ("success", "score")]
    about = "Text-guided edits of photos that no training split holds; success above the judge's threshold, mean score."
    return {"name": _NAME, "description": about, "evaluation_framework": "pico-banana", "tasks": tasks}


def _model_side(one: Editor, dataset: str) -> list[dict[str, Any]]:
    day = str(one.passport["written_at"])[:10]
    told = one.passport["definition"]
    notes = (
        f"judge {one.judge}; {one.wording} instructions; definition {told['size']} {told['checksum'][:16]}; "
        f"{one.whole.missing} of {one.whole.edits} missing; library {one.passport['library']}"
    )
    entries = []
    for task, found in (("success", one.whole.success), ("score", one.whole.score)):
        if found.value is not None:
            interval = "" if found.low is None else f"; 95 % interval {found.low:.4f} to {found.high:.4f}"
            named = {"id": dataset, "task_id": task}
            entries.append({"dataset": named, "value": found.value, "date": day, "notes": notes + interval})
    return entries


def _write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
