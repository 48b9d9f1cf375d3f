"""`load` and `PicoBanana`: a subset as a sequence of typed records, narrowed in milliseconds.

Rows are numbers into a memory-mapped table; a narrowed dataset is another list of numbers. Records are made when they
are asked for, pictures are read when a record's `ImageRef` is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pico_banana.errors import missing_extra
from pico_banana.rows.sequence import R
from pico_banana.training.trainable import TrainableSequence

if TYPE_CHECKING:
    from pathlib import Path

    import datasets
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from pico_banana.rows.table.counting import CountBy


class PicoBanana(TrainableSequence[R]):
    """Rows of one subset, as a sequence of records.

    Made by `load`. `dataset[i]` is a record, `dataset[a:b]` and `dataset[[3, 1, 2]]` are datasets, `dataset[id]` is the
    record with that id.

    Attributes:
        subset: which of the four.
        mirror: where rows and pictures come from.
        selections: what was selected, step by step.
        table: the row store underneath.
    """

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

    def to_datasets(self, *, cache_dir: str | Path | None = None) -> datasets.Dataset:
        """Give the rows as a `datasets.Dataset`, with the columns of `load_dataset`; pictures are read when decoded.

        The rows are written to the cache of `datasets` once: the same rows have the same fingerprint, in any process.

        Args:
            cache_dir: the cache of `datasets`; None for its own choice.

        Returns:
            The rows in the order of this dataset, memory-mapped.

        Raises:
            StoreError: the cache cannot be written.
        """
        from pico_banana.sharing.huggingface import to_datasets

        return to_datasets(self, cache_dir=cache_dir)

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
