"""How far an export is, on stderr: a bar on a terminal, a plain line now and then in a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

from pico_banana.cli.live import LiveLine
from pico_banana.mirrors.fetch.sizes import readable

if TYPE_CHECKING:
    from pico_banana.sharing.export import Progress

_MINUTE_S = 60


class ExportBar:
    """Shows the progress of an export, with its size and time as they are likely to be in the end."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._line = LiveLine()
        self._bar: Any = None  # tqdm has no types

    def __enter__(self) -> Self:
        """Use it in a with block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bar as it is, so that what comes next begins on a line of its own."""
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Show how far it is.

        Args:
            progress: the state by now.
        """
        if not sys.stderr.isatty():
            self._line.show(f"{progress.rows:,} of {progress.total:,} rows; {told(progress)}")
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=progress.total, unit="row", file=sys.stderr, dynamic_ncols=True, mininterval=0.2)
        self._bar.set_postfix_str(told(progress), refresh=False)
        self._bar.update(progress.rows - self._bar.n)


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
