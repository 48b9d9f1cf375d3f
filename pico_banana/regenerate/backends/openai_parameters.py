"""What a request in the OpenAI protocol may hold beside its contents, tried against the SDK's own types.

The SDK checks nothing itself: a wrong name is a TypeError at the first call, a wrong value a 400 at the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_type_hints

from pico_banana.errors import ConfigError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

EDIT_THROUGH = "edit_through"
_WAYS = ("images", "chat")
# What the stages decide themselves.
_OURS = frozenset({"model", "messages", "image", "prompt", "seed", "n", "stream", "response_format", "user", "mask"})


def given_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is meant for us.

    Args:
        parameters: as configured.

    Returns:
        What is passed with every request.
    """
    return {name: value for name, value in parameters.items() if name != EDIT_THROUGH}


def edits_through_chat(parameters: Mapping[str, Any]) -> bool:
    """Say whether pictures are edited by chat, as OpenRouter does, and not at `/images/edits`.

    Args:
        parameters: as configured; `edit_through` is "images", which is usual, or "chat".

    Returns:
        True for chat.

    Raises:
        ConfigError: it is neither.
    """
    way = parameters.get(EDIT_THROUGH, _WAYS[0])
    if way not in _WAYS:
        key = f"parameters.{EDIT_THROUGH}"
        raise ConfigError(f"{key} is {way!r}; it must be one of {', '.join(_WAYS)}", key=key)
    return bool(way == "chat")


def check_parameters(parameters: Mapping[str, Any], *, picture: bool) -> None:
    """Try the parameters.

    Args:
        parameters: as configured.
        picture: whether the stage is the editor.

    Raises:
        ConfigError: the SDK has no such parameter, or another type of it; the text names it.
    """
    hints = _hints(images=picture and not edits_through_chat(parameters))
    for name, value in given_parameters(parameters).items():
        key = f"parameters.{name}"
        if name in _OURS:
            raise ConfigError(f"{key} is set by the stage itself; leave it out", key=key)
        if name in {"extra_body", "extra_headers", "extra_query"}:
            if not isinstance(value, dict):
                raise ConfigError(f"{key} must be a table", key=key)
        elif name not in hints:
            near = "".join(f"; did you mean {found!r}?" for found in nearest(name, hints, count=1))
            text = f"{key} is no parameter of the openai SDK{near} What only your own server knows goes in extra_body"
            raise ConfigError(text, key=key)
        else:
            _check_value(key, hints[name], value)


def _hints(*, images: bool) -> dict[str, Any]:
    if images:
        from openai.types.image_edit_params import ImageEditParamsNonStreaming

        return get_type_hints(ImageEditParamsNonStreaming)
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

    return get_type_hints(CompletionCreateParamsNonStreaming)


def _check_value(key: str, hint: Any, value: object) -> None:  # noqa: ANN401 - an annotation
    from pydantic import TypeAdapter, ValidationError

    if key == "parameters.modalities":
        return  # the SDK's type knows text and audio; hosts that edit through chat take pictures too
    try:
        TypeAdapter[object](hint).validate_python(value)
    except ValidationError as error:
        raise ConfigError(f"{key}: {error.errors()[0]['msg']}", key=key) from error
