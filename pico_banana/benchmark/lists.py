"""Somebody's training list, as an entry for each row: plain lines, CSV, JSON, JSON Lines or Parquet."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import ODD_SHAPE, named_text, parse_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SEPARATORS = {".csv": ",", ".tsv": "\t"}


def read_list(path: Path) -> Iterator[str]:
    """Read a training list by the ending of its name.

    Args:
        path: `.csv` or `.tsv` with a row an entry; `.json` with a list, or an object of lists or of rows; of `.parquet`
            every column of text counts; anything else has an entry a line.

    Yields:
        An entry; those with several values are a line of JSON.

    Raises:
        ConfigError: the file cannot be read as what its name says.
    """
    ending = path.suffix.lower()
    try:
        if ending == ".parquet":
            yield from _of_parquet(path)
        elif ending == ".json":
            yield from _of_json(path)
        else:
            lines = io.StringIO(named_text(path, key="list"))
            separator = _SEPARATORS.get(ending)
            if separator is None:
                yield from lines
            else:
                yield from map(_line, csv.reader(lines, delimiter=separator))
    except (OSError, csv.Error, *ODD_SHAPE) as error:
        raise ConfigError(f"{path} cannot be read as a list of rows: {error}", key="list") from error


def _of_json(path: Path) -> Iterator[str]:
    told = parse_note(path.read_bytes())
    if isinstance(told, list):
        yield from map(_line, told)
        return
    for key, value in told.items():
        yield from map(_line, value if isinstance(value, list) else [[key, value]])


def _of_parquet(path: Path) -> Iterator[str]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        leaves = map(file.schema.column, range(len(file.schema)))
        texts = [leaf.path for leaf in leaves if leaf.logical_type.type == "STRING"]
        for batch in file.iter_batches(columns=texts) if texts else ():
            yield from map(_line, batch.to_pylist())


def _line(entry: Any) -> str:  # noqa: ANN401 - JSON values
    if isinstance(entry, list) and len(entry) == 1:
        return _line(entry[0])
    return entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)
