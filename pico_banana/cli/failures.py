"""What could not be done, on stderr: the first few by name, each with its reason."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 5


def tell_failures(what: str, failed: Mapping[str, str]) -> None:
    """Name the first few failures; all of them are in what a command prints or writes.

    Args:
        what: what became of them, such as "left out".
        failed: the reasons by name.
    """
    for name, reason in list(failed.items())[:_SHOWN]:
        sys.stderr.write(f"{what} {name}: {reason}\n")
