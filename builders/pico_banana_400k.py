"""The `datasets` builder of Pico-Banana-400K.

::

    import pico_banana
    pico_banana.load_dataset("multi_turn", split="train", turns=3)         # the documented way

    pico_banana.register()                                                  # the bare name, for stock load_dataset
    datasets.load_dataset("pico-banana-400k", "multi_turn", split="train", turns=3)

    # datasets 3.6 only: this file as a loading script. Later releases of datasets run no scripts; use the ways above.
    datasets.load_dataset("builders/pico_banana_400k.py", "multi_turn", trust_remote_code=True)

`datasets` patches `open` and the like in the module of a builder, so everything that reads or writes lies elsewhere.
"""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self

import datasets
from datasets.fingerprint import Hasher

from pico_banana.pictures.filesystem import expect
from pico_banana.pictures.jobs.needed import ROLES, row_pictures
from pico_banana.pictures.readahead import AHEAD
from pico_banana.records import Subset
from pico_banana.sharing.huggingface.features import LAYOUT, features, shard_ranges, tables_of
from pico_banana.sharing.huggingface.keeping import is_whole, kept_in
from pico_banana.sharing.huggingface.request import (
    ALL,
    OPTIONS,
    Request,
    reject_data_files,
    sliced,
    split_spec,
    splits_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa

    from pico_banana.rows.sequence import RecordSequence

_ABOUT = {
    Subset.SINGLE_TURN: "One edit a row: a photo, an instruction, the edited picture.",
    Subset.MULTI_TURN: "Sessions of 2 to 5 edits, each on the result of the one before.",
    Subset.PREFERENCE: "Edits with the attempts that were rejected before them.",
    Subset.INSTRUCTIONS: "The long and the short instruction of each single-turn edit; no pictures.",
}
_SOURCE = "A subset of Pico-Banana-400K; a picture is fetched when it is decoded."
_HOMEPAGE = "https://github.com/apple/pico-banana-400k"
_LICENCE = "CC BY-NC-ND 4.0; source photos (Open Images) CC BY 2.0 by their authors"


@dataclasses.dataclass(eq=False)
class PicoBananaConfig(datasets.BuilderConfig):  # type: ignore[misc]  # datasets has no types
    """One subset, and which rows of it.

    Attributes:
        mirror: a folder, an address, or "sample"; None for `PICO_BANANA_MIRROR`, else the release. `data_dir` means the
            same.
        rows: a rows file to read in place of the mirror's own.
        on_bad_rows: "error" raises for a line that is no row, "skip" leaves it out.
        splits: the splits to make; "train" is everything, "test_90_5_5" and the like part it by photo. Splits that
            `load_dataset(split=...)` names are made without being listed here.
        categories: only these categories; not for multi_turn.
        edit_types: only these edit types; not for multi_turn.
        inferred_edit_types: only sessions with a turn of one of these inferred types; only for multi_turn.
        min_confidence: how sure that inference must be, 0 to 1.
        turns: only sessions of so many turns; only for multi_turn.
        contains: only rows whose instruction contains each of these.
        regex: only rows whose instruction matches this (RE2 syntax).
        wording: where `contains` and `regex` look: "long", "short" or "any".
        has_flags: only rows with all of these flags.
        lacks_flags: only rows with none of these flags.
        ids: only the rows with these ids.
        exclude: leave out every row whose photo is in a benchmark: "benchmark", or a definition's file.
        shuffle: the seed of a random order.
        balance: the same number of rows for each "edit_type" or "category".
        limit: at most so many rows, in each split.
        embed: put the pictures' bytes in the place of their addresses, for readers without this package.
    """

    mirror: str | None = None
    rows: str | None = None
    on_bad_rows: Literal["error", "skip"] = "error"
    splits: str | Iterable[str] = ALL
    categories: str | Iterable[str] = ()
    edit_types: str | Iterable[str] = ()
    inferred_edit_types: str | Iterable[str] = ()
    min_confidence: float = 0.0
    turns: int | Iterable[int] = ()
    contains: str | Iterable[str] = ()
    regex: str | None = None
    wording: Literal["any", "long", "short"] = "any"
    has_flags: str | Iterable[str] = ()
    lacks_flags: str | Iterable[str] = ()
    ids: str | Iterable[str] | None = None
    exclude: str | None = None
    shuffle: int | None = None
    balance: Literal["edit_type", "category"] | None = None
    limit: int | None = None
    embed: bool = False

    def request(self) -> Request:
        """Read the options.

        Returns:
            What they ask for, checked.
        """
        reject_data_files(self.data_files)
        return Request.of(
            self.name,
            splits=self.splits,
            mirror=self.mirror or self.data_dir,
            rows=self.rows,
            on_bad_rows=self.on_bad_rows,
            embed=self.embed,
            **{option: getattr(self, option) for option in OPTIONS},
        )

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None) -> str:
        """Name this configuration in the cache; `datasets` calls this.

        Args:
            config_kwargs: what was passed; the fields say it too.
            custom_features: the `features` that were passed to `load_dataset`.

        Returns:
            The subset when nothing was chosen, else the subset and a digest of what was.
        """
        name = self.request().name
        if custom_features is None:
            return name
        return f"{name}-{Hasher.hash(custom_features)}"

    def __eq__(self, other: object) -> bool:
        """Compare by what is asked for; `datasets` refuses another configuration under a known name."""
        return isinstance(other, PicoBananaConfig) and self.request().name == other.request().name

    __hash__ = None  # type: ignore[assignment]  # its fields can be set


class PicoBanana400k(datasets.ArrowBasedBuilder):  # type: ignore[misc]  # datasets has no types
    """Makes Pico-Banana-400K into Arrow files with pictures as addresses, or streams it."""

    VERSION = datasets.Version(LAYOUT)
    BUILDER_CONFIG_CLASS = PicoBananaConfig
    BUILDER_CONFIGS = [  # noqa: RUF012 - as datasets declares it
        PicoBananaConfig(name=subset.value, version=datasets.Version(LAYOUT), description=text)
        for subset, text in _ABOUT.items()
    ]
    DEFAULT_CONFIG_NAME = Subset.SINGLE_TURN.value

    config_id: str
    _streams = False
    _part: str | None = None
    _again: Mapping[str, Any] = MappingProxyType({})

    def settle(self, name: str | None = None) -> None:
        """Point to the cache folder of exactly this content, fetching and parsing the rows if they are not here yet.

        A constructor should not do that, so the folder is known only from here on.

        Args:
            name: another name in the cache than that of the configuration.
        """
        self.config_id = name or self.config_id
        self.hash = self.config.request().key()
        self._cache_dir = self._output_dir = self._build_cache_dir()

    def download_and_prepare(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as datasets declares it
        """Write the splits to the cache, unless the same content is there already; see `datasets`.

        Args:
            *args: as `datasets` takes them.
            **options: as `datasets` takes them.
        """
        self._again = {name: options[name] for name in ("num_proc", "download_mode") if name in options}
        self.settle()
        if not is_whole(self.cache_dir) and Path(self.cache_dir).exists():  # `datasets` would take it as it is
            options["download_mode"] = "force_redownload"
        with kept_in(self.cache_dir):
            super().download_and_prepare(*args, **options)

    def as_dataset(self, split: Any = None, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as datasets declares it
        """Give what was prepared; splits by photo that were not are prepared now.

        Args:
            split: names or expressions, as `datasets` takes them, or None for all.
            *args: as `datasets` takes them.
            **options: as `datasets` takes them.

        Returns:
            A dataset, or several in the shape of `split`.
        """
        builder = self._making(split)
        if builder is not self:
            builder.download_and_prepare(**self._again)
        return super(PicoBanana400k, builder).as_dataset(split, *args, **options)

    def as_streaming_dataset(self, split: Any = None, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
        """Give the rows one after the other, made from the row store as they are asked for; nothing is written.

        Once a picture is decoded, those of the next rows are fetched in the background.

        Args:
            split: names or expressions, as `as_dataset` takes them, or None for all.
            *args: as `datasets` takes them.
            **options: as `datasets` takes them.

        Returns:
            An iterable dataset, or several in the shape of `split`.

        Raises:
            SelectionError: the expression is none, or asks for rows there are not.
        """
        if split is None:
            return super(PicoBanana400k, self._streaming(split)).as_streaming_dataset(None, *args, **options)
        if isinstance(split, dict):
            found = {name: self.as_streaming_dataset(part, *args, **options) for name, part in split.items()}
            return datasets.IterableDatasetDict(found)
        if isinstance(split, list | tuple):
            return [self.as_streaming_dataset(part, *args, **options) for part in split]
        builder = self._streaming(split)
        builder._part = split_spec(split, builder.config.request().splits)  # noqa: SLF001 - a copy of this very object
        return super(PicoBanana400k, builder).as_streaming_dataset(builder._part, *args, **options)  # noqa: SLF001

    def _streaming(self, split: object) -> Self:
        builder = copy.copy(self._making(split))
        builder._streams = True  # noqa: SLF001 - a copy of this very object
        return builder

    def _making(self, split: object) -> Self:
        """Give a builder that makes these splits: this one, or one like it."""
        names = splits_in(split)
        if set(names) <= set(self.config.request().splits):
            return self
        other = copy.copy(self)
        other.config = dataclasses.replace(self.config, splits=names)
        custom = self.info.features if self.info.features != self._info().features else None
        other.config_id = other.config.create_config_id({}, custom_features=custom)
        other.info = copy.copy(self.info)
        other.info.splits = None
        return other

    def _info(self) -> datasets.DatasetInfo:
        subset = self.config.request().selection.subset
        return datasets.DatasetInfo(
            description=f"{_ABOUT[subset]} {_SOURCE}", features=features(subset), homepage=_HOMEPAGE, license=_LICENCE
        )

    def _split_generators(self, dl_manager: object) -> list[datasets.SplitGenerator]:
        found = self.config.request().datasets()
        left_out = max(len(rows.bad_rows) for rows in found.values())
        if left_out:
            about = self._info().description
            self.info.description = f"{about} Left out of the rows file: {left_out} lines that are no rows."
        if self._part is not None:
            found = {self._part: sliced(self._part, found)}
        return [
            datasets.SplitGenerator(name, gen_kwargs={"rows": rows, "ranges": shard_ranges(len(rows))})
            for name, rows in found.items()
        ]

    # `ranges` is a list, so worker processes and nodes share it; `rows` travels as the place of the row store.
    def _generate_tables(
        self, rows: RecordSequence[Any], ranges: list[tuple[int, int]]
    ) -> Iterator[tuple[str, pa.Table]]:
        for start, stop in ranges:
            if self._streams:
                for role in ROLES:
                    expect([address for row in row_pictures(rows[start : stop + AHEAD], (role,)) for address in row])
            for first, table in tables_of(rows, start, stop, self.info.features, embed=self.config.embed):
                yield str(first), table
