"""Who does the work of a run: one backend a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pico_banana.regenerate.backends.base import ImageEditor, InstructionWriter, Judge, Shortener, backend, require

if TYPE_CHECKING:
    from pico_banana.regenerate.settings.config import Config


@dataclass(frozen=True, slots=True)
class Staff:
    """Who does the work of a run.

    Attributes:
        writer: writes instructions.
        shortener: shortens them.
        editor: edits.
        judge: judges.
        second_judge: gives a second opinion, or None.
    """

    writer: InstructionWriter
    shortener: Shortener
    editor: ImageEditor
    judge: Judge
    second_judge: Judge | None = None


def hire(config: Config) -> Staff:
    """Make the backends a configuration names.

    Args:
        config: the run's configuration.

    Returns:
        Who does the work.

    Raises:
        UnknownNameError: a backend is not installed.
        MissingExtraError: a backend's package is not installed.
        ConfigError: a backend cannot do what its stage needs, or its settings do not fit.
    """
    second = None
    if config.second_judge is not None:
        second = cast("Judge", require(backend(config.second_judge), "judge", stage="second_judge"))
    return Staff(
        cast("InstructionWriter", require(backend(config.writer), "write", stage="writer")),
        cast("Shortener", require(backend(config.shortener), "shorten", stage="shortener")),
        cast("ImageEditor", require(backend(config.editor), "edit", stage="editor")),
        cast("Judge", require(backend(config.judge), "judge", stage="judge")),
        second,
    )


def connect(staff: Staff) -> None:
    """Have those who need a key fetch it now, so that a missing one is known before anything is asked.

    Args:
        staff: who will do the work.

    Raises:
        ConfigError: the environment has no key for one of them.
    """
    for one in _everyone(staff):
        make = getattr(one, "connect", None)
        if make is not None:
            make()


async def dismiss(staff: Staff) -> None:
    """Close the connections of those that have any.

    Args:
        staff: who did the work.
    """
    for one in _everyone(staff):
        close = getattr(one, "aclose", None)
        if close is not None:
            await close()


def _everyone(staff: Staff) -> tuple[object, ...]:
    return staff.writer, staff.shortener, staff.editor, staff.judge, staff.second_judge
