"""What a `datasets` builder was asked for, as one value: which rows of which mirror, and where its cache lies.

`datasets` keeps what a builder made in `<cache>/<dataset>/<name>/<version>/<key>`. The *name* says what was asked for,
the *key* what that was made from: a changed argument changes the name, a changed rows file changes the key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import reduce
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pico_banana
from pico_banana.errors import ConfigError, SelectionError
from pico_banana.mirrors.addresses import RELEASE
from pico_banana.mirrors.catalog import Mirror, resolve_mirror
from pico_banana.rows.building.rowstore import OnBadRows, layout
from pico_banana.rows.choosing.selection import Selection
from pico_banana.rows.choosing.splits import parse_split
from pico_banana.rows.narrowing import joined
from pico_banana.rows.opening import Place, open_sequence
from pico_banana.rows.sequence import RecordSequence
from pico_banana.sharing.huggingface.features import LAYOUT

if TYPE_CHECKING:
    from pico_banana.records import Subset
    from pico_banana.rows.table.mapped import RowTable

ALL = ("train",)  # the release has no other split
OPTIONS = tuple(field.name for field in fields(Selection) if field.name not in {"subset", "split"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Rows for `datasets`.

    Attributes:
        selection: which rows; its split is left to `splits`.
        splits: the splits to make, each from the selection anew.
        mirror: where rows and pictures come from.
        rows: a rows file in place of the mirror's own, absolute.
        on_bad_rows: what to do with lines that are no rows.
        embed: the pictures' bytes take the place of their addresses.
    """

    selection: Selection
    splits: tuple[str, ...]
    mirror: Mirror
    rows: Path | None
    on_bad_rows: OnBadRows
    embed: bool = False

    @classmethod
    def of(
        cls,
        subset: str | Subset,
        *,
        splits: str | Iterable[str] = ALL,
        mirror: Place = None,
        rows: str | Path | None = None,
        on_bad_rows: OnBadRows = "error",
        embed: bool = False,
        **options: Any,  # noqa: ANN401 - checked by Selection.of
    ) -> Request:
        """Make a request from loosely written options.

        Args:
            subset: the subset's name.
            splits: names of splits; see `splits.parse_split`.
            mirror: see `load`.
            rows: see `load`.
            on_bad_rows: see `load`.
            embed: put the pictures' bytes in.
            **options: the parts of a Selection but `split`.

        Returns:
            The request, checked; nothing is read yet.

        Raises:
            UnknownNameError: a name or an option that does not exist.
            SelectionError: parts that contradict each other, or no such split.
            MirrorError: a folder that does not exist.
        """
        names = (splits,) if isinstance(splits, str) else tuple(dict.fromkeys(splits))
        for name in names:
            parse_split(name)
        if not names:
            raise SelectionError("splits=() asks for nothing; ('train',) is everything")
        file = Path(rows).expanduser().absolute() if rows is not None else None
        return cls(
            selection=Selection.of(subset, **options),
            splits=names,
            mirror=resolve_mirror(mirror),
            rows=file,
            on_bad_rows=on_bad_rows,
            embed=embed,
        )

    @property
    def name(self) -> str:
        """What was asked for: the subset for all of the release, else the subset and a digest."""
        plain = self.mirror.name == RELEASE and self.rows is None and self.splits == ALL and not self.embed
        if plain and not self.selection.parts():
            return self.selection.subset.value
        asked = json.dumps([self.selection.to_json(), self.splits, self.mirror.name, str(self.rows), *self._more()])
        return f"{self.selection.subset.value}-{sha256(asked.encode()).hexdigest()[:16]}"

    def key(self) -> str:
        """Name what the rows are made from: the content of the rows file, and the version of what makes columns of it.

        Returns:
            16 hexadecimal digits.

        Raises:
            MirrorError: the mirror is not there or has no such rows.
            RowError: a line is no row.
            TransportError: the rows could not be fetched this time.
        """
        return content_key(self._all().table, self.mirror, *self.splits, *self._more())

    def _more(self) -> tuple[str, ...]:
        return ("embedded",) if self.embed else ()

    def datasets(self) -> dict[str, RecordSequence[Any]]:
        """Open the rows.

        Returns:
            Each split's name to its rows.

        Raises:
            SelectionError: a split has no rows; `datasets` cannot read an empty one.
        """
        found = {}
        for split in self.splits:
            rows, wanted = self._all(), replace(self.selection, split=split)
            found[split] = rows.narrowed(wanted) if wanted.parts() else rows
            if not found[split]:
                raise SelectionError(f"nothing to load: no row of {self.mirror.root} fits {wanted}")
        return found

    def _all(self) -> RecordSequence[Any]:
        everything = Selection(subset=self.selection.subset)
        return open_sequence(
            RecordSequence, everything, mirror=self.mirror, rows=self.rows, on_bad_rows=self.on_bad_rows
        )


def content_key(table: RowTable, mirror: Mirror, *more: str | bytes) -> str:
    """Name what columns are made from: the content of the rows file, and the versions of what makes columns of it.

    Args:
        table: the row store.
        mirror: the mirror that addresses name.
        *more: whatever else makes a difference.

    Returns:
        16 hexadecimal digits.
    """
    # Local photos of a rows file are paths relative to its folder.
    parts = [table.sha256, str(table.source.parent), mirror.name, layout(), LAYOUT, pico_banana.__version__, *more]
    encoded = (part if isinstance(part, bytes) else part.encode() for part in parts)
    return sha256(b"".join(sha256(part).digest() for part in encoded)).hexdigest()[:16]


def reject_data_files(data_files: object) -> None:
    """Refuse an argument of `load_dataset` that would be ignored.

    Args:
        data_files: what was passed.

    Raises:
        ConfigError: it was passed.
    """
    if data_files:
        text = "data_files means nothing here; rows=FILE reads another rows file, mirror=FOLDER another mirror"
        raise ConfigError(text, key="data_files")


def splits_in(split: object) -> tuple[str, ...]:
    """Find the names of splits in what `load_dataset` takes as `split`.

    Args:
        split: a name, an expression such as "train_90_5_5[:10%]+test_90_5_5", a `ReadInstruction`, several of these in
            a list or a dict, or None.

    Returns:
        Each name once; none for None and for "all".
    """
    if split is None:
        return ()
    if isinstance(split, Mapping | list | tuple):
        parts = split.values() if isinstance(split, Mapping) else split
        return tuple(dict.fromkeys(name for part in parts for name in splits_in(part)))
    text = split.to_spec() if hasattr(split, "to_spec") else str(split)
    found = (re.match(r"[\s(]*(\w+)", term) for term in text.split("+"))
    return tuple(dict.fromkeys(match[1] for match in found if match is not None and match[1] != "all"))


def split_spec(split: object, known: Iterable[str]) -> str:
    """Write what `load_dataset` takes as one split as a text.

    Args:
        split: a name, an expression or a `ReadInstruction`.
        known: the splits there are, for "all".

    Returns:
        Such as "train[:10%]+test_90_5_5".
    """
    text = str(split.to_spec()) if hasattr(split, "to_spec") else str(split)
    return "+".join(known) if text == "all" else text


def sliced(spec: str, found: Mapping[str, RecordSequence[Any]]) -> RecordSequence[Any]:
    """Take the rows that an expression of `datasets` asks for.

    Args:
        spec: such as "train[:10%]".
        found: each split's name to its rows.

    Returns:
        The rows, part after part.

    Raises:
        SelectionError: it is no such expression, or it asks for rows there are not.
    """
    from datasets import ReadInstruction

    try:
        parts = ReadInstruction.from_spec(spec).to_absolute({name: len(rows) for name, rows in found.items()})
    except (ValueError, AssertionError) as error:
        text = (
            f"split={spec!r} cannot be read ({error}); write a name, 'train[:100]', 'train[10%:20%]', or a sum of them"
        )
        raise SelectionError(text) from error
    return reduce(joined, [found[part.splitname][part.from_ : part.to] for part in parts])
