"""What a publication consists of, as values that the card, Croissant, the check and the upload share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pico_banana.records import Subset
    from pico_banana.sharing.hub.licence import Terms
    from pico_banana.sharing.parquet.columns import Columns
    from pico_banana.sharing.parquet.layout import Form
    from pico_banana.sharing.parquet.pictures import Missing
    from pico_banana.sharing.parquet.run import Written

CARD, CROISSANT = "README.md", "croissant.json"


class Config:
    """Splits under one name, as the card and Croissant describe them.

    Attributes:
        columns: name and kind of each column.
        splits: the splits in order.
    """

    columns: Columns
    splits: tuple[Written, ...]

    @property
    def name(self) -> str:
        """The config's name."""
        raise NotImplementedError

    @property
    def rows(self) -> int:
        """Rows of all splits."""
        return sum(split.rows for split in self.splits)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(split.size for split in self.splits)

    @property
    def data_bytes(self) -> int:
        """Bytes of all rows in memory."""
        return sum(split.data_bytes for split in self.splits)

    @property
    def fingerprint(self) -> str:
        """Another content gives another one."""
        text = "".join(f"{split.split}{split.fingerprint}" for split in self.splits)
        return hashlib.sha256(text.encode()).hexdigest()

    def pattern(self, split: Written) -> str:
        """Give the pattern of a split's files.

        Args:
            split: one of `splits`.

        Returns:
            A glob that holds the number of files, so that files of an older upload are never mixed in.
        """
        return f"{self.name}/{split.split}-*-of-{len(split.shards):05d}.parquet"


@dataclass(frozen=True)
class SidecarConfig(Config):
    """A table of annotations as a config.

    Attributes:
        title: the config's name.
        columns: name and kind of each column.
        splits: the splits; one.
    """

    title: str
    columns: Columns
    splits: tuple[Written, ...]

    @property
    def name(self) -> str:
        """The config's name."""
        return self.title


@dataclass(frozen=True)
class PublishedConfig(Config):
    """One subset as a config of the repository.

    Attributes:
        subset: which of the four; its name is the config's.
        columns: name and kind of each column.
        splits: the splits in order.
        counts: rows of each edit type, most first; empty for sessions.
    """

    subset: Subset
    columns: Columns
    splits: tuple[Written, ...]
    counts: Mapping[str, int]

    @property
    def name(self) -> str:
        """The config's name."""
        return self.subset.value

    @property
    def missing(self) -> tuple[Missing, ...]:
        """The pictures whose cells are null."""
        return tuple(missing for split in self.splits for missing in split.missing)


@dataclass(frozen=True, slots=True)
class Example:
    """One row of the card's table.

    Attributes:
        instruction: what was asked.
        source: the photo's file in the repository.
        edited: the edit's file.
    """

    instruction: str
    source: str
    edited: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository's folder, written.

    Attributes:
        folder: where it lies.
        title: its name for people.
        form: with pictures or with addresses.
        terms: licences, and changes to the release.
        configs: the default one first.
        gated: whether the card asks visitors to agree to the terms first.
        examples: rows that the card shows.
        charts: files of charts that the card shows.
    """

    folder: Path
    title: str
    form: Form
    terms: Terms
    configs: tuple[PublishedConfig, ...]
    gated: bool = False
    examples: tuple[Example, ...] = ()
    charts: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all configs."""
        return sum(config.rows for config in self.configs)

    @property
    def size(self) -> int:
        """Bytes of all Parquet files."""
        return sum(config.size for config in self.configs)

    @property
    def missing(self) -> tuple[Missing, ...]:
        """The pictures whose cells are null."""
        return tuple(missing for config in self.configs for missing in config.missing)
