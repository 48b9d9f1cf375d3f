"""What can be chosen about an export, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pico_banana.errors import ConfigError
from pico_banana.pictures.images.geometry import Geometry

Wording: TypeAlias = Literal["long", "short", "clean_short", "both"]
Codec: TypeAlias = Literal["keep", "png", "jpeg"]
_BEST_QUALITY = 100
_CHOICES: dict[str, tuple[str, ...]] = {
    "wording": ("long", "short", "clean_short", "both"),
    "codec": ("keep", "png", "jpeg"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """The choices of one export.

    Attributes:
        wording: which instruction trainers get; "both" gives every edit twice where it has a usable short one.
        geometry: what becomes of the pictures; "none" leaves their bytes as published.
        codec: "keep" the files' own, or re-encode source and edit alike as "png" or "jpeg", so that no model learns
            the edit from its codec.
        quality: of JPEG, 1 to 100.
        shard_rows: rows a shard, for the formats that have shards.
        workers: threads that read, decode and encode.
        checksums: write every file's SHA-256 into the manifest; reading them back costs time.
        split: the name of the split in formats that name one.
    """

    wording: Wording = "long"
    geometry: Geometry = field(default_factory=lambda: Geometry("none"))
    codec: Codec = "keep"
    quality: int = 95
    shard_rows: int = 512
    workers: int = 2
    checksums: bool = True
    split: str = "train"

    def __post_init__(self) -> None:
        """Check the choices.

        Raises:
            ConfigError: one is out of range.
        """
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                msg = f"{name}={getattr(self, name)!r} is none of {', '.join(allowed)}"
                raise ConfigError(msg, key=name)
        if min(self.shard_rows, self.workers, self.quality) < 1 or self.quality > _BEST_QUALITY:
            msg = "shard_rows and workers start at 1; quality goes from 1 to 100"
            raise ConfigError(msg, key="shard_rows")

    @property
    def keeps_bytes(self) -> bool:
        """Whether the pictures stay byte for byte as published."""
        return self.geometry.policy == "none" and self.codec == "keep"

    def to_dict(self) -> dict[str, Any]:
        """Give the choices that shape the files, fit for JSON."""
        shaping = ("wording", "codec", "quality", "shard_rows", "split")
        return {name: getattr(self, name) for name in shaping} | {"geometry": repr(self.geometry)}
