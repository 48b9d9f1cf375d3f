"""What can be chosen about an export, whatever its format."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pico_banana.errors import ConfigError
from pico_banana.records.decoding.geometry import Geometry
from pico_banana.records.decoding.geometry import geometry as make_geometry
from pico_banana.records.wording import WORDINGS
from pico_banana.records.wording import Wording as OneWording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.records.decoding.header import Size

Wording: TypeAlias = OneWording | Literal["both"]
Codec: TypeAlias = Literal["keep", "png", "jpeg"]
Exif: TypeAlias = Literal["upright", "keep"]
Match: TypeAlias = Literal["none", "size", "codec"]
_BEST_QUALITY = 100
_CHOICES: dict[str, tuple[str, ...]] = {
    "wording": ("both", *WORDINGS),
    "codec": ("keep", "png", "jpeg"),
    "exif": ("upright", "keep"),
    "match": ("none", "size", "codec"),
}
_SPLIT = re.compile(r"\w+(\.\w+)*", re.ASCII)  # what `datasets` takes as a split's name; it becomes part of file names


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """The choices of one export.

    Attributes:
        wording: which instruction trainers get; "both" gives every edit twice where it has a usable short
            one; "repaired", "recaptioned" and "translated" take the texts that were given with the rows.
        geometry: what becomes of the pictures; "none" leaves their bytes as published.
        codec: "keep" the files' own, or re-encode source and edit alike as "png" or "jpeg", so that no model learns
            the edit from its codec.
        quality: of JPEG, 1 to 100.
        exif: "upright" turns the pixels of a picture whose EXIF block says that it lies on its side, as PNG, because
            most trainers look at the pixels alone; "keep" leaves bytes and tag as published.
        shard_rows: rows a shard, for the formats that have shards.
        workers: threads that read, decode and encode.
        checksums: write every file's SHA-256 into the manifest.
        split: the name of the split in formats that name one; empty for that of the selection, else "train".
        links: make unchanged pictures read-only hard links to the store's files in place of copies.
        ascii: write nothing but ASCII into JSON and CSV, for readers that break lines at U+2028 and the like.
        verify: before anything of an earlier run counts, compare its content and not only its size.
        resolution: (width, height) in pixels that trainers with a configuration of their own are told to train at.
        control_resolution: the same for the source; None for that of `resolution`.
        match: what is made equal between the accepted and the rejected edits of a preference row, so that no model
            learns the difference: "codec" encodes them alike, "size" also crops them to one size; the source stays.
    """

    wording: Wording = "long"
    geometry: Geometry = field(default_factory=lambda: Geometry("none"))
    codec: Codec = "keep"
    quality: int = 95
    exif: Exif = "upright"
    shard_rows: int = 512
    workers: int = 2
    checksums: bool = True
    split: str = ""
    links: bool = False
    ascii: bool = False
    verify: bool = False
    resolution: Size | None = None
    control_resolution: Size | None = None
    match: Match = "none"

    def __post_init__(self) -> None:
        """Check the choices.

        Raises:
            ConfigError: one is out of range or none of those to choose from, or they contradict each other.
        """
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                msg = f"{name}={getattr(self, name)!r} is none of {', '.join(allowed)}"
                raise ConfigError(msg, key=name)
        if min(self.shard_rows, self.workers, self.quality) < 1 or self.quality > _BEST_QUALITY:
            msg = "shard_rows and workers start at 1; quality goes from 1 to 100"
            raise ConfigError(msg, key="shard_rows")
        if self.split and not _SPLIT.fullmatch(self.split):
            msg = f"split={self.split!r} cannot name a split; take letters, digits, underscores and dots, as in 'test'"
            raise ConfigError(msg, key="split")
        self._check_sizes()

    def _check_sizes(self) -> None:
        for name in ("resolution", "control_resolution"):
            size = getattr(self, name)
            if size is not None and min(size) < 1:
                msg = f"{name}={size} has no area; give (width, height) in pixels, as in (1024, 1024)"
                raise ConfigError(msg, key=name)
        if self.geometry.policy == "none" and self.geometry.size is not None:
            width, height = self.geometry.size
            msg = f"size {width} x {height} needs a geometry to be applied by: fit, crop, bucket or match_source"
            raise ConfigError(msg, key="size")
        if self.links and not self.keeps_bytes:
            msg = "links are for pictures that stay as published; leave out geometry, codec and match, or links"
            raise ConfigError(msg, key="links")

    @property
    def keeps_bytes(self) -> bool:
        """Whether pictures that lie upright stay byte for byte as published."""
        return self.keeps_source and self.match == "none"

    @property
    def keeps_source(self) -> bool:
        """Whether a source that lies upright does; `match` is for edits alone."""
        return self.geometry.policy == "none" and self.codec == "keep"

    def to_dict(self) -> dict[str, Any]:
        """Give the choices that shape the files, fit for JSON."""
        shaping = ("wording", "codec", "quality", "exif", "shard_rows", "split", "links", "ascii", "match")
        sizes = {name: getattr(self, name) for name in ("resolution", "control_resolution")}
        return {name: getattr(self, name) for name in shaping} | sizes | {"geometry": repr(self.geometry)}


def export_options(  # noqa: PLR0913  every keyword is one independent choice of the caller's
    *,
    wording: Wording = "long",
    geometry: str | Geometry = "none",
    size: int | Size | None = None,
    buckets: str | Sequence[Size] | None = None,
    codec: Codec = "keep",
    quality: int = 95,
    exif: Exif = "upright",
    shard_rows: int = 512,
    workers: int = 2,
    checksums: bool = True,
    split: str = "",
    links: bool = False,
    ascii: bool = False,  # noqa: A002 - the word users and the command line have for it
    verify: bool = False,
    resolution: int | Size | None = None,
    control_resolution: int | Size | None = None,
    match: Match = "none",
) -> ExportOptions:
    """Make the choices of an export from what a caller writes, where a geometry is a word and a square one number.

    Args:
        wording: see `ExportOptions`, as all that is not told here.
        geometry: a policy, or a finished Geometry.
        size: pixels of the geometry.
        buckets: of geometry "bucket"; None for "sdxl".
        codec: the codec.
        quality: of JPEG.
        exif: what becomes of a picture that lies on its side.
        shard_rows: rows a shard.
        workers: threads.
        checksums: whether the manifest has them.
        split: the split's name.
        links: whether unchanged pictures are links.
        ascii: whether JSON and CSV are.
        verify: whether content is compared.
        resolution: pixels to train at; one number is a square.
        control_resolution: the same for the source.
        match: what accepted and rejected edits are made equal in.

    Returns:
        The choices.

    Raises:
        UnknownNameError: there is no such geometry or bucket table.
        ConfigError: one is out of range, or they contradict each other.
    """
    shape = make_geometry(geometry, size=size, buckets="sdxl" if buckets is None else buckets)
    if buckets is not None and shape.policy != "bucket":
        msg = f"buckets are for geometry='bucket', not {shape.policy!r}"
        raise ConfigError(msg, key="buckets")
    return ExportOptions(
        wording=wording,
        geometry=shape,
        codec=codec,
        quality=quality,
        exif=exif,
        shard_rows=shard_rows,
        workers=workers,
        checksums=checksums,
        split=split,
        links=links,
        ascii=ascii,
        verify=verify,
        resolution=_pair(resolution),
        control_resolution=_pair(control_resolution),
        match=match,
    )


def _pair(size: int | Size | None) -> Size | None:
    return (size, size) if isinstance(size, int) else size
