"""What the Hub's dataset viewer would make of a repository's folder, found out before anything is uploaded.

The rules are those of huggingface/dataset-viewer as of 2026: configs and splits from the card; a page of 100 rows scans
at most 300 MB; the first rows are cut at 200 kB of JSON but never below 10 rows; at most 1,000 columns, 30 splits.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.sharing.hub.manifest import MANIFEST, read_manifest, visible_files
from pico_banana.sharing.hub.published import CARD
from pico_banana.sharing.hub.viewer_card import CardConfig, CardSplit, Level, Problem, configs_of, files_of, read_card
from pico_banana.sharing.hub.viewer_rows import FirstRows, first_rows
from pico_banana.sharing.hub.viewer_statistics import ColumnStatistics, statistics
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE_ROWS = 100
PAGE_BYTES = 300_000_000
GROUP_BYTES = 100_000_000
MOST_COLUMNS, MOST_SPLITS = 1_000, 30
_DATA = {".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl", ".txt", ".gz", ".zst", ".zip", ".tar"}
_SPLIT_NAME = re.compile(r"^\w+(\.\w+)*$")


@dataclass(frozen=True, slots=True)
class SplitView:
    """One split as the viewer would show it.

    Attributes:
        config: the config's name.
        split: the split's name.
        rows: how many rows.
        size: bytes of its files.
        files: their paths.
        first: the first page.
        columns: statistics of each column, as the viewer would show them if it showed any.
    """

    config: str
    split: str
    rows: int
    size: int
    files: tuple[str, ...]
    first: FirstRows
    columns: tuple[ColumnStatistics, ...]

    @property
    def lost(self) -> str:
        """Why the viewer shows no statistics of this split at all; empty when it does."""
        return next((column.lost for column in self.columns if column.lost), "")


@dataclass(frozen=True, slots=True)
class ViewerReport(Carded):
    """What the viewer would show.

    Attributes:
        default: the config shown first, "" when there is none.
        splits: every split, in the viewer's order.
        problems: errors and warnings.
    """

    default: str
    splits: tuple[SplitView, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep something from being shown or loaded."""
        return tuple(problem for problem in self.problems if problem.level == "error")

    def as_dict(self) -> dict[str, Any]:
        """Give the report for `--json`.

        Returns:
            Plain values only.
        """
        return asdict(self)


def check_folder(folder: str | Path) -> ViewerReport:
    """Look at a repository's folder as the viewer would.

    Args:
        folder: it holds `README.md` and the files its YAML names.

    Returns:
        Every config and split, its first rows, statistics and problems.

    Raises:
        ConfigError: there is no card, or it has no YAML.
    """
    folder = Path(folder)
    configs, odd = configs_of(read_card(folder))
    problems = [*odd, *_config_problems(configs)]
    splits: list[SplitView] = []
    for config in configs:
        for split in config.splits:
            view, found = _view_split(folder, config, split)
            problems += found
            splits += [view] if view else []
    problems += _unnamed(folder, splits)
    default = next((config.name for config in configs if config.default), "")
    return ViewerReport(default, tuple(splits), tuple(problems))


def _unnamed(folder: Path, splits: Sequence[SplitView]) -> Iterator[Problem]:
    """Report files that neither a config nor our list of files names: readers of a whole folder would mix them in."""
    manifest = read_manifest(folder)
    named = {file for view in splits for file in view.files} | {CARD, MANIFEST}
    named |= set(manifest.files) if manifest else set()
    configs = {file.split("/", 1)[0] for view in splits for file in view.files if "/" in file}
    for file in visible_files(folder):
        if file in named:
            continue
        mixed = Path(file).suffix.lower() in _DATA and file.split("/", 1)[0] in configs
        what = "no config names this file; load_dataset with data_dir or data_files would mix it in" if mixed else ""
        yield Problem(
            "error" if mixed else "warning", file, what or "no config names this file, and no publication wrote it"
        )


def _config_problems(configs: Sequence[CardConfig]) -> Iterator[Problem]:
    defaults = [config for config in configs if config.default]
    if not configs:
        yield Problem("error", CARD, "no configs in the YAML: list them with config_name and data_files")
    if len(defaults) > 1:
        yield Problem("error", CARD, f"{len(defaults)} configs say default: true; one may")
    if configs and not defaults:
        yield Problem("warning", CARD, "no config says default: true; load_dataset will ask for a name")
    for config in configs:
        if len(config.splits) > MOST_SPLITS:
            text = f"{len(config.splits)} splits; the viewer shows at most {MOST_SPLITS}"
            yield Problem("error", config.name, text)
        for split in config.splits:
            if not _SPLIT_NAME.match(split.name):
                text = f"{split.name!r} is no split name: letters, digits, _ and . only"
                yield Problem("error", config.name, text)


def _view_split(folder: Path, config: CardConfig, split: CardSplit) -> tuple[SplitView | None, list[Problem]]:
    where = f"{config.name}/{split.name}"
    files = files_of(folder, split)
    if not files:
        return None, [Problem("error", where, f"no file fits {', '.join(split.patterns)}")]
    try:
        problems = list(_file_problems(files, where))
        rows, size = _count(files), sum(file.stat().st_size for file in files)
        problems += _info_problems(config, split.name, rows, files[0], where)
        names = tuple(file.relative_to(folder).as_posix() for file in files)
        first, alike = first_rows(files[0]), [file for file in files if _is_like(file, files[0])]
        view = SplitView(config.name, split.name, rows, size, names, first, statistics(alike))
    except Exception as error:  # noqa: BLE001 - of Arrow, and of what somebody's file holds in place of text
        return None, [Problem("error", where, f"not readable as Parquet: {error}")]
    return view, problems + [Problem("error", where, text) for text in first.remarks]


def _is_like(file: Path, first: Path) -> bool:
    import pyarrow.parquet as pq

    return bool(pq.read_schema(file).equals(pq.read_schema(first)))


def _count(files: Sequence[Path]) -> int:
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(file).num_rows for file in files)


def _file_problems(files: Sequence[Path], where: str) -> Iterator[Problem]:
    import pyarrow.parquet as pq

    first = pq.read_schema(files[0])
    if len(first.names) > MOST_COLUMNS:
        yield Problem("error", where, f"{len(first.names)} columns; the viewer shows at most {MOST_COLUMNS}")
    for file in files:
        if not _is_like(file, files[0]):
            yield Problem("error", where, f"{file.name} has other columns than {files[0].name}")
        yield from (Problem(level, where, f"{file.name}: {text}") for level, text in _group_problems(file))


def _group_problems(file: Path) -> Iterator[tuple[Level, str]]:
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(file)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    indexed = all(group.column(0).has_offset_index for group in groups)
    pages = [group.total_byte_size * (min(1, PAGE_ROWS / max(1, group.num_rows)) if indexed else 1) for group in groups]
    largest = max((group.total_byte_size for group in groups), default=0)
    if max(pages, default=0) > PAGE_BYTES:
        yield "error", f"a page of {PAGE_ROWS} rows reads {readable(max(pages))}; the viewer reads at most 300 MB"
    if largest > 2 * GROUP_BYTES:
        yield "warning", f"a row group of {readable(largest)}; about 100 MB is advised"
    if groups and not indexed:
        yield "warning", "no page index; the viewer then reads whole row groups"


def _info_problems(config: CardConfig, split: str, rows: int, file: Path, where: str) -> Iterator[Problem]:
    import pyarrow.parquet as pq

    if not config.described:
        yield Problem("warning", where, "no dataset_info in the YAML; datasets then cannot check what it loads")
        return
    if split not in config.rows:
        yield Problem("error", where, f"dataset_info lists no split {split}")
    elif config.rows[split] != rows:
        said = config.rows[split] if isinstance(config.rows[split], int) else "other"
        text = f"dataset_info says {said} rows, the files hold {rows}"
        yield Problem("error", where, f"{text}; load_dataset raises NonMatchingSplitsSizesError")
    names, there = list(config.columns), pq.read_schema(file).names
    if names and names != there:
        yield Problem("error", where, f"dataset_info lists columns {names}, the files hold {there}")
