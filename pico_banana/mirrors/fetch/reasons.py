"""One word for what a failed item ended with, by the class of its error."""

from __future__ import annotations

from pico_banana.errors import (
    ConfigError,
    DiskFullError,
    GoneError,
    InterruptedTransferError,
    PictureCorruptError,
    PictureMissingError,
    RequestRefusedError,
    RowError,
    ServerError,
    ThrottledError,
)

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (GoneError, "gone"),
    (PictureMissingError, "gone"),
    (PictureCorruptError, "corrupt"),
    (ThrottledError, "throttled"),
    (ServerError, "server"),
    (InterruptedTransferError, "network"),
    (RequestRefusedError, "refused"),
    (DiskFullError, "disk_full"),
    (RowError, "bad_row"),
    (ConfigError, "no_address"),
)


def reason_of(error: Exception) -> str:
    """Name the reason of a failure.

    Args:
        error: what it ended with.

    Returns:
        One word: gone, corrupt, throttled, server, network, refused, disk_full, bad_row, no_address or other.
    """
    return next((name for kind, name in _REASONS if isinstance(error, kind)), "other")
