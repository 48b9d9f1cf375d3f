"""What a dataset does for training: batches, packs, exports, and a report on its pictures' geometry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from pico_banana.pictures.jobs.fetchable import FetchableSequence
from pico_banana.rows.choosing.options import spelled_out
from pico_banana.rows.sequence import R

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from pico_banana.pictures.images.change import ChangeReport
    from pico_banana.pictures.images.decode import Backend, Resample
    from pico_banana.pictures.images.geometry import Geometry
    from pico_banana.pictures.images.header import Size
    from pico_banana.pictures.images.measure import GeometryReport
    from pico_banana.records.wording import Wording
    from pico_banana.sharing.export import ExportOptions, ExportReport, Format
    from pico_banana.training.loader import Loader
    from pico_banana.training.loader.batches import OnError
    from pico_banana.training.loader.examples import LocalPath
    from pico_banana.training.packs import PackReport


class TrainableSequence(FetchableSequence[R]):
    """Rows that give batches."""

    @spelled_out
    def loader(  # noqa: PLR0913  every keyword is one independent choice of the caller's
        self,
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
        """Give batches of decoded pictures and their texts.

        Args:
            batch_size: examples a batch; None gives single examples without a batch axis.
            size: of the pictures in pixels, one number or (width, height); None is 512 for "fit" and "crop".
            geometry: what becomes of the pictures, see `pico_banana.pictures.images.geometry`.
            buckets: a table's name or (width, height) pairs, for "bucket".
            fill: RGB of the bars that "fit" adds.
            columns: which columns to give; empty for all. Pictures that are not named are not read.
            wording: which instruction, "long" or "short".
            turns: a session as one example ("whole") or one a turn ("each").
            rejected: a preference row as one example a rejected edit ("each"), or only its "first".
            resample: the filter for resizing.
            backend: which decoders, see `decode`; None takes "torch" where that is the framework, else "auto".
            background: RGB to put under transparent pixels; None drops the alpha channel.
            local_path: gives the file of an address, for files of one's own; None takes the store's.
            shuffle: draw in another order every epoch.
            seed: of the order and of replacements.
            workers: threads that read and decode; None takes one a core, eight at most.
            drop_last: leave out the last batches that are not full, and even out the ranks.
            on_error: what to do about an example whose pictures cannot be had: "raise", "skip" or "replace".
            framework: "numpy" gives uint8 (N, H, W, C), "torch" uint8 (N, C, H, W) in channels-last memory.
            rank: which of `world_size` consumers this is.
            world_size: how many consumers share the batches.
            prefetch: batches to decode ahead.

        Returns:
            A loader; iterate it once an epoch. Nothing is read before.

        Raises:
            UnknownNameError: an option, column, geometry, bucket table or wording that does not exist.
            ConfigError: choices that contradict each other.
        """
        from pico_banana.training.loader import make_loader

        return make_loader(
            self,
            batch_size=batch_size,
            size=size,
            geometry=geometry,
            buckets=buckets,
            fill=fill,
            columns=columns,
            wording=wording,
            turns=turns,
            rejected=rejected,
            resample=resample,
            backend=backend,
            background=background,
            local_path=local_path,
            shuffle=shuffle,
            seed=seed,
            workers=workers,
            drop_last=drop_last,
            on_error=on_error,
            framework=framework,
            rank=rank,
            world_size=world_size,
            prefetch=prefetch,
        )

    @spelled_out
    def pack(  # noqa: PLR0913  every keyword is one independent choice of the caller's
        self,
        folder: str | Path,
        *,
        format: str = "raw",  # noqa: A002 - the word users and the command line have for it
        workers: int = 1,
        executor: str = "local",
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
        progress: Callable[[int], None] | None = None,
    ) -> PackReport:
        """Write the rows into a pack, a training store for this machine; call it again to finish one.

        Args:
            folder: where the pack goes.
            format: "raw", "zstd", "qoi" or "jpeg".
            workers: processes to work in.
            executor: "local", or "ray" for a cluster that sees the same folder.
            size: of the pictures in pixels, as for `loader`, like all that follow.
            geometry: what becomes of the pictures.
            buckets: a table's name or (width, height) pairs, for "bucket".
            fill: RGB of the bars that "fit" adds.
            columns: which columns to pack; empty for all.
            wording: which instruction, "long" or "short".
            turns: a session as one example ("whole") or one a turn ("each").
            rejected: a preference row as one example a rejected edit ("each"), or only its "first".
            resample: the filter for resizing.
            backend: which decoders, see `decode`.
            background: RGB to put under transparent pixels; None drops the alpha channel.
            local_path: gives the file of an address.
            progress: told how many examples are done.

        Returns:
            What was packed, reused and left out. Read it with `Loader(PackExamples(folder))`.

        Raises:
            UnknownNameError: an option, column, format, executor, geometry or wording that does not exist.
            ConfigError: choices that contradict each other.
            MissingExtraError: the format or executor needs a package that is not installed.
        """
        from pico_banana.training.loader import make_examples
        from pico_banana.training.packs import pack

        examples = make_examples(
            self,
            size=size,
            geometry=geometry,
            buckets=buckets,
            fill=fill,
            columns=columns,
            wording=wording,
            turns=turns,
            rejected=rejected,
            resample=resample,
            backend=backend,
            background=background,
            local_path=local_path,
        )
        return pack(examples, Path(folder), format=format, workers=workers, executor=executor, progress=progress)

    def export(self, form: str | Format, folder: str | Path, *, options: ExportOptions | None = None) -> ExportReport:
        """Write the rows in the form another tool reads, or finish doing so.

        Args:
            form: a format's name, see `pico_banana.sharing.export.formats()`, or a Format of one's own.
            folder: where it goes.
            options: the choices; None for pictures as published and long instructions.

        Returns:
            What was written, reused and left out.

        Raises:
            UnknownNameError: there is no such format.
            ConfigError: the format cannot hold this subset.
            ExportError: the folder holds another export.
            MissingExtraError: the format needs a package that is not installed.
        """
        from pico_banana.sharing.export import export

        return export(cast("Any", self), form, folder, options=options)

    def geometry_report(self, *, workers: int = 4, worst: int = 20) -> GeometryReport:
        """Say what the edits did to the shape of their sources, from the files' headers.

        Args:
            workers: threads to read with; pictures that are not here are fetched.
            worst: how many of the most changed rows to list.

        Returns:
            The report; rows without both pictures are in it, with their reason.

        Raises:
            ConfigError: the rows have no pictures.
        """
        from pico_banana.pictures.filesystem import local_path
        from pico_banana.pictures.images.measure import geometry_report
        from pico_banana.sharing.export.edits import edits_of

        pairs = ((edit.id, edit.source, edit.edited) for edit in edits_of(self, "long"))
        return geometry_report(pairs, local_path, workers=workers, worst=worst)

    def change_report(
        self, *, workers: int = 4, skip: Container[str] = (), progress: Callable[[int], None] | None = None
    ) -> ChangeReport:
        """Measure where the edits differ from their sources: changed share, box, shift, and whether to rely on it.

        Args:
            workers: threads to decode with; pictures that are not here are fetched.
            skip: ids of edits that are measured already.
            progress: told how many edits are done.

        Returns:
            The report; edits without both pictures are in it, with their reason. A turn of a session has the id
            `<row>#turn2`.

        Raises:
            ConfigError: the rows have no pictures.
        """
        from pico_banana.pictures.filesystem import local_path
        from pico_banana.pictures.images.change import change_report
        from pico_banana.sharing.export.edits import edits_of

        pairs = ((edit.id, edit.source, edit.edited) for edit in edits_of(self, "long") if edit.id not in skip)
        return change_report(pairs, local_path, workers=workers, progress=progress)
