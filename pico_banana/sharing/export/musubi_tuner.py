"""kohya's musubi-tuner: JSON Lines with `image_path`, `control_path`, `caption`, and a dataset file that names them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pico_banana.sharing.export.folders import by_role, lines, place_edits, root_of
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.records.decoding.header import Size
    from pico_banana.sharing.export.job import Job

_USUAL = (1024, 1024)  # of the edit models it trains; without one it takes 960 x 544, meant for films


def _write(job: Job) -> None:
    # Its trainer opens the paths as they are, so they are absolute, and renewed by an export after a move.
    root = root_of(job)
    rows = [
        {
            "image_path": os.fspath(root / names["edited"]),
            "control_path": os.fspath(root / names["source"]),
            "caption": edit.instruction,
        }
        for edit, names in place_edits(job, by_role)
    ]
    job.write("dataset.jsonl", lines(rows, escaped=job.options.ascii))
    job.write("dataset.toml", _dataset(job, root))


def _dataset(job: Job, root: Path) -> str:
    import tomli_w

    resolution: Size = job.options.resolution or job.options.geometry.size or _USUAL
    general: dict[str, Any] = {"resolution": list(resolution), "caption_extension": ".txt", "batch_size": 1}
    dataset: dict[str, Any] = {
        "image_jsonl_file": os.fspath(root / "dataset.jsonl"),
        "cache_directory": os.fspath(root / "cache"),
        "control_resolution": list(job.options.control_resolution or resolution),
    }
    buckets = {"enable_bucket": True, "bucket_no_upscale": False}
    return tomli_w.dumps({"general": general | buckets, "datasets": [dataset]})


FORMAT = Format("musubi-tuner", "JSON Lines and dataset.toml for kohya's musubi-tuner", EDITS, _write, absolute=True)
