"""`load` and `PicoBanana`: a subset as a sequence of typed records, narrowed in milliseconds.

Rows are numbers into a memory-mapped table; a narrowed dataset is another list of numbers. Records are made when they
are asked for, pictures are read when a record's `ImageRef` is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, Unpack, cast, overload

import numpy as np
import numpy.typing as npt

from pico_banana import query
from pico_banana.catalog import Mirror
from pico_banana.errors import UnknownNameError, missing_extra, unknown_name
from pico_banana.flags import BIT
from pico_banana.reading import RecordReader
from pico_banana.records import MultiTurn, Record, Subset
from pico_banana.rows import BadRow
from pico_banana.selection import Balance, Selection, SelectionOptions
from pico_banana.splits import split_names
from pico_banana.table import RowTable

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from pico_banana.download import FetchOptions
    from pico_banana.fetch.job import Progress
    from pico_banana.fetch.plan import Plan
    from pico_banana.fetch.report import Report

R = TypeVar("R", bound=Record)
CountBy = Literal["edit_type", "category", "flag", "turns", "inferred_edit_type"]


class PicoBanana(Sequence[R], Generic[R]):
    """Rows of one subset, as a sequence of records.

    Made by `load`. `dataset[i]` is a record, `dataset[a:b]` and `dataset[[3, 1, 2]]` are datasets, `dataset[id]` is the
    record with that id.

    Attributes:
        subset: which of the four.
        mirror: where rows and pictures come from.
        selections: what was selected, step by step.
        table: the row store underneath.
    """

    def __init__(
        self,
        table: RowTable,
        *,
        subset: Subset,
        mirror: Mirror,
        rows: npt.NDArray[np.int64] | None = None,
        selections: tuple[Selection, ...] = (),
    ) -> None:
        self.table, self.subset, self.mirror, self.selections = table, subset, mirror, selections
        self._rows = rows
        self._count = len(table) if rows is None else len(rows)

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """The number of each row in the table, in the order of this dataset."""
        return np.arange(len(self.table)) if self._rows is None else self._rows

    @property
    def ids(self) -> list[str]:
        """The id of each row, in order."""
        ids: list[str] = self.to_arrow(columns=["id"])["id"].to_pylist()
        return ids

    @property
    def bad_rows(self) -> tuple[BadRow, ...]:
        """The lines of the rows file that were left out because they are no rows."""
        return self.table.bad_rows

    def __len__(self) -> int:
        """Count the rows."""
        return self._count

    @overload
    def __getitem__(self, index: int | str) -> R: ...

    @overload
    def __getitem__(self, index: slice | Sequence[int] | npt.NDArray[np.int64]) -> PicoBanana[R]: ...

    def __getitem__(
        self, index: int | str | slice | Sequence[int] | npt.NDArray[np.int64]
    ) -> R | PicoBanana[R]:
        """Give one record, or a dataset of some rows.

        Args:
            index: a place, an id, a slice, or places.

        Returns:
            The record for a place or an id, else a dataset.

        Raises:
            IndexError: there are fewer rows.
            UnknownNameError: no row of this dataset has that id.
        """
        if self._rows is None and isinstance(index, int) and 0 <= index < self._count:  # the commonest, kept short
            return self._reader(index)  # type: ignore[return-value]  # cast() would cost a tenth of the time
        if isinstance(index, int):
            return self._record(index)
        if isinstance(index, str):
            return self._by_id(index)
        if isinstance(index, np.integer):
            return self._record(int(index))
        return self._with_rows(self.rows[index if isinstance(index, slice) else np.asarray(index, np.int64)])

    def __iter__(self) -> Iterator[R]:
        """Give every record in order."""
        return cast("Iterator[R]", self._reader.many(self._rows))

    def __repr__(self) -> str:
        """Say what this is and what of it was selected."""
        size = f"{len(self):,} rows" if len(self) == len(self.table) else f"{len(self):,} of {len(self.table):,} rows"
        steps = "".join(f"\n  {selection}" for selection in self.selections if selection.parts())
        skipped = f"\n  {len(self.bad_rows)} bad lines left out, see .bad_rows" if self.bad_rows else ""
        return f"PicoBanana({self.subset.value}, {size}, mirror={self.mirror.name}){steps}{skipped}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as the place of the table and the row numbers."""
        state = {"subset": self.subset, "mirror": self.mirror, "rows": self._rows, "selections": self.selections}
        return _rebuilt, (type(self), self.table, state)

    def select(self, **selection: Unpack[SelectionOptions]) -> PicoBanana[R]:
        """Narrow the dataset.

        Args:
            **selection: see `Selection`; applied to the rows of this dataset, in its order.

        Returns:
            A new dataset.

        Raises:
            UnknownNameError: a name that does not exist.
            SelectionError: parts that contradict each other or do not fit the subset.
        """
        return self._narrowed(Selection.of(self.subset, **selection))

    def filter(self, keep: Callable[[R], bool]) -> PicoBanana[R]:
        """Narrow the dataset by a test of one's own.

        Args:
            keep: tells whether a record stays.

        Returns:
            A new dataset. `select` is a thousand times faster where it can say the same.
        """
        places = [place for place, record in enumerate(self) if keep(record)]
        return self._with_rows(self.rows[np.asarray(places, np.int64)])

    def shuffle(self, seed: int = 0) -> PicoBanana[R]:
        """Put the rows into a random order, the same for the same seed.

        Args:
            seed: which order.

        Returns:
            A new dataset.
        """
        return self.select(shuffle=seed)

    def sample(self, count: int, *, seed: int = 0, balance: Balance | None = None) -> PicoBanana[R]:
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

    def search(self, text: str) -> PicoBanana[R]:
        """Keep the rows whose instruction contains a text, upper and lower case alike.

        Args:
            text: what to look for.

        Returns:
            A new dataset.
        """
        return self.select(contains=text)

    def sort(self, by: Callable[[R], Any] | str = "id", *, reverse: bool = False) -> PicoBanana[R]:
        """Put the rows into an order.

        Args:
            by: a public column's name, or a function of a record.
            reverse: largest first.

        Returns:
            A new dataset; equal rows keep their order.

        Raises:
            UnknownNameError: there is no such column.
        """
        keys = [by(record) for record in self] if callable(by) else self._column(by)
        order = sorted(range(len(self)), key=lambda place: (keys[place] is None, keys[place]), reverse=reverse)
        return self._with_rows(self.rows[np.asarray(order, np.int64)])

    def split(self, name: str) -> PicoBanana[R]:
        """Keep the rows of one split by source photo.

        Args:
            name: such as "train_90_5_5"; see `splits.parse_split`.

        Returns:
            A new dataset.

        Raises:
            SelectionError: there is no such split.
        """
        return self.select(split=name)

    def splits(self, train: int = 90, validation: int = 5, test: int = 5) -> dict[str, PicoBanana[R]]:
        """Part the rows by source photo, so that no photo is on two sides, in any subset.

        Args:
            train: percent of the photos.
            validation: percent of the photos; 0 leaves that split out.
            test: percent of the photos.

        Returns:
            "train", "validation" and "test" to their datasets.

        Raises:
            SelectionError: the percents do not add up to 100.
        """
        return {side: self.split(name) for side, name in split_names(train, validation, test).items()}

    def counts(self, by: CountBy = "edit_type") -> dict[str, int]:
        """Count the rows of each kind.

        Args:
            by: "edit_type", "category", "flag", "turns" (sessions), or "inferred_edit_type" (turns of sessions).

        Returns:
            Name to count, most first; flags and unused types count 0 only where asked for by "flag".

        Raises:
            UnknownNameError: this subset cannot be counted so.
        """
        sessions = self.subset is Subset.MULTI_TURN
        allowed = ["flag", "turns", "inferred_edit_type"] if sessions else ["flag", "edit_type", "category"]
        if by not in allowed:
            raise unknown_name(f"way to count {self.subset.value} rows", by, allowed)
        counts = {"flag": self._flag_counts, "turns": self._turn_counts, "inferred_edit_type": self._inferred_counts}
        found = counts[by]() if by in counts else self._group_counts(by)
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def to_arrow(self, *, columns: Sequence[str] | None = None) -> pa.Table:
        """Give the rows as an Arrow table with the public columns; pictures are addresses.

        Args:
            columns: only these; None for all.

        Returns:
            The table.

        Raises:
            UnknownNameError: there is no such column.
        """
        from pico_banana.arrow import public_schema, public_table

        known = public_schema(self.subset).names
        for name in columns or ():
            if name not in known:
                raise unknown_name(f"column of {self.subset.value}", name, known)
        return public_table(self.table, self._rows, subset=self.subset, mirror=self.mirror.name, columns=columns)

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
            import polars
        except ImportError as error:
            raise missing_extra("polars", "polars", "to_polars") from error
        return cast("pl.DataFrame", polars.from_arrow(self.to_arrow()))

    def sql(self, query_text: str) -> pa.Table:
        """Ask the rows in SQL; the table is called `rows`.

        Args:
            query_text: such as "select edit_type, count(*) from rows group by 1".

        Returns:
            The answer as an Arrow table.

        Raises:
            MissingExtraError: duckdb is not installed.
        """
        try:
            import duckdb
        except ImportError as error:
            raise missing_extra("duckdb", "sql", "SQL over rows") from error
        with duckdb.connect() as connection:
            connection.register("rows", self.to_arrow())
            return connection.sql(query_text).to_arrow_table()

    def plan(self, options: FetchOptions | None = None) -> Plan:
        """Look what a download would fetch: files, hosts, bytes, what is here, and whether it fits.

        Args:
            options: how pictures would be fetched.

        Returns:
            The plan; nobody was asked for it.
        """
        from pico_banana.download import Download, FetchOptions

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
        from pico_banana.download import Download, FetchOptions

        return Download(self, options or FetchOptions()).run(progress)

    @cached_property
    def _reader(self) -> RecordReader:
        return RecordReader(self.table, self.subset, self.mirror.name)

    def _record(self, place: int) -> R:
        count = len(self)
        if not 0 <= place < count:
            if not -count <= place < 0:
                raise IndexError(f"row {place} of a dataset of {count:,} rows")
            place += count
        return cast("R", self._reader(place if self._rows is None else int(self._rows[place])))

    def _by_id(self, identity: str) -> R:
        found = query.find_rows(self.table, Selection(subset=self.subset, ids=(identity,)), among=self._rows)
        if found is None or not len(found):
            text = f"no row of this dataset has the id {identity!r}"
            raise UnknownNameError(text, kind="row id", name=identity)
        return cast("R", self._reader(int(found[0])))

    def _narrowed(self, selection: Selection) -> PicoBanana[R]:
        rows = query.find_rows(self.table, selection, among=self._rows)
        return self._with_rows(rows, selection)

    def _with_rows(self, rows: npt.NDArray[np.int64] | None, *selections: Selection) -> PicoBanana[R]:
        narrowed = type(self)(
            self.table, subset=self.subset, mirror=self.mirror, rows=rows, selections=(*self.selections, *selections)
        )
        if "_reader" in self.__dict__:
            narrowed.__dict__["_reader"] = self._reader
        return narrowed

    def _column(self, name: str) -> list[Any]:
        values: list[Any] = self.to_arrow(columns=[name])[name].to_pylist()
        return values

    def _group_counts(self, by: str) -> dict[str, int]:
        groups, names = query.group_codes(self.table, self.rows, by)
        counts = np.bincount(groups, minlength=len(names)).tolist()
        return {name: count for name, count in zip(names, counts, strict=True) if count}

    def _flag_counts(self) -> dict[str, int]:
        bits = self.table.gather("flags", self.rows, np.uint32)
        return {flag.value: int(np.count_nonzero(bits & bit)) for flag, bit in BIT.items()}

    def _turn_counts(self) -> dict[str, int]:
        turns, counts = np.unique(query.turn_counts(self.table)[self.rows], return_counts=True)
        return {str(turn): int(count) for turn, count in zip(turns, counts, strict=True)}

    def _inferred_counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in self:
            for turn in cast("MultiTurn", row).turns:
                name = str(turn.inferred_edit_type or "undecided")
                found[name] = found.get(name, 0) + 1
        return found


def _rebuilt(kind: type[PicoBanana[Any]], table: RowTable, state: dict[str, Any]) -> PicoBanana[Any]:
    return kind(table, **state)
