"""A judge that is a Python function: `backend = "python"`, `model = "my_module:score"`.

    def score(before: PIL.Image.Image, after: PIL.Image.Image, instruction: str) -> float | Mapping[str, float]: ...

It is imported from where Python looks for modules, and from the current folder. What it returns is read by the rubric:
one number where the rubric has one criterion, else criterion to number. `parameters` are given to it as keywords.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.records.decoding.images import image_of
from pico_banana.regenerate.values import Outcome, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.regenerate.backends.base import JudgeRequest, ModelSettings


class Function:
    """Asks a function, one call at a time.

    Args:
        settings: the stage's settings.
        score: the function.
    """

    def __init__(self, settings: ModelSettings, score: Callable[..., Any]) -> None:
        """Keep the function."""
        self._settings, self._score = settings, score
        self._one_at_a_time = threading.Lock()

    def judge(self, request: JudgeRequest) -> Reply:
        """Score an edit.

        Args:
            request: the edit; its prompt and schema do not count.

        Returns:
            A number, or JSON after the rubric's criteria.
        """
        before, after = image_of(request.inputs[-1].data), image_of(request.edited.data)
        with self._one_at_a_time, redirect_stdout(sys.stderr):  # what it prints is no part of our --json
            found = self._score(before, after, request.instruction.text, **self._settings.parameters)
        named = {str(name): number(value) for name, value in found.items()} if isinstance(found, Mapping) else None
        text = json.dumps(number(found) if named is None else named)
        return Reply(Outcome.OK, text=text, model=self._settings.model)


def number(value: Any) -> float:  # noqa: ANN401 - a float, or what numpy and torch have for one
    """Make a plain number of what a function gave.

    Args:
        value: a number, or an array or tensor of one.

    Returns:
        The number.
    """
    return float(value)


def backend(settings: ModelSettings) -> Function:
    """Import the function.

    Args:
        settings: the stage's settings; `model` is "module:function".

    Returns:
        The backend.

    Raises:
        ConfigError: there is no such module or function.
    """
    module, _, name = settings.model.partition(":")
    if not module or not name:
        raise ConfigError(f"{settings.model!r} is no function; write module:function", key="model")
    if os.getcwd() not in sys.path:  # noqa: PTH109 - as Python itself writes it there
        sys.path.append(os.getcwd())  # noqa: PTH109
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        text = f"the function {settings.model} cannot be imported ({error}); it is looked for here and on PYTHONPATH"
        raise ConfigError(text, key="model") from error
    if not callable(found):
        raise ConfigError(f"{settings.model} is a {type(found).__name__}, no function", key="model")
    return Function(settings, found)
