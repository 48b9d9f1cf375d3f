"""Who made something: a backend's model with its parameters, and the prompt it was asked with.

Where a model is served and how long its reply may be are not part of who it is: the same model on another host goes on
with the other one's work.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.values import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.backends.base import ModelSettings

_BYTES = 7  # fits SQLite's signed 64 bits, and no two of a few makers share it


def who(stage: Stage, settings: ModelSettings | None) -> int:
    """Name whoever a stage asks, whatever the prompt.

    Args:
        stage: the stage; both judges are of one kind, so that one may take the other's place.
        settings: the stage's settings, or None where there is nobody.

    Returns:
        A number that is never 0; 0 for nobody.
    """
    if settings is None:
        return 0
    return _number(_kind(stage), settings.backend, settings.model, _text(settings.parameters))


def maker_id(stage: Stage, settings: ModelSettings, prompt: str) -> int:
    """Name a maker: who, and asked how.

    Args:
        stage: the stage.
        settings: the stage's settings.
        prompt: the prompt's version.

    Returns:
        A number.
    """
    return _number(_kind(stage), settings.backend, settings.model, _text(settings.parameters), prompt)


def maker_row(stage: str, backend: str, model: str, parameters: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    """Give the row of a maker.

    Args:
        stage: the stage.
        backend: the backend's name.
        model: the model's name.
        parameters: what the backend was given beside the request.
        prompt: the prompt's version.

    Returns:
        Column to value, but for the sample.
    """
    named = {"kind": _kind(Stage(stage)), "backend": backend, "model": model, "parameters": _text(parameters)}
    return {"id": _number(*named.values(), prompt), "who": _number(*named.values()), **named, "prompt": prompt}


def _kind(stage: Stage) -> str:
    return str(Stage.JUDGE if stage is Stage.SECOND_JUDGE else stage)


def _text(parameters: Mapping[str, Any]) -> str:
    return json.dumps(dict(parameters), sort_keys=True, default=str)


def _number(*parts: str) -> int:
    text = "\x1f".join(parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:_BYTES], "big") or 1
