"""What lies in the cache of `datasets`: whether it is whole, and what is said when it cannot be written."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import PicoBananaError
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_INFO = "dataset_info.json"


def is_whole(folder: str | Path) -> bool:
    """Tell whether a cache folder holds all rows that its `dataset_info.json` promises.

    `datasets` itself looks only whether that file is there, and fails when the rows are read.

    Args:
        folder: where a builder wrote.

    Returns:
        False also when there is nothing.
    """
    folder = Path(folder)
    try:
        splits = read_note(folder / _INFO)["splits"]
        wanted = sum(int(split["num_examples"]) for split in splits.values())
    except (OSError, *ODD_SHAPE):
        return False
    # `map` and `filter` leave their results beside the rows.
    return rows_in(file for file in folder.glob("*.arrow") if not file.name.startswith("cache-")) == wanted


def rows_in(files: Iterable[Path]) -> int | None:
    """Count the rows of Arrow files; the files are mapped, and no row is read.

    Args:
        files: streams of record batches, as `datasets` writes them.

    Returns:
        The number; None when a file is cut short or no such file.
    """
    import pyarrow as pa

    found = 0
    for file in files:
        try:
            with pa.memory_map(str(file)) as mapped, pa.ipc.open_stream(mapped) as stream:
                found += sum(batch.num_rows for batch in stream)
        except (OSError, pa.ArrowException):
            return None
    return found


@contextmanager
def kept_in(place: str | Path) -> Iterator[None]:
    """Say what really went wrong where `datasets` only says that an error occurred.

    Args:
        place: the cache that is being written.

    Yields:
        Nothing.

    Raises:
        DatasetGenerationError: what went wrong is neither ours nor the operating system's.
        PicoBananaError: an error of ours that `datasets` wrapped.
        DiskFullError: there is no room.
        StoreError: the cache cannot be written.
        OSError: anything else that the operating system says.
    """
    from datasets.exceptions import DatasetGenerationError

    try:
        yield
    except (DatasetGenerationError, OSError) as error:
        cause = _cause(error)
        ours = translated(cause, Path(cause.filename or place)) if isinstance(cause, OSError) else cause
        if ours is None or ours is error:
            raise
        raise ours from (None if ours is cause else error)


def _cause(error: BaseException | None) -> PicoBananaError | OSError | None:
    while error is not None and not isinstance(error, (PicoBananaError, OSError)):
        error = error.__cause__ or error.__context__
    return error
