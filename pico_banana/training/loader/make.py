"""A loader from a dataset and what a caller writes; `PicoBanana.loader` is this function."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from pico_banana.pictures.filesystem import local_path as kept_path
from pico_banana.records.decoding.geometry import REGISTERING, SIZED
from pico_banana.records.decoding.geometry import geometry as make_geometry
from pico_banana.records.decoding.registration import opencv
from pico_banana.records.wording import NO_TEXTS, Wording, check_wording
from pico_banana.rows.choosing.options import spelled_out
from pico_banana.training.loader.batches import Loader, OnError
from pico_banana.training.loader.examples import RecordExamples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.records.decoding.decode import Backend, Resample
    from pico_banana.records.decoding.geometry import Geometry
    from pico_banana.records.decoding.header import Size
    from pico_banana.training.loader.parts import Rows
    from pico_banana.training.loader.shaping import LocalPath

_USUAL_SIZE = 512
_MOST_WORKERS = 8  # beyond this, one process's Python becomes the limit


@spelled_out
def make_examples(  # noqa: PLR0913  every keyword is one independent choice of the caller's
    rows: Rows,
    *,
    size: int | Size | None = None,
    geometry: str | Geometry = "fit",
    buckets: str | Sequence[Size] = "sdxl",
    fill: tuple[int, int, int] = (0, 0, 0),
    columns: Sequence[str] = (),
    wording: Wording = "long",
    turns: Literal["each", "whole"] = "each",
    rejected: Literal["each", "first"] = "each",
    resample: Resample = "bicubic",
    backend: Backend = "auto",
    background: tuple[int, int, int] | None = None,
    local_path: LocalPath | None = None,
) -> RecordExamples:
    """Make examples from rows.

    Args:
        rows: a dataset, or anything with a length that gives records.
        size: of the pictures in pixels, one number or (width, height); None is 512 for "fit" and "crop".
        geometry: what becomes of the pictures, see `pico_banana.records.decoding.geometry`.
        buckets: a table's name or (width, height) pairs, for "bucket".
        fill: RGB of the bars that "fit" adds.
        columns: which columns to give; empty for all.
        wording: which instruction, "long" or "short".
        turns: a session as one example ("whole") or one a turn ("each").
        rejected: a preference row as one example a rejected edit ("each"), or only its "first".
        resample: the filter for resizing.
        backend: which decoders, see `decode`.
        background: RGB to put under transparent pixels; None drops the alpha channel.
        local_path: gives the file of an address, for files of one's own; None takes the store's.

    Returns:
        The examples.

    Raises:
        UnknownNameError: a geometry, bucket table, column or wording that does not exist.
        ConfigError: choices that contradict each other.
        MissingExtraError: the geometry registers, and OpenCV is not installed; or torch is to resize, and is not.
    """
    texts = getattr(rows, "texts", NO_TEXTS)  # a plain list of records has none
    sized = isinstance(geometry, str) and REGISTERING.get(geometry, geometry) in SIZED
    examples = RecordExamples(
        rows,
        local_path or kept_path,
        make_geometry(geometry, size=_USUAL_SIZE if sized and size is None else size, buckets=buckets, fill=fill),
        columns=tuple(columns),
        wording=check_wording(wording, texts),
        turns=turns,
        rejected=rejected,
        resample=resample,
        backend=backend,
        background=background,
        made_anew=texts,
    )
    if examples.geometry.registered:
        opencv()  # said before anything is read
    examples.check_columns()
    return examples


@spelled_out
def make_loader(  # noqa: PLR0913  every keyword is one independent choice of the caller's
    rows: Rows,
    *,
    batch_size: int | None = 16,
    size: int | Size | None = None,
    geometry: str | Geometry = "fit",
    buckets: str | Sequence[Size] = "sdxl",
    fill: tuple[int, int, int] = (0, 0, 0),
    columns: Sequence[str] = (),
    wording: Wording = "long",
    turns: Literal["each", "whole"] = "each",
    rejected: Literal["each", "first"] = "each",
    resample: Resample = "bicubic",
    backend: Backend | None = None,
    background: tuple[int, int, int] | None = None,
    local_path: LocalPath | None = None,
    shuffle: bool = False,
    seed: int = 0,
    workers: int | None = None,
    drop_last: bool = False,
    on_error: OnError = "raise",
    framework: Literal["numpy", "torch"] = "numpy",
    rank: int = 0,
    world_size: int = 1,
    prefetch: int = 2,
) -> Loader:
    """Make a loader.

    Args:
        rows: a dataset, or anything with a length that gives records.
        batch_size: see `Loader`, as for all that follow the examples' own.
        size: see `make_examples`, as for all up to `local_path`.
        geometry: what becomes of the pictures.
        buckets: a table's name or (width, height) pairs, for "bucket".
        fill: RGB of the bars that "fit" adds.
        columns: which columns to give; empty for all.
        wording: which instruction.
        turns: a session as one example ("whole") or one a turn ("each").
        rejected: a preference row as one example a rejected edit ("each"), or only its "first".
        resample: the filter for resizing.
        backend: which decoders; None takes "torch" where that is the framework, else "auto".
        background: RGB to put under transparent pixels.
        local_path: gives the file of an address.
        shuffle: draw in another order every epoch.
        seed: of the order and of replacements.
        workers: threads that read and decode; None takes one a core, eight at most.
        drop_last: leave out the last batches that are not full.
        on_error: "raise", "skip" or "replace".
        framework: "numpy" or "torch".
        rank: which of `world_size` consumers this is.
        world_size: how many consumers share the batches.
        prefetch: batches to decode ahead.

    Returns:
        The loader; nothing is read before it is iterated.

    Raises:
        UnknownNameError: a geometry, bucket table, column, wording or way to treat errors that does not exist.
        ConfigError: choices that contradict each other.
        MissingExtraError: a choice needs a package that is not installed.
    """
    examples = make_examples(
        rows,
        size=size,
        geometry=geometry,
        buckets=buckets,
        fill=fill,
        columns=columns,
        wording=wording,
        turns=turns,
        rejected=rejected,
        resample=resample,
        backend=backend or ("torch" if framework == "torch" else "auto"),
        background=background,
        local_path=local_path,
    )
    return Loader(
        examples,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        workers=min(_MOST_WORKERS, os.cpu_count() or 1) if workers is None else workers,
        drop_last=drop_last,
        on_error=on_error,
        framework=framework,
        rank=rank,
        world_size=world_size,
        prefetch=prefetch,
    )
