"""The live line of a run: items done, accepted, rejected and refused by type, spend, time left. On stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from pico_banana.regenerate.work.state import RunState

_BY_TYPE_EVERY = 10  # lines on something that is no terminal; a log is not flooded


class ProgressLine:
    """Shows a run's state as it changes.

    Args:
        stream: where to; a terminal is rewritten in place, anything else gets a line now and then.
    """

    def __init__(self, stream: TextIO) -> None:
        """Show nothing yet."""
        self._stream = stream
        self._shown = 0

    def __enter__(self) -> Self:
        """Use it in a with block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave the line."""
        if self._shown and self._stream.isatty():
            self._stream.write("\n")

    def show(self, state: RunState) -> None:
        """Show a state.

        Args:
            state: how far the run is.
        """
        self._shown += 1
        if self._stream.isatty():
            self._stream.write(f"\r\x1b[2K{progress_text(state)}")
        elif self._shown % _BY_TYPE_EVERY == 1:
            self._stream.write(f"{progress_text(state)}\n")
        self._stream.flush()


def progress_text(state: RunState) -> str:
    """Say how far a run is.

    Args:
        state: its state.

    Returns:
        One line.
    """
    left = "" if state.eta_s is None else f", about {_duration(state.eta_s)} left"
    ends = ", ".join(f"{count} {name}" for name, count in sorted(state.ended.items()))
    worst = _hardest(state)
    spent = "cost unknown" if state.unpriced else f"{state.spent_usd:.2f} USD"
    return (
        f"{state.done}/{state.total} items ({ends or 'none ended yet'}{worst}), {state.failed} failed, "
        f"{state.calls} calls + {state.replayed} replayed, {spent}{left}"
    )


def _hardest(state: RunState) -> str:
    """Name the type that loses most, once it is plain."""
    plain = 5
    lost = {
        kind: 1 - ends.get("accepted", 0) / sum(ends.values())
        for kind, ends in state.by_type.items()
        if sum(ends.values()) >= plain
    }
    if not lost or max(lost.values()) == 0:
        return ""
    kind = max(lost, key=lambda name: lost[name])
    return f"; {kind} loses {lost[kind]:.0%}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
