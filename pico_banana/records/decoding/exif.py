"""The orientation in an EXIF block: only where every reader would find the same, or the best guess of a damaged one."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = 0x0112
_SHORT = 3
_LAST = 8
_TIFF_VERSION = 42
_HEAD_BYTES, _ENTRY_BYTES = 8, 12
# Bytes of one value by type, TIFF 6.0, section 2, and 13 (IFD); readers skip the others.
_UNITS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_INLINE = 4


def sure_orientation(exif: bytes) -> int | None:
    """Find the orientation where there is no doubt about it.

    Args:
        exif: a TIFF block, without the prefix of JPEG.

    Returns:
        1 to 8 for one SHORT in a directory that can be read to its end, 0 for a sound directory without the tag, None
        where readers may differ: other types or counts, tags twice, another version, values outside the block.
    """
    order = _byte_order(exif)
    if order is None or struct.unpack_from(order + "H", exif, 2)[0] != _TIFF_VERSION:
        return None
    found: list[int] = []
    entries = list(_entries(exif, order))
    if not entries or entries[-1] is None:
        return None
    for entry in entries:
        tag, kind, count, value = entry or (0, 0, 0, b"")
        size = count * _UNITS.get(kind, 0)
        if size > _INLINE and struct.unpack(order + "I", value)[0] + size > len(exif):
            return None
        if tag == _TAG:
            if (kind, count) != (_SHORT, 1):
                return None
            found.append(struct.unpack_from(order + "H", value)[0])
    if len(found) > 1:
        return None
    return (found[0] if 1 <= found[0] <= _LAST else 1) if found else 0


def likely_orientation(exif: bytes) -> int:
    """Find the orientation in a block that may be damaged.

    Args:
        exif: a TIFF block.

    Returns:
        1 to 8: the first such number under the tag, 1 where there is none.
    """
    order = _byte_order(exif)
    for entry in _entries(exif, order) if order else ():
        if entry is not None and entry[0] == _TAG and entry[1] == _SHORT:
            value = int(struct.unpack_from(order + "H", entry[3])[0]) if order else 1
            return value if 1 <= value <= _LAST else 1
    return 1


def _byte_order(exif: bytes) -> str | None:
    return {b"II": "<", b"MM": ">"}.get(exif[:2]) if len(exif) >= _HEAD_BYTES else None


def _entries(exif: bytes, order: str) -> Iterator[tuple[int, int, int, bytes] | None]:
    """Give the first directory's entries; None last where it is cut off or has no link to the next."""
    (start,) = struct.unpack_from(order + "I", exif, 4)
    if start < _HEAD_BYTES or start + 2 > len(exif):
        yield None
        return
    (count,) = struct.unpack_from(order + "H", exif, start)
    for position in range(start + 2, start + 2 + _ENTRY_BYTES * count, _ENTRY_BYTES):
        if position + _ENTRY_BYTES > len(exif):
            yield None
            return
        yield struct.unpack_from(order + "HHI4s", exif, position)
    if start + 2 + _ENTRY_BYTES * count + 4 > len(exif):
        yield None
