"""How far something is, on stderr: a bar on a terminal, a plain line now and then in a file."""

from __future__ import annotations

import sys
from typing import Any, Self

from pico_banana.cli.live import LiveLine


class Bar:
    """A bar; a context manager.

    Args:
        unit: what is counted, in the singular.
    """

    def __init__(self, unit: str) -> None:
        """Show nothing yet."""
        self._line = LiveLine()
        self._unit = unit
        self._bar: Any = None  # tqdm has no types

    def __enter__(self) -> Self:
        """Use it in a with block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bar as it is, so that what comes next begins on a line of its own."""
        if self._bar is not None:
            self._bar.close()

    def at(self, done: int, total: int, text: str) -> None:
        """Show how far it is.

        Args:
            done: how many are done.
            total: of how many.
            text: what else there is to say.
        """
        if not sys.stderr.isatty():
            self._line.show(f"{done:,} of {total:,} {self._unit}s; {text}")
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit=self._unit, file=sys.stderr, dynamic_ncols=True, mininterval=0.2)
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(done - self._bar.n)
