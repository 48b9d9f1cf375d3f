"""Names that no file can have, or that another's folder has: the trouble of one picture, and not of all."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pico_banana.errors import PictureError, StoreError
from pico_banana.mirrors.fetch.partial import Partial

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ONE_NAME = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENOTDIR, errno.ELOOP}


def claimed(final: Path) -> Partial | StoreError | None:
    """Claim a file, where a name that no file can have is the trouble of this file alone.

    Args:
        final: where it belongs.

    Returns:
        The claim, None when somebody else has it, or why such a name (too long, impossible, a folder's, below another
        picture's) has no place.

    Raises:
        StoreError: no file can be written there.
    """
    try:
        return Partial.claim(final)
    except StoreError as error:
        if is_of_one_name(error):
            return error
        raise


def is_of_one_name(error: StoreError) -> bool:
    """Say whether a file could not be written for its name's sake, so that others can.

    Args:
        error: what `Partial` raised.

    Returns:
        True when it could not.
    """
    cause = error.__cause__
    return isinstance(cause, ValueError) or getattr(cause, "errno", 0) in _ONE_NAME


@contextmanager
def placing(address: str) -> Iterator[None]:
    """Make a name that has no place in the store the trouble of one picture.

    Args:
        address: the picture's.

    Yields:
        Nothing.

    Raises:
        PictureError: there is no place for a file of this name, though there is for others.
        StoreError: nothing can be written.
    """
    try:
        yield
    except StoreError as error:
        if not is_of_one_name(error):
            raise
        raise PictureError(f"{address}: has no place in the store ({error})", address=address) from error
