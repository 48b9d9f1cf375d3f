"""A loader from a dataset and what a caller writes; `PicoBanana.loader` is this function."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, cast

from pico_banana.pictures.filesystem import local_path
from pico_banana.pictures.images.geometry import geometry
from pico_banana.records.wording import Wording, check_wording
from pico_banana.training.loader.batches import Loader, OnError
from pico_banana.training.loader.examples import LocalPath, RecordExamples, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.pictures.images.decode import Backend, Resample
    from pico_banana.pictures.images.geometry import Geometry
    from pico_banana.pictures.images.header import Size

_MOST_WORKERS = 8  # beyond this, one process's Python becomes the limit


class ExampleOptions(TypedDict, total=False):
    """What examples are made of: the geometry, the columns, and how rows are cut."""

    size: int | Size | None
    geometry: str | Geometry
    buckets: str | Sequence[Size]
    fill: tuple[int, int, int]
    columns: Sequence[str]
    wording: Wording
    turns: Literal["each", "whole"]
    rejected: Literal["each", "first"]
    resample: Resample
    backend: Backend
    background: tuple[int, int, int] | None
    local_path: LocalPath


class LoaderOptions(ExampleOptions, total=False):
    """What `make_loader` takes: the options of the examples and those of the batches."""

    batch_size: int | None
    shuffle: bool
    seed: int
    workers: int
    drop_last: bool
    on_error: OnError
    framework: Literal["numpy", "torch"]
    rank: int
    world_size: int
    prefetch: int


def make_examples(rows: Rows, **options: Unpack[ExampleOptions]) -> RecordExamples:
    """Make examples from rows.

    Args:
        rows: a dataset, or anything with a length that gives records.
        **options: `size` (512) and `geometry` ("fit") of the pictures, `buckets` and `fill`; `columns` (all);
            `wording` ("long"); sessions by `turns` ("each" or "whole"), preference rows by `rejected` ("each" or
            "first"); the `resample` filter; `backend` ("auto"), which decoders, see `decode`; the `background` of
            transparent pixels; `local_path` for one's own files.

    Returns:
        The examples.

    Raises:
        UnknownNameError: a geometry, bucket table or wording that does not exist.
        ConfigError: choices that contradict each other.
    """
    policy = options.get("geometry", "fit")
    sized = "fit" if isinstance(policy, str) and policy in {"fit", "crop"} else ""
    shape = geometry(
        policy,
        size=options.get("size", 512 if sized else None),
        buckets=options.get("buckets", "sdxl"),
        fill=options.get("fill", (0, 0, 0)),
    )
    return RecordExamples(
        rows,
        options.get("local_path", local_path),
        shape,
        columns=tuple(options.get("columns", ())),
        wording=check_wording(options.get("wording", "long")),
        turns=options.get("turns", "each"),
        rejected=options.get("rejected", "each"),
        resample=options.get("resample", "bicubic"),
        backend=options.get("backend", "auto"),
        background=options.get("background"),
    )


def make_loader(rows: Rows, **options: Unpack[LoaderOptions]) -> Loader:
    """Make a loader.

    Args:
        rows: a dataset, or anything with a length that gives records.
        **options: those of `make_examples`, and of `Loader`: `batch_size` (16), `shuffle`, `seed`, `workers` (one a
            core, eight at most), `drop_last`, `on_error` ("raise"), `framework` ("numpy"), `rank`, `world_size`,
            `prefetch` (2 batches). Where the framework is "torch", so is the `backend` unless another is named.

    Returns:
        The loader; nothing is read before it is iterated.

    Raises:
        UnknownNameError: a geometry, bucket table, wording or way to treat errors that does not exist.
        ConfigError: choices that contradict each other.
    """
    framework = options.get("framework", "numpy")
    of_examples: dict[str, object] = {"backend": "torch"} if framework == "torch" else {}
    of_examples |= {name: value for name, value in options.items() if name in ExampleOptions.__annotations__}
    examples = make_examples(rows, **cast("ExampleOptions", of_examples))
    return Loader(
        examples,
        batch_size=options.get("batch_size", 16),
        shuffle=options.get("shuffle", False),
        seed=options.get("seed", 0),
        workers=options.get("workers", min(_MOST_WORKERS, os.cpu_count() or 1)),
        drop_last=options.get("drop_last", False),
        on_error=options.get("on_error", "raise"),
        framework=framework,
        rank=options.get("rank", 0),
        world_size=options.get("world_size", 1),
        prefetch=options.get("prefetch", 2),
    )
