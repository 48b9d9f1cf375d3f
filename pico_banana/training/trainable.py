"""What a dataset does for training: batches, packs, exports, and a report on its pictures' geometry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from pico_banana.pictures.jobs.fetchable import FetchableSequence
from pico_banana.rows.sequence import R

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from pico_banana.pictures.images.change import ChangeReport
    from pico_banana.pictures.images.geometry import Geometry
    from pico_banana.pictures.images.header import Size
    from pico_banana.pictures.images.measure import GeometryReport
    from pico_banana.sharing.export import ExportOptions, ExportReport, Format, Progress
    from pico_banana.sharing.export.options import Codec, Exif
    from pico_banana.sharing.export.options import Wording as ExportWording
    from pico_banana.training.loader import Loader, LoaderOptions
    from pico_banana.training.loader.make import ExampleOptions
    from pico_banana.training.packs import PackReport


class TrainableSequence(FetchableSequence[R]):
    """Rows that give batches."""

    def loader(self, **options: Unpack[LoaderOptions]) -> Loader:
        """Give batches of decoded pictures and their texts.

        Args:
            **options: `batch_size`, `size`, `geometry`, `columns`, `shuffle`, `seed`, `workers`, `drop_last`,
                `on_error`, `framework`, `rank`, `world_size` and those of the examples, see `make_loader`.

        Returns:
            A loader; iterate it once an epoch. Nothing is read before.

        Raises:
            UnknownNameError: a geometry, bucket table or wording that does not exist.
            ConfigError: choices that contradict each other.
        """
        from pico_banana.training.loader import make_loader

        return make_loader(self, **options)

    def pack(
        self,
        folder: str | Path,
        *,
        format: str = "raw",  # noqa: A002 - the word users and the command line have for it
        workers: int = 1,
        executor: str = "local",
        **options: Unpack[ExampleOptions],
    ) -> PackReport:
        """Write the rows into a pack, a training store for this machine; call it again to finish one.

        Args:
            folder: where the pack goes.
            format: "raw", "zstd", "qoi" or "jpeg".
            workers: processes to work in.
            executor: "local", or "ray" for a cluster that sees the same folder.
            **options: `size`, `geometry` and the other options of examples, see `make_examples`.

        Returns:
            What was packed, reused and left out. Read it with `Loader(PackExamples(folder))`.

        Raises:
            UnknownNameError: a format, executor, geometry or wording that does not exist.
            ConfigError: choices that contradict each other.
            MissingExtraError: the format or executor needs a package that is not installed.
        """
        from pico_banana.training.loader import make_examples
        from pico_banana.training.packs import pack

        examples = make_examples(self, **options)
        return pack(examples, Path(folder), format=format, workers=workers, executor=executor)

    def export(  # noqa: PLR0913  every keyword is one independent choice of the caller's
        self,
        form: str | Format,
        folder: str | Path,
        *,
        wording: ExportWording = "long",
        geometry: str | Geometry = "none",
        size: int | Size | None = None,
        buckets: str | Sequence[Size] | None = None,
        codec: Codec = "keep",
        quality: int = 95,
        exif: Exif = "upright",
        shard_rows: int = 512,
        workers: int = 2,
        checksums: bool = True,
        split: str = "",
        links: bool = False,
        ascii: bool = False,  # noqa: A002 - the word users and the command line have for it
        verify: bool = False,
        resolution: int | Size | None = None,
        control_resolution: int | Size | None = None,
        options: ExportOptions | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> ExportReport:
        """Write the rows in the form another tool reads, or finish doing so.

        Args:
            form: a format's name, see `pico_banana.sharing.export.formats()`, or a Format of one's own.
            folder: where it goes: empty, missing, with the same export, or with another split of it.
            wording: which instruction trainers get: "long", "short", "clean_short", or "both" for every edit twice.
            geometry: "none", "match_source", "match_edited", "fit", "crop" or "bucket".
            size: pixels of the geometry: a square's side, or the longest side.
            buckets: of geometry "bucket": sdxl, kontext, qwen, gemini, or (width, height) pairs.
            codec: "keep" the files' own, or "png" or "jpeg" for source and edit alike.
            quality: of JPEG, 1 to 100.
            exif: "upright" turns pictures that lie on their side; "keep" leaves bytes and tag as published.
            shard_rows: rows a shard.
            workers: threads.
            checksums: write every file's SHA-256 into the manifest.
            split: the split's name in the files; empty for that of the selection, else "train".
            links: read-only hard links to the store's files in place of copies.
            ascii: write nothing but ASCII into JSON and CSV.
            verify: compare the content of what an earlier run left, not only its size.
            resolution: pixels that the trainer is told to train at, where its configuration is written.
            control_resolution: the same for the source.
            options: all of these as one value, in place of the keywords above.
            progress: told how far it is after every example.

        Returns:
            What was written, reused and left out.

        Raises:
            UnknownNameError: there is no such format, geometry or bucket table.
            ConfigError: the format cannot hold this subset, or choices contradict each other.
            ExportError: the folder holds another export, or files that are of none.
            MissingExtraError: the format needs a package that is not installed.
        """
        from pico_banana.sharing.export import export, export_options

        choices = options or export_options(
            wording=wording,
            geometry=geometry,
            size=size,
            buckets=buckets,
            codec=codec,
            quality=quality,
            exif=exif,
            shard_rows=shard_rows,
            workers=workers,
            checksums=checksums,
            split=split,
            links=links,
            ascii=ascii,
            verify=verify,
            resolution=resolution,
            control_resolution=control_resolution,
        )
        return export(cast("Any", self), form, folder, options=choices, progress=progress)

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
