"""What was asked and answered, compressed: each call against the first one of its kind, whose prompt it shares."""

from __future__ import annotations

import json
import zlib
from typing import NamedTuple

_WINDOW = 32 << 10  # as far back as zlib looks
_LEVEL = 6


class Told(NamedTuple):
    """The long texts of a call.

    Attributes:
        inputs: everything that was asked, as JSON text.
        text: the text of the reply.
        raw: the reply as JSON text, pictures left out.
    """

    inputs: str
    text: str
    raw: str


def sample_of(told: Told) -> bytes:
    """Give what other calls of the same maker are compressed against.

    Args:
        told: the first call's texts.

    Returns:
        At most 32 KiB.
    """
    return _bytes(told)[:_WINDOW]


def pack(told: Told, sample: bytes) -> bytes:
    """Compress the texts of a call.

    Args:
        told: the texts.
        sample: what `sample_of` gave for the maker's first call.

    Returns:
        Bytes for `unpack`.
    """
    made = zlib.compressobj(_LEVEL, zdict=sample) if sample else zlib.compressobj(_LEVEL)
    return made.compress(_bytes(told)) + made.flush()


def unpack(packed: bytes, sample: bytes) -> Told:
    """Give the texts of a call.

    Args:
        packed: what `pack` gave.
        sample: the same sample.

    Returns:
        The texts.
    """
    read = zlib.decompressobj(zdict=sample) if sample else zlib.decompressobj()
    return Told(*json.loads(read.decompress(packed) + read.flush()))


def _bytes(told: Told) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()
