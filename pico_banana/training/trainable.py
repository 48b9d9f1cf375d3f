"""What a dataset does for training: batches, packs, exports, and a report on its pictures' geometry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from pico_banana.pictures.jobs.fetchable import FetchableSequence
from pico_banana.rows.sequence import R

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from pico_banana.pictures.images.change import ChangeReport
    from pico_banana.pictures.images.measure import GeometryReport
    from pico_banana.sharing.export import ExportOptions, ExportReport, Format
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
