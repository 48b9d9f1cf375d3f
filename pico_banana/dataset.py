"""`PicoBanana`: the rows of a subset as records, and everything one can do with them.

A table of contents: each verb says what it does and calls the room that does it. Rows are numbers into a memory-mapped
table (`rows`); a narrowed dataset is another list of numbers. Records are made when they are asked for, pictures are
read when a record's `ImageRef` is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack, cast, overload

from pico_banana.errors import ConfigError, missing_extra
from pico_banana.records import Subset
from pico_banana.rows.choosing.options import spelled_out
from pico_banana.rows.choosing.selection import Balance, Selection, SelectionOptions
from pico_banana.rows.sequence import R, RecordSequence

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    import datasets
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from pico_banana.mirrors.fetch.plan import Plan
    from pico_banana.mirrors.fetch.progress import Progress
    from pico_banana.mirrors.fetch.report import Report
    from pico_banana.pictures.jobs.download import FetchOptions
    from pico_banana.pictures.jobs.streaming import OnMissing, Stream
    from pico_banana.records import MultiTurn, Role
    from pico_banana.records.decoding.change import ChangeReport
    from pico_banana.records.decoding.confounds import ConfoundReport
    from pico_banana.records.decoding.decode import Backend, Resample
    from pico_banana.records.decoding.geometry import Geometry
    from pico_banana.records.decoding.header import Size
    from pico_banana.records.decoding.measure import GeometryReport
    from pico_banana.records.wording import Wording
    from pico_banana.rows.first_turns import FirstTurns
    from pico_banana.rows.foreign import Annotations
    from pico_banana.rows.table.counting import CountBy
    from pico_banana.sharing.browse import Browsing
    from pico_banana.sharing.export import ExportOptions, ExportReport, Format
    from pico_banana.sharing.export import Progress as ExportProgress
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.options import Codec, Exif, Match
    from pico_banana.sharing.export.options import Wording as ExportWording
    from pico_banana.sharing.gallery import GalleryReport, InlineGallery
    from pico_banana.sharing.statistics import Statistics
    from pico_banana.training.loader import Loader
    from pico_banana.training.loader.batches import OnError
    from pico_banana.training.loader.shaping import LocalPath
    from pico_banana.training.packs import PackReport

T = TypeVar("T")


class PicoBanana(RecordSequence[R]):
    """Rows of one subset, as a sequence of records.

    Made by `load`. `dataset[i]` is a record, `dataset[a:b]` and `dataset[[3, 1, 2]]` are datasets, `dataset[id]` is the
    record with that id, `dataset + dataset` is both.

    Attributes:
        subset: which of the four.
        mirror: where rows and pictures come from.
        selections: what was selected, step by step.
        table: the row store underneath.
    """

    # Which rows, and in which order

    def select(self, rows: Sequence[int] | None = None, /, **selection: Unpack[SelectionOptions]) -> Self:
        """Narrow the dataset.

        Args:
            rows: the places of rows, such as `[3, 1]` or `range(3)`; None for all.
            **selection: see `Selection`; applied to those rows, in that order.

        Returns:
            A new dataset.

        Raises:
            UnknownNameError: a name that does not exist.
            SelectionError: parts that contradict each other or do not fit the subset.
        """
        chosen = self if rows is None else self[rows]
        return chosen.narrowed(Selection.of(self.subset, **selection)) if selection or rows is None else chosen

    def filter(self, keep: Callable[[R], bool]) -> Self:
        """Narrow the dataset by a test of one's own.

        Args:
            keep: tells whether a record stays.

        Returns:
            A new dataset. `select` is a thousand times faster where it can say the same.
        """
        from pico_banana.rows.narrowing import places_kept

        return self[places_kept(self, keep)]

    def where(self, condition: str, *annotations: Annotations) -> Self:
        """Narrow the dataset by a condition over its columns and over annotations of one's own.

        Args:
            condition: SQL, such as "score >= 0.8 and length(instruction) < 200".
            *annotations: .parquet, .csv or .jsonl files, Arrow tables, frames of pandas or polars, or dicts of columns,
                each with a column `id`; a row that one does not mention has nulls there.

        Returns:
            A new dataset, in this one's order.

        Raises:
            MissingExtraError: duckdb is not installed.
            ConfigError: annotations that do not name each row once.
            SelectionError: the condition is no SQL over these columns.
        """
        from pico_banana.rows.sidecar import places_where, read_annotations

        return self[places_where(condition, self.to_arrow(), [read_annotations(one) for one in annotations])]

    def shuffle(self, seed: int = 0) -> Self:
        """Put the rows into a random order, the same for the same seed.

        Args:
            seed: which order.

        Returns:
            A new dataset.
        """
        return self.select(shuffle=seed)

    def sample(self, count: int, *, seed: int = 0, balance: Balance | None = None) -> Self:
        """Take rows at random.

        Args:
            count: how many; all of them when there are fewer.
            seed: which ones.
            balance: the same number for each "edit_type" or "category".

        Returns:
            A new dataset.

        Raises:
            SelectionError: `balance` on multi_turn.
        """
        return self.select(shuffle=seed, limit=count, balance=balance)

    def search(self, text: str) -> Self:
        """Keep the rows whose instruction contains a text, upper and lower case alike.

        Args:
            text: what to look for.

        Returns:
            A new dataset.
        """
        return self.select(contains=text)

    def sort(self, by: Callable[[R], Any] | str = "id", *, reverse: bool = False) -> Self:
        """Put the rows into an order.

        Args:
            by: a public column's name, or a function of a record.
            reverse: largest first.

        Returns:
            A new dataset; equal rows keep their order.

        Raises:
            UnknownNameError: there is no such column.
        """
        from pico_banana.rows.narrowing import places_sorted

        return self[places_sorted(self, by, reverse=reverse)]

    def split(self, name: str) -> Self:
        """Keep the rows of one split by source photo.

        Args:
            name: such as "train_90_5_5"; see `splits.parse_split`.

        Returns:
            A new dataset.

        Raises:
            SelectionError: there is no such split.
        """
        return self.select(split=name)

    def splits(self, train: int = 90, validation: int | None = None, test: int | None = None) -> dict[str, Self]:
        """Part the rows by source photo, so that no photo is on two sides, in any subset.

        Args:
            train: percent of the photos.
            validation: percent of the photos; 0 leaves that split out. `splits(80, 20)` is train and test.
            test: percent of the photos; without both, validation and test halve what `train` leaves.

        Returns:
            "train", "validation" and "test" to their datasets.

        Raises:
            SelectionError: the percents do not add up to 100.
        """
        from pico_banana.rows.narrowing import parted

        return parted(self, train, validation, test)

    def shard(self, index: int, num_shards: int) -> Self:
        """Give one of N parts of the rows: neighbours stay together, and all parts are the whole in its order.

        Args:
            index: which part, from 0.
            num_shards: how many there are.

        Returns:
            A new dataset; no two parts differ by more than a row.

        Raises:
            ConfigError: there is no such part.
        """
        from pico_banana.rows.sharding.shard import Shard

        return Shard(index, num_shards).of(self)

    def head(self, count: int = 5) -> Self:
        """Give the first rows; a head is no sample, see `sample`.

        Args:
            count: how many; all of them when there are fewer.

        Returns:
            A new dataset.
        """
        return self[: max(count, 0)]

    def take(self, count: int) -> Self:
        """Give the first rows; `datasets` calls it so.

        Args:
            count: how many; all of them when there are fewer.

        Returns:
            A new dataset.
        """
        return self.head(count)

    def map(self, function: Callable[[R], T]) -> list[T]:
        """Make a plain value of each record.

        Args:
            function: makes it.

        Returns:
            The values, in order. For columns, `column` and `to_arrow` are a hundred times faster.
        """
        return [function(record) for record in self]

    def __add__(self, other: PicoBanana[R]) -> Self:
        """Put the rows of another dataset of the same subset and file after these.

        Args:
            other: the rows that follow; a row that is in both comes twice.

        Returns:
            A new dataset.

        Raises:
            SelectionError: they are rows of two subsets, or of two files.
        """
        from pico_banana.rows.narrowing import joined

        return joined(self, other)

    def with_texts(self, *sources: Annotations) -> Self:
        """Give the rows with texts made anew, for `wording="repaired"`, "recaptioned" and "translated".

        Args:
            *sources: sidecars as `pico-banana texts` writes them: .parquet, .csv or .jsonl files or tables with the
                columns `id`, `wording` and `text`.

        Returns:
            A new dataset; `loader`, `pack` and `export` take its texts.

        Raises:
            ConfigError: a source is no table of such texts.
        """
        from pico_banana.rows.retold import with_texts

        return self.told_anew(with_texts(self.texts, sources))

    # What the rows say

    def taken_texts(self, wording: Wording) -> dict[str, int]:
        """Count which text the rows take where a wording is wanted.

        Args:
            wording: "long", "short", "clean_short", "repaired", "recaptioned" or "translated".

        Returns:
            Which text ("outdated": the row's own, because the one made anew was made of another) to how many rows, or
            turns of sessions.

        Raises:
            UnknownNameError: there is no such wording.
            ConfigError: the wording is of texts made anew, and none were given.
        """
        from pico_banana.records.wording import check_wording, taken_texts

        return dict(taken_texts(self, check_wording(wording, self.texts), self.texts))

    def counts(self, by: CountBy = "edit_type") -> dict[str, int]:
        """Count the rows of each kind.

        Args:
            by: "edit_type", "category", "flag", "turns" (sessions), or "inferred_edit_type" (turns of sessions).

        Returns:
            Name to count, most first; flags and unused types count 0 only where asked for by "flag".

        Raises:
            UnknownNameError: this subset cannot be counted so.
        """
        from pico_banana.rows.table.counting import count_rows

        return count_rows(self.table, self.rows, by=by)

    def first_turns(self) -> FirstTurns:
        """Guess the types of sessions' first turns, bounded by the single-turn rows of the same photo.

        Returns:
            What was found, to join by id; each type says what it was read from.

        Raises:
            SelectionError: the rows are no sessions.
            MirrorError: the mirror has no single-turn rows.
        """
        from pico_banana.rows.first_turns import first_turns

        return first_turns(cast("RecordSequence[MultiTurn]", self))

    def stats(self, *annotations: Annotations) -> Statistics:
        """Count what the rows are made of: types, categories, lengths, turns, problems.

        Args:
            *annotations: tables by id that tell more: `aspect_change` and `alignment` of `measure`, `score` and
                `accepted` of a judge, `usd` of `pico-banana texts`.

        Returns:
            The numbers; a notebook shows them with charts, `.plot(folder)` writes those, `.to_dict()` is for JSON.

        Raises:
            ConfigError: annotations that do not name each row once.
        """
        from pico_banana.sharing.statistics import statistics_of

        return statistics_of(self, annotations)

    def to_pandas(self) -> pd.DataFrame:
        """Give the rows as a pandas frame; types and categories are categoricals.

        Returns:
            The frame.
        """
        return self.to_arrow().to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """Give the rows as a polars frame.

        Returns:
            The frame.

        Raises:
            MissingExtraError: polars is not installed.
        """
        try:
            from polars import from_arrow
        except ImportError as absent:
            error = missing_extra("polars", "polars", "to_polars")
            raise error from absent
        return cast("pl.DataFrame", from_arrow(self.to_arrow()))

    def to_datasets(self, *, cache_dir: str | Path | None = None, embed: bool = False) -> datasets.Dataset:
        """Give the rows as a `datasets.Dataset`, with the columns of `load_dataset`; pictures are read when decoded.

        The rows are written to the cache of `datasets` once: the same rows have the same fingerprint, in any process.

        Args:
            cache_dir: the cache of `datasets`; None for its own choice.
            embed: put the pictures' bytes in, so that what `save_to_disk` and `to_parquet` write can be read where this
                package is not installed. A picture that nobody has is null.

        Returns:
            The rows in the order of this dataset, memory-mapped.

        Raises:
            TransportError: a picture to embed could not be fetched this time.
            DiskFullError: there is no room for the cache.
            StoreError: the cache cannot be written.
        """
        from pico_banana.sharing.huggingface import to_datasets

        return to_datasets(self, cache_dir=cache_dir, embed=embed)

    def to_fiftyone(self, name: str | None = None) -> Any:  # noqa: ANN401 - a fiftyone.Dataset
        """Give the rows as a grouped dataset of FiftyOne; pictures that are not here are fetched.

        Args:
            name: the dataset's name; None for one that FiftyOne makes up.

        Returns:
            The `fiftyone.Dataset`: one group an edit with the slices source, edited and rejected0; what is left out is
            in its `info["failed"]`.

        Raises:
            MissingExtraError: FiftyOne is not installed.
            ConfigError: the rows have no pictures.
        """
        from pico_banana.sharing.viewers.fiftyone import to_fiftyone

        return to_fiftyone(self, name)

    def to_spotlight(self, *, browser: bool = True) -> Any:  # noqa: ANN401 - a spotlight.Viewer
        """Show the rows in Renumics Spotlight; pictures that are not here are fetched.

        Args:
            browser: open it there.

        Returns:
            The viewer.

        Raises:
            MissingExtraError: Spotlight is not installed.
            ConfigError: the rows have no pictures.
        """
        from pico_banana.sharing.viewers.spotlight import to_spotlight

        return to_spotlight(self, browser=browser)

    def sql(self, query_text: str) -> pa.Table:
        """Ask the rows in SQL; the table is called `rows`.

        Args:
            query_text: such as "select edit_type, count(*) from rows group by 1".

        Returns:
            The answer as an Arrow table.

        Raises:
            MissingExtraError: duckdb is not installed.
        """
        from pico_banana.rows.table.sql import connected

        with connected("SQL over rows") as connection:
            connection.register("rows", self.to_arrow())
            return connection.sql(query_text).to_arrow_table()

    # Their pictures

    def plan(self, options: FetchOptions | None = None) -> Plan:
        """Look what a download would fetch: files, hosts, bytes, what is here, and whether it fits.

        Args:
            options: how pictures would be fetched.

        Returns:
            The plan; nobody was asked for it.
        """
        from pico_banana.pictures.jobs.download import Download, FetchOptions

        return Download(self, options or FetchOptions()).plan()

    def download(
        self, options: FetchOptions | None = None, *, progress: Callable[[Progress], None] | None = None
    ) -> Report:
        """Fetch every picture of these rows that is not here. Run it again to go on after an interruption.

        Args:
            options: how.
            progress: called a few times a second.

        Returns:
            Totals that add up; a picture that failed is counted there, and listed in the file `Report.path`.

        Raises:
            DiskFullError: there is too little room.
            StoreError: the store cannot be written.
        """
        from pico_banana.pictures.jobs.download import Download, FetchOptions

        return Download(self, options or FetchOptions()).run(progress)

    @spelled_out
    def stream(
        self,
        *,
        ahead: int = 64,
        workers: int = 16,
        roles: Sequence[Role] = ("source", "edited"),
        on_missing: OnMissing = "raise",
    ) -> Stream[R]:
        """Give the rows in order, each when its pictures are on this machine, fetching some rows ahead.

        Args:
            ahead: how many rows may be in flight.
            workers: pictures fetched at the same time.
            roles: which pictures must be here: "source", "edited".
            on_missing: a row whose picture cannot be had: "raise" its error, "skip" the row, "keep" it all the same.

        Returns:
            An iterable whose place can be saved with `state_dict` and restored with `load_state_dict`.

        Raises:
            UnknownNameError: `on_missing` is none of these.
            ConfigError: `ahead` or `workers` is not positive.
        """
        from pico_banana.pictures.jobs.streaming import Stream

        return Stream(self, ahead=ahead, workers=workers, roles=tuple(roles), on_missing=on_missing)

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
        from pico_banana.records.decoding.measure import geometry_report
        from pico_banana.sharing.export.edits import edits_of

        pairs = ((edit.id, edit.source, edit.edited) for edit in edits_of(self, "long"))
        return geometry_report(pairs, local_path, workers=workers, worst=worst)

    def confounds(self, *, workers: int = 4) -> ConfoundReport:
        """Say what tells accepted edits from rejected ones besides their contents: size, codec, sharpness and so on.

        Args:
            workers: threads to read and decode with; pictures that are not here are fetched.

        Returns:
            The report; pairs without both pictures are in it, with their reason.

        Raises:
            ConfigError: the rows are no preferences.
        """
        from pico_banana.pictures.filesystem import local_path
        from pico_banana.records.decoding.confounds import confound_report
        from pico_banana.sharing.export.choices import each_pair
        from pico_banana.sharing.export.edits import edits_of

        if self.subset is not Subset.PREFERENCE:
            msg = f"{self.subset.value} rows have no rejected edits; load 'preference'"
            raise ConfigError(msg, key="subset")
        pairs = each_pair(edits_of(self, "long"))
        return confound_report(
            ((pair.id, pair.edited, pair.rejected[0]) for pair in pairs), local_path, workers=workers
        )

    def change_report(
        self,
        *,
        alignment: bool = False,
        workers: int = 4,
        skip: Container[str] = (),
        progress: Callable[[int], None] | None = None,
    ) -> ChangeReport:
        """Measure where the edits differ from their sources: changed share, box, shift, and whether to rely on it.

        Args:
            alignment: also find the transform from each edit to its source, with OpenCV.
            workers: threads to decode with; pictures that are not here are fetched.
            skip: ids of edits that are measured already.
            progress: told how many edits are done.

        Returns:
            The report; edits without both pictures are in it, with their reason. A turn of a session has the id
            `<row>#turn2`.

        Raises:
            ConfigError: the rows have no pictures.
            MissingExtraError: OpenCV is not installed.
        """
        from pico_banana.pictures.filesystem import local_path
        from pico_banana.records.decoding.change import change_report
        from pico_banana.sharing.export.edits import edits_of

        edits: Iterable[Edit] = (edit for edit in edits_of(self, "long") if edit.id not in skip)
        if alignment:  # whoever registers is told the types before the first pair
            edits = list(edits)
        types = {edit.id: edit.kind for edit in edits} if alignment else None
        pairs = ((edit.id, edit.source, edit.edited) for edit in edits)
        return change_report(pairs, local_path, workers=workers, types=types, progress=progress)

    @overload
    def gallery(
        self, path: None = None, *, limit: int | None = None, height: int = 240, scores: Sequence[Annotations] = ()
    ) -> InlineGallery: ...

    @overload
    def gallery(
        self, path: str | Path, *, limit: int | None = None, height: int = 240, scores: Sequence[Annotations] = ()
    ) -> GalleryReport: ...

    def gallery(
        self,
        path: str | Path | None = None,
        *,
        limit: int | None = None,
        height: int = 240,
        scores: Sequence[Annotations] = (),
    ) -> InlineGallery | GalleryReport:
        """Look at the rows: in the notebook, or as a page for the browser. Pictures that are not here are fetched.

        Args:
            path: the folder for a page; None shows it below the notebook's cell.
            limit: at most so many rows, the first ones; None for 200 in a folder, 24 in a notebook, which keeps them.
            height: of each picture in pixels.
            scores: annotations as `where` takes them; the page finds and sorts rows by their numbers.

        Returns:
            What the notebook shows, or what became of the page.

        Raises:
            ConfigError: the height or limit is none, or the annotations do not name each row once.
            SelectionError: the rows have no pictures.
            ExportError: a file that no gallery wrote is in the way.
            StoreError: the folder cannot be written.
        """
        from pico_banana.sharing.gallery import inline_gallery, write_gallery

        if path is None:
            return inline_gallery(self, limit=24 if limit is None else limit, height=height, scores=scores)
        return write_gallery(self, path, limit=200 if limit is None else limit, height=height, scores=scores)

    def browse(
        self,
        *,
        scores: Sequence[Annotations] = (),
        marks: str | Path = "marks.parquet",
        who: str | None = None,
        port: int = 0,
        fetch: bool = False,
    ) -> Browsing:
        """Look through all rows in a browser and mark them, from a server on this machine.

        Args:
            scores: annotations as `where` takes them; the page finds and sorts rows by their numbers.
            marks: the Parquet file that marks go to at once; `where("mark = 'keep'", "marks.parquet")` finds them.
            who: the name that marks get; None for the login name.
            port: of 127.0.0.1; 0 takes a free one.
            fetch: fetch pictures that are not here when they come into sight.

        Returns:
            The running server, which shows its link in a notebook; `.marks` are the marks so far, `.stop()` ends it.

        Raises:
            ConfigError: the port is taken, or the marks' file holds other annotations.
            SelectionError: the rows have no pictures.
        """
        from pico_banana.sharing.browse import browse

        return browse(self, scores=scores, marks=marks, who=who, port=port, fetch=fetch)

    # Out to training and to other tools

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
            geometry: what becomes of the pictures, see `pico_banana.records.decoding.geometry`.
            buckets: a table's name or (width, height) pairs, for "bucket".
            fill: RGB of the bars that "fit" adds.
            columns: which columns to give; empty for all. Pictures that are not named are not read.
            wording: which instruction: "long", "short", "clean_short"; "repaired", "recaptioned" or "translated" of
                `with_texts`.
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
            MissingExtraError: a choice needs a package that is not installed.
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
            workers: processes to work in; `pb.on_ray` packs in shards on a cluster, see docs/scale.md.
            size: of the pictures in pixels, as for `loader`, like all that follow.
            geometry: what becomes of the pictures.
            buckets: a table's name or (width, height) pairs, for "bucket".
            fill: RGB of the bars that "fit" adds.
            columns: which columns to pack; empty for all.
            wording: which instruction, as for `loader`.
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
            UnknownNameError: an option, column, format, geometry or wording that does not exist.
            ConfigError: choices that contradict each other.
            MissingExtraError: the format needs a package that is not installed.
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
        return pack(examples, Path(folder), format=format, workers=workers, progress=progress)

    @spelled_out
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
        match: Match = "none",
        options: ExportOptions | None = None,
        progress: Callable[[ExportProgress], None] | None = None,
    ) -> ExportReport:
        """Write the rows in the form another tool reads, or finish doing so.

        Args:
            form: a format's name, see `pico_banana.sharing.export.formats()`, or a Format of one's own.
            folder: where it goes: empty, missing, with the same export, or with another split of it.
            wording: which instruction trainers get: "long", "short", "clean_short", or "both" for every edit twice;
                "repaired", "recaptioned" or "translated" of `with_texts`.
            geometry: "none", "match_source", "match_edited", "fit", "crop", "bucket", or one that registers first:
                "register", "register_fit", "register_crop", "register_bucket".
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
            match: "codec" encodes accepted and rejected edits alike, "size" also crops them to one size.
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
            match=match,
        )
        return export(self, form, folder, options=choices, progress=progress)
