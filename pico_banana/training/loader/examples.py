"""What one training example is: rows become examples, and an example becomes pixels and text.

A single-turn row is one example. A preference row is one for each rejected edit (`rejected="each"`) or one in all. A
session is one (`turns="whole"`) or one for each turn, with the picture before, the picture after and the history.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, SupportsIndex, TypeAlias, runtime_checkable

from pico_banana.errors import ConfigError, PicoBananaError, missing_extra, unknown_name
from pico_banana.records.decoding.decode import BACKENDS, RESAMPLES, Backend, Resample
from pico_banana.records.decoding.fast import installed
from pico_banana.records.decoding.header import MAX_PIXELS, read_size
from pico_banana.records.wording import MADE_ANEW, NO_TEXTS, Texts, Wording, taken_texts
from pico_banana.training.loader.parts import MEASURED, Cut, Part, Rows, columns_of, cut_up
from pico_banana.training.loader.shaping import LocalPath, Shaping

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Hashable, Sequence

    from pico_banana.records.decoding.frames import Registrar
    from pico_banana.records.decoding.geometry import Geometry

Example: TypeAlias = dict[str, Any]


class Examples(Protocol):
    """What a loader draws from: rows with pictures elsewhere, or a pack.

    Attributes:
        name: says which examples these are; a state saved for others is refused.
    """

    @property
    def name(self) -> str:
        """What these examples are, as a short hash."""
        ...

    @property
    def batchable(self) -> bool:
        """Whether more than one example goes into a batch; not so where every row has a size of its own."""
        ...

    def __len__(self) -> int:
        """Count the examples."""
        ...

    def id(self, index: int) -> str:
        """Name one example."""
        ...

    def groups(self, workers: int) -> Sequence[Hashable] | None:
        """Say which examples may share a batch; None: all may."""
        ...

    def load(self, index: int) -> Example:
        """Read and decode one example."""
        ...


@runtime_checkable
class WholeBatches(Protocol):
    """Examples that are read straight into a batch, without a copy of each in between."""

    def load_batch(self, indices: Sequence[int]) -> Example:
        """Read examples of one group as a batch."""
        ...


@runtime_checkable
class LeavesOut(Protocol):
    """Examples that know which of their rows give none."""

    @property
    def left_out(self) -> dict[str, str]:
        """Why a row, or a part of one, gives no example, by id."""
        ...


def require_whole(**numbers: int) -> None:
    """Refuse what is no whole number, before it is compared with one.

    Args:
        **numbers: what a caller wrote, by keyword.

    Raises:
        ConfigError: one of them is a text, a fraction or a truth value.
    """
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, SupportsIndex):
            msg = f"{key}={value!r} is not a whole number"
            raise ConfigError(msg, key=key)


def require_known(kind: str, name: str, known: Sequence[str]) -> None:
    """Refuse a choice that does not exist.

    Args:
        kind: the keyword it is for.
        name: the choice.
        known: those that exist.

    Raises:
        unknown_name: it is none of them, an UnknownNameError.
    """
    if name not in known:
        raise unknown_name(kind, str(name), known)


@dataclass(frozen=True)
class RecordExamples:
    """Examples made from rows, their pictures decoded from files.

    Attributes:
        rows: the rows, e.g. a dataset.
        local_path: gives the file of an address, fetching it where it must.
        geometry: what becomes of the pictures.
        columns: which columns to give; empty for all. Pictures that are not named are not read.
        wording: which instruction.
        turns: a session as one example ("whole") or one a turn ("each").
        rejected: a preference row as one example a rejected edit ("each"), or only its "first".
        resample: the filter for resizing.
        backend: which decoders, see `decode`.
        background: what to put under transparent pixels; None drops the alpha channel.
        max_pixels: refuse larger pictures.
        made_anew: texts that were made anew, for the wordings that are.
    """

    rows: Rows
    local_path: LocalPath
    geometry: Geometry
    columns: tuple[str, ...] = ()
    wording: Wording = "long"
    turns: Literal["each", "whole"] = "each"
    rejected: Literal["each", "first"] = "each"
    resample: Resample = "bicubic"
    backend: Backend = "auto"
    background: tuple[int, int, int] | None = None
    max_pixels: int = MAX_PIXELS
    made_anew: Texts = NO_TEXTS

    def __post_init__(self) -> None:
        """Check that the choices fit each other.

        Raises:
            ConfigError: a whole session cannot keep every picture's own size: its pictures are one array.
            MissingExtraError: torch is to resize, and is not installed: another library would give other pixels.
        """
        require_known("turns", self.turns, ("each", "whole"))
        require_known("rejected", self.rejected, ("each", "first"))
        require_known("resample", self.resample, RESAMPLES)
        require_known("backend", self.backend, BACKENDS)
        if self.backend == "torch" and not installed("torch"):
            error = missing_extra("torch", "torch", "torch as backend or framework")
            raise error
        if self.turns == "whole" and self.geometry.policy == "none":
            msg = "a whole session is one array of pictures; choose a geometry other than 'none', e.g. 'match_source'"
            raise ConfigError(msg, key="geometry")

    @property
    def batchable(self) -> bool:
        """Whether more than one example goes into a batch: not under none and match_*, or when no picture is wanted."""
        pictures = {"source", "edited", "chosen", "rejected", "images"}
        shows_none = bool(self.columns) and not pictures & {*self.columns}
        return shows_none or self.geometry.policy in {"fit", "crop", "bucket"}

    @cached_property
    def _cut(self) -> Cut:
        return cut_up(self.rows, turns=self.turns, rejected=self.rejected)

    @property
    def parts(self) -> Sequence[Part]:
        """Which row, and which part of it, every example is."""
        return self._cut.parts

    @property
    def left_out(self) -> dict[str, str]:
        """Why a row, or a turn of a session, gives no example, by id."""
        return self._cut.left_out

    @cached_property
    def registrar(self) -> Registrar:
        """What finds the part that the pictures of a row share; it keeps what it has measured."""
        from pico_banana.records.decoding.frames import Registrar
        from pico_banana.records.reframing import told_to_reframe

        return Registrar(told_to_reframe(self.rows[row] for row in range(len(self.rows))))

    @cached_property
    def name(self) -> str:
        """What these examples are, as a short hash of the first, middle and last id and the choices made."""
        count = len(self)
        ids = [self.id(index) for index in sorted({0, count // 2, count - 1})] if count else []
        choices: tuple[object, ...] = (count, ids, self.geometry, self.wording, self.turns, self.rejected)
        choices += (self.made_anew.name,) if self.wording in MADE_ANEW else ()
        return hashlib.sha256(repr(choices).encode()).hexdigest()[:16]

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.parts)

    @cached_property
    def taken_texts(self) -> Counter[str]:
        """How many rows, or turns of sessions, take which text; see `records.wording.taken_texts`."""
        return taken_texts((self.rows[place] for place in range(len(self.rows))), self.wording, self.made_anew)

    def check_columns(self) -> None:
        """Refuse a column that these rows do not have, before anything is read.

        Raises:
            UnknownNameError: there is no such column.
        """
        known = columns_of(self.rows[0], turns=self.turns) if self.columns and len(self.rows) else ()
        known = (*known, *self._measured[1:]) if known else ()
        for column in self.columns if known else ():
            require_known("column", column, known)

    def id(self, index: int) -> str:
        """Name one example.

        Args:
            index: which.

        Returns:
            The row's id, followed by `#` and the part where a row gives several examples.
        """
        part = self.parts[index]
        return part.name(self.rows[part.row])

    def groups(self, workers: int) -> list[Hashable] | None:
        """Say which examples may share a batch: those whose arrays get the same shape.

        Args:
            workers: threads to read headers with, where the policy needs the pictures' sizes.

        Returns:
            A group for each example, None for one whose pictures cannot be read; None when all are alike.
        """
        if self.geometry.uniform is not None and not any(part.whole for part in self.parts[:1]):
            return None
        with ThreadPoolExecutor(max(1, workers)) as pool:
            return list(pool.map(self._group, range(len(self))))

    def load(self, index: int) -> Example:
        """Read and decode one example.

        Args:
            index: which.

        Returns:
            Its columns by name: pictures as uint8 arrays (height, width, 3), text as strings.

        Raises:
            UnknownNameError: a wanted column is none of this subset's.
            PictureError: a picture is missing or damaged.
            TransportError: a picture could not be fetched this time.
        """
        part = self.parts[index]
        record = self.rows[part.row]
        pictures, texts = part.pictures_of(record), part.texts_of(record, self.wording, self.made_anew)
        wanted = self._wanted([*texts, *part.columns, *self._measured])
        shown = {name: address for name, address in pictures.items() if part.column_of(name) in wanted}
        example: Example = {name: texts[name] for name in texts if name in wanted}
        if shown or wanted & {*self._measured}:
            example |= part.gathered(self._shaped(pictures, shown, wanted))
        return example

    @property
    def _measured(self) -> tuple[str, ...]:
        return MEASURED if self.geometry.registered else MEASURED[:1]

    def _wanted(self, known: Sequence[str]) -> frozenset[str]:
        for column in self.columns:
            if column not in known:
                raise unknown_name("column", column, known)
        return frozenset(self.columns or known) | {"id"}

    def _shaped(self, pictures: dict[str, str], shown: dict[str, str], wanted: frozenset[str]) -> Example:
        shaping = Shaping(self.local_path, self.geometry, self.resample, self.backend, self.background, self.max_pixels)
        if not self.geometry.registered:
            return shaping.planned(pictures, shown, change="aspect_change" in wanted)
        found = shaping.registered(pictures, shown, self.registrar)
        return {name: value for name, value in found.items() if name in shown or name in wanted}

    def _group(self, index: int) -> Hashable:
        part = self.parts[index]
        try:
            addresses = list(part.pictures_of(self.rows[part.row]).values())
            if self.geometry.uniform is not None:
                return part.pictures
            sizes = [read_size(self.local_path(address), max_pixels=self.max_pixels) for address in addresses[:2]]
        except (PicoBananaError, OSError):
            return None  # the loader meets the same error when it loads the example, and counts it
        return part.pictures, self.geometry.shape_of(sizes)
