"""Who does the work of a run: one backend a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pico_banana.errors import ConfigError
from pico_banana.regenerate.backends.base import (
    ImageEditor,
    InstructionWriter,
    Judge,
    PhotoReader,
    Shortener,
    backend,
    require,
)
from pico_banana.regenerate.backends.batching import Batching

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.regenerate.settings.config import Config


# The configuration's table of each stage, and the method its backend needs.
STAGES = {"writer": "write", "shortener": "shorten", "editor": "edit", "judge": "judge"}
_METHODS = {**STAGES, "second_judge": "judge", "inventory": "inventory"}


@dataclass(frozen=True, slots=True)
class Staff:
    """Who does the work of a run.

    Attributes:
        writer: writes instructions.
        shortener: shortens them.
        editor: edits.
        judge: judges.
        second_judge: gives a second opinion, or None.
        inventory: looks at each photo once, or None.
    """

    writer: InstructionWriter
    shortener: Shortener
    editor: ImageEditor
    judge: Judge
    second_judge: Judge | None = None
    inventory: PhotoReader | None = None


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
    reader = None
    if config.inventory is not None:
        reader = cast("PhotoReader", require(backend(config.inventory), "inventory", stage="inventory"))
    return Staff(
        cast("InstructionWriter", require(backend(config.writer), "write", stage="writer")),
        cast("Shortener", require(backend(config.shortener), "shorten", stage="shortener")),
        cast("ImageEditor", require(backend(config.editor), "edit", stage="editor")),
        cast("Judge", require(backend(config.judge), "judge", stage="judge")),
        second,
        reader,
    )


def batching(staff: Staff) -> dict[str, Batching]:
    """Name those who take batches.

    Args:
        staff: who does the work.

    Returns:
        How each takes them, by the stage's table.
    """
    named = zip((*STAGES, "second_judge", "inventory"), _everyone(staff), strict=True)
    found = {table: getattr(one, "batches", None) for table, one in named}
    return {table: one for table, one in found.items() if isinstance(one, Batching)}


def connect(staff: Staff) -> None:
    """Have those who need a key fetch it now, and try their parameters, so that nothing wrong is found out by paying.

    Args:
        staff: who will do the work.

    Raises:
        ConfigError: the environment has no key for one of them, or a parameter does not fit; the text names it.
    """
    stages = dict(zip((*STAGES, "second_judge", "inventory"), _everyone(staff), strict=True))
    for stage, one in stages.items():
        for name, words in (("connect", ()), ("check", (_METHODS[stage],))):
            method = getattr(one, name, None)
            if method is not None:
                _in_stage(stage, method, words)


def _in_stage(stage: str, method: Callable[..., object], words: tuple[str, ...]) -> None:
    try:
        method(*words)
    except ConfigError as error:
        raise ConfigError(f"[{stage}] {error}", key=f"{stage}.{error.key}" if error.key else stage) from error


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
    return staff.writer, staff.shortener, staff.editor, staff.judge, staff.second_judge, staff.inventory
