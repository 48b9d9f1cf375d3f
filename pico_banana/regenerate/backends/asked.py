"""What is asked of a model, in the one form that all services are asked in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.regenerate.backends.base import (
    EditRequest,
    InventoryRequest,
    JudgeRequest,
    ShortenRequest,
    WriteRequest,
)
from pico_banana.regenerate.backends.texts import CaptionRequest, CompareRequest, TranslateRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.values import Picture

Request: TypeAlias = (
    InventoryRequest
    | WriteRequest
    | ShortenRequest
    | EditRequest
    | JudgeRequest
    | CaptionRequest
    | TranslateRequest
    | CompareRequest
)

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


def asked_of(request: Request) -> Asked:
    """Put a stage's request in the one form that services are asked in.

    Args:
        request: of any stage.

    Returns:
        The question; an edit is seen before the pictures it was made from.
    """
    schema = WRITTEN if isinstance(request, WriteRequest) else getattr(request, "schema", None)
    is_edit = isinstance(request, EditRequest)
    return Asked(_pictures(request), request.prompt, request.seed, schema=schema, picture=is_edit)


def _pictures(request: Request) -> tuple[Picture, ...]:
    match request:
        case InventoryRequest() | WriteRequest() | EditRequest():
            return (request.photo,)
        case ShortenRequest() | TranslateRequest():
            return ()
        case JudgeRequest():
            return (request.edited, *request.inputs)
        case CaptionRequest():
            return (request.edited, request.source)
        case CompareRequest():
            return request.pictures
