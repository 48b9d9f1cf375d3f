"""Bytes as people read them, the same everywhere: decimal units, as disks and networks are sold."""

from __future__ import annotations

_STEP = 1000


def readable(count: float) -> str:
    """Say a number of bytes.

    Args:
        count: bytes.

    Returns:
        E.g. "812 B", "1.2 MB", "1.25 TB"; one decimal, two from terabytes on.
    """
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < _STEP:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _STEP
    return f"{value:.2f} TB"
