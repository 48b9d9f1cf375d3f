"""What is asked of a model, in the one form that all services are asked in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.backends.base import (
    EditRequest,
    InventoryRequest,
    JudgeRequest,
    ShortenRequest,
    WriteRequest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.values import Picture

# A writer's reply; see `stages.parse_written`.
WRITTEN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "suitable": {"type": "boolean"},
        "why": {"type": "string"},
        "prompts": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["suitable", "why", "prompts"],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a model.

    Attributes:
        pictures: what it sees, in this order, before the text.
        prompt: the text.
        seed: for services that take one.
        schema: the JSON schema of the reply, or None for plain text.
        picture: whether a picture is wanted.
    """

    pictures: tuple[Picture, ...]
    prompt: str
    seed: int
    schema: Mapping[str, Any] | None = None
    picture: bool = False


def asked_of(request: InventoryRequest | WriteRequest | ShortenRequest | EditRequest | JudgeRequest) -> Asked:
    """Put a stage's request in the one form that services are asked in.

    Args:
        request: of any stage.

    Returns:
        The question; an edit to be judged is seen before the pictures it was made from.
    """
    match request:
        case InventoryRequest():
            return Asked((request.photo,), request.prompt, request.seed, schema=request.schema)
        case WriteRequest():
            return Asked((request.photo,), request.prompt, request.seed, schema=WRITTEN)
        case ShortenRequest():
            return Asked((), request.prompt, request.seed)
        case EditRequest():
            return Asked((request.photo,), request.prompt, request.seed, picture=True)
        case JudgeRequest():
            return Asked((request.edited, *request.inputs), request.prompt, request.seed, schema=request.schema)
