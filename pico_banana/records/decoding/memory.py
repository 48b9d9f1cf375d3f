"""Freed memory is kept for the next picture.

glibc gives a picture's buffers, some megabytes each, back to the system as soon as they are freed, and every page of
the next one has to be fetched and cleared again: seven of eight page faults of a loader, and a quarter of its CPU time
or more (docs/decisions.md).
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_KEPT_BYTES = 64 << 20  # free memory at the end of a heap beyond which it is given back
_MAPPED_BYTES = 32 << 20  # the most that glibc accepts
_SET_BY_THE_USER = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


@cache
def keep_freed_memory() -> bool:
    """Have this process keep freed memory, once; whoever has set glibc's variables is left alone.

    Returns:
        True when it was set; False for another C library, or where the user has set it.
    """
    if any(name in os.environ for name in _SET_BY_THE_USER):
        return False
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, musl, Windows
        return False
    return bool(set_option(_TRIM_THRESHOLD, _KEPT_BYTES)) and bool(set_option(_MMAP_THRESHOLD, _MAPPED_BYTES))
