"""Bucket tables: the picture sizes that common editors were trained on, and the nearest of them to a given picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.records.decoding.header import Size

# SDXL's report (arXiv 2307.01952, appendix I) lists the 1024-pixel buckets; these are the ones its trainers use.
_SDXL = (
    *((1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216), (1344, 768), (768, 1344)),
    *((1536, 640), (640, 1536)),
)
# FLUX.1 Kontext's preferred resolutions, as in diffusers' FluxKontextPipeline.
_KONTEXT = (
    *((672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184), (944, 1104)),
    *((1024, 1024), (1104, 944), (1184, 880), (1248, 832), (1328, 800), (1392, 752), (1456, 720), (1504, 688)),
    (1568, 672),
)
# Qwen-Image's aspect ratios, as in its model card.
_QWEN = ((1328, 1328), (1664, 928), (928, 1664), (1472, 1104), (1104, 1472), (1584, 1056), (1056, 1584))
# Gemini 2.5 Flash Image's output sizes, which the edits of the release have.
_GEMINI = (
    *((1024, 1024), (832, 1248), (1248, 832), (864, 1184), (1184, 864), (896, 1152), (1152, 896)),
    *((768, 1344), (1344, 768), (1536, 672)),
)
TABLES: dict[str, tuple[Size, ...]] = {"sdxl": _SDXL, "kontext": _KONTEXT, "qwen": _QWEN, "gemini": _GEMINI}
_STEP = 16  # every listed editor's latents need sides divisible by 16


def bucket_table(buckets: str | Sequence[Size], size: Size | None = None) -> tuple[Size, ...]:
    """Find or check a bucket table.

    Args:
        buckets: "sdxl", "kontext", "qwen", "gemini", or (width, height) pairs.
        size: scale a named table to about this area, sides kept divisible by 16; None keeps it.

    Returns:
        The (width, height) pairs, without repeats.

    Raises:
        UnknownNameError: there is no such table.
        ConfigError: the list is empty, or a bucket has no area.
    """
    if not isinstance(buckets, str):
        table = tuple((int(width), int(height)) for width, height in buckets)
        if not table or min(min(pair) for pair in table) < 1:
            msg = "buckets must be at least one (width, height) pair of positive numbers"
            raise ConfigError(msg, key="buckets")
        return tuple(dict.fromkeys(table))
    table = _named(buckets)
    if size is None:
        return table
    scale = math.sqrt(size[0] * size[1] / (table[0][0] * table[0][1]))
    return tuple(dict.fromkeys((_stepped(width * scale), _stepped(height * scale)) for width, height in table))


def nearest_bucket(size: Size, table: Sequence[Size]) -> Size:
    """Find the bucket whose shape is nearest a picture's.

    Args:
        size: (width, height) of the picture.
        table: (width, height) pairs.

    Returns:
        The bucket of the nearest aspect ratio (compared as logarithms), the first of equals.
    """
    aspect = math.log(size[0] / size[1])
    return min(table, key=lambda bucket: abs(math.log(bucket[0] / bucket[1]) - aspect))


def _named(name: str) -> tuple[Size, ...]:
    if name not in TABLES:
        raise unknown_name("bucket table", name, TABLES)
    return TABLES[name]


def _stepped(side: float) -> int:
    return max(_STEP, round(side / _STEP) * _STEP)
