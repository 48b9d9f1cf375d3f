"""The public columns as `datasets` sees them: pictures as `Image()`, types and categories as `ClassLabel`.

==========================  ==========================================  ======================================
column                      feature                                     subsets
==========================  ==========================================  ======================================
id                          string                                      all
source_image                Image                                       all but instructions
edited_image                Image                                       single_turn, preference
rejected_images             list of Image                               preference
turns                       list of {instruction, image: Image,         multi_turn
                            inferred_edit_type: ClassLabel,
                            inferred_confidence: float32}
instruction                 string                                      all but multi_turn
short_instruction           string, or None                             all but multi_turn
clean_short_instruction     string, or None                             all but multi_turn
edit_type, category         ClassLabel; None for an unknown label       all but multi_turn
edit_type_label             string, as published                        all but multi_turn
flags                       list of strings                             all
source_url                  string                                      all but instructions
==========================  ==========================================  ======================================

A picture is stored as its address and read when it is decoded; `cast_column(..., Image(decode=False))` gives the
address itself.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pico_banana.sharing.huggingface.embedding import EMBEDDED_ROWS, embedded
from pico_banana.taxonomy import categories, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from datasets import Features

    from pico_banana.records import Subset
    from pico_banana.rows.sequence import RecordSequence

LAYOUT = "1.0.0"  # raise it when a column changes its name or feature
SHARDS = (
    64  # pieces for worker processes and nodes to share; 8 nodes of 8 workers, and each still large enough to be quick
)
LEAST_ROWS = 16  # of a piece but where there are fewer in all: a streamed `push_to_hub` writes a file a piece


def features(subset: Subset) -> Features:
    """Give the columns of a subset.

    Args:
        subset: any of the four.

    Returns:
        Column name to feature, in the order of `PicoBanana.to_arrow`.
    """
    from datasets import Features

    from pico_banana.rows.table.arrow import public_schema

    known = _features_by_name()
    return Features({name: known[name] for name in public_schema(subset).names})


def feature_table(dataset: RecordSequence[Any], wanted: Features | None = None) -> pa.Table:
    """Give all rows of a dataset as a table that `datasets` writes as it is.

    Args:
        dataset: the rows.
        wanted: features for the same columns; None for those of the subset.

    Returns:
        A table with the Arrow schema of these features, in one piece: `datasets` before 5 counts the rows of a resumed
        stream by chunks, and an empty first one makes it give a row twice.
    """
    import pyarrow as pa
    from datasets.table import table_cast

    schema = (wanted or features(dataset.subset)).arrow_schema
    if not len(dataset):  # a column without chunks has no type that table_cast could start from
        return schema.empty_table()
    table = dataset.to_arrow()
    # ClassLabel reads strings and integers, not dictionaries.
    plain = [pa.field(field.name, _plain(field.type)) for field in table.schema]
    labelled = table_cast(table.cast(pa.schema(plain)), features(dataset.subset).arrow_schema)
    return table_cast(labelled, schema).combine_chunks()


def tables_of(
    dataset: RecordSequence[Any], start: int, stop: int, wanted: Features | None = None, *, embed: bool
) -> Iterator[tuple[int, pa.Table]]:
    """Give the rows of one piece as tables.

    Args:
        dataset: all rows.
        start: the first row of the piece.
        stop: the row behind its last.
        wanted: see `feature_table`.
        embed: put the pictures' bytes in; the tables are then small.

    Yields:
        The place of a table's first row, and the table.
    """
    step = EMBEDDED_ROWS if embed else max(1, stop - start)
    for first in range(start, stop, step) if stop > start else (start,):
        table = feature_table(dataset[first : min(stop, first + step)], wanted)
        yield first, embedded(table) if embed else table


def shard_ranges(rows: int) -> list[tuple[int, int]]:
    """Part rows into pieces of nearly the same size.

    Args:
        rows: how many rows there are.

    Returns:
        (start, stop) of each piece, in order; at most `SHARDS`, and so few that each has some `LEAST_ROWS`. None is
        empty unless there are no rows at all.
    """
    pieces = min(SHARDS, -(-rows // LEAST_ROWS)) or 1
    bounds = [rows * piece // pieces for piece in range(pieces + 1)]
    return list(pairwise(bounds))


def _features_by_name() -> dict[str, Any]:
    from datasets import ClassLabel, Image, Value

    text = Value("string")
    kinds = ClassLabel(names=[str(kind) for kind in edit_types()])
    turn = {
        "instruction": text,
        "image": Image(),
        "inferred_edit_type": kinds,
        "inferred_confidence": Value("float32"),
    }
    return {
        "id": text,
        "source_image": Image(),
        "edited_image": Image(),
        "rejected_images": [Image()],
        "turns": [turn],  # a list of structs; `Sequence({...})` would be a struct of lists
        "instruction": text,
        "short_instruction": text,
        "clean_short_instruction": text,
        "edit_type": kinds,
        "category": ClassLabel(names=[str(group) for group in categories()]),
        "edit_type_label": text,
        "flags": [text],
        "source_url": text,
    }


def _plain(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind
