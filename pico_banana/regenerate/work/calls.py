"""One request to a model: what it is for, what its reply depends on, and how it is recorded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.backends.base import answered
from pico_banana.regenerate.values import Reply, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pico_banana.regenerate.backends.base import MaybeAwaitable, ModelSettings

TABLE_OF_STAGE = {
    Stage.INVENTORY: "inventory",
    Stage.WRITE: "writer",
    Stage.SHORTEN: "shortener",
    Stage.EDIT: "editor",
    Stage.JUDGE: "judge",
    Stage.SECOND_JUDGE: "second_judge",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a model, and what it is for.

    Attributes:
        stage: what it is for.
        item: the item's id.
        turn: from 1.
        attempt: from 1; 0 for instructions.
        prompt_version: the prompt file's name and hash.
        asked: everything the reply depends on, as JSON values: text, hashes of pictures, seed.
        method: of the backend.
        request: what it is given.
    """

    stage: Stage
    item: int
    turn: int
    attempt: int
    prompt_version: str
    asked: Mapping[str, Any]
    method: Callable[[Any], MaybeAwaitable] = field(repr=False)
    request: Any = field(repr=False)

    async def send(self) -> Reply:
        """Make the request."""
        return await answered(self.method, self.request)

    def key(self, settings: ModelSettings) -> str:
        """Hash everything a reply depends on.

        Args:
            settings: the stage's.

        Returns:
            The SHA-256, hexadecimal.
        """
        document = {
            "stage": self.stage,
            "backend": settings.backend,
            "model": settings.model,
            "parameters": settings.parameters,
            "max_output_tokens": settings.max_output_tokens,
            "prompt": self.prompt_version,
            **self.asked,
        }
        return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()


def what_was_asked(call: Call, settings: ModelSettings) -> dict[str, Any]:
    """Give the columns of a call that hold what was asked, and of whom."""
    parameters = {**settings.parameters, "max_output_tokens": settings.max_output_tokens}
    return {
        "stage": call.stage,
        "item": call.item,
        "turn": call.turn,
        "attempt": call.attempt,
        "backend": settings.backend,
        "model": settings.model,
        "prompt": call.prompt_version,
        "parameters": json.dumps(parameters, sort_keys=True),
        "inputs": json.dumps(call.asked, sort_keys=True, default=str),
    }
