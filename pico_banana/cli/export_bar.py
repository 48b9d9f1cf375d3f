"""How far an export or a publication is, on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.cli.bar import Bar
from pico_banana.mirrors.fetch.sizes import readable

if TYPE_CHECKING:
    from pico_banana.sharing.export import Progress

_MINUTE_S = 60


class ExportBar(Bar):
    """Shows the progress, with its size and time as they are likely to be in the end."""

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__("row")

    def show(self, progress: Progress) -> None:
        """Show how far it is.

        Args:
            progress: the state by now.
        """
        self.at(progress.rows, progress.total, told(progress))


def told(progress: Progress) -> str:
    """Say how much is written and how much there will be.

    Args:
        progress: the state by now.

    Returns:
        Such as "1.2 GB of about 38.0 GB, about 12 min left".
    """
    left = progress.seconds_left
    time = f"{left / _MINUTE_S:.0f} min" if left >= _MINUTE_S else f"{left:.0f} s"
    lost = f", {progress.left_out:,} left out" if progress.left_out else ""
    return f"{readable(progress.size)} of about {readable(progress.expected_size)}, about {time} left{lost}"
