"""What a request to Gemini may hold beside its contents: the configuration's parameters as the SDK's own types.

The SDK's types refuse unknown names and impossible values, so building a request is the check, before anything is paid.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from google.genai import types

    from pico_banana.regenerate.backends.asked import Asked
    from pico_banana.regenerate.backends.base import ModelSettings

_SHAPE = ("aspect_ratio", "image_size", "person_generation")
_THINKING = ("thinking_level", "thinking_budget", "include_thoughts")
# What the stages decide themselves.
_OURS = frozenset(
    {
        "automatic_function_calling",
        "candidate_count",
        "http_options",
        "image_config",
        "max_output_tokens",
        "response_json_schema",
        "response_mime_type",
        "response_modalities",
        "response_schema",
        "seed",
        "should_return_http_response",
        "thinking_config",
        "tools",
    }
)


def request_config(settings: ModelSettings, asked: Asked) -> types.GenerateContentConfig:
    """Build the configuration of one request.

    Args:
        settings: the stage's settings; `parameters` may hold `thinking_level`, `thinking_budget`, `aspect_ratio`,
            `image_size`, `safety_settings` (category to threshold) and any other field of `GenerateContentConfig`.
        asked: the question.

    Returns:
        The SDK's value.

    Raises:
        ConfigError: a parameter has a name or value the SDK does not know; the text names it.
    """
    from google.genai import types

    given = dict(settings.parameters)
    if ours := sorted(_OURS & given.keys()):
        text = f"parameters.{ours[0]} is set by the stage itself; leave it out"
        raise ConfigError(text, key=f"parameters.{ours[0]}")
    shape = {name: given.pop(name) for name in _SHAPE if name in given}
    thinking = {name: given.pop(name) for name in _THINKING if name in given}
    if isinstance(given.get("safety_settings"), dict):
        given["safety_settings"] = _safety(given["safety_settings"])
    if thinking:
        given["thinking_config"] = thinking
    if shape and not asked.picture:
        name = next(iter(shape))
        raise ConfigError(f"parameters.{name} is of pictures; only the editor makes any", key=f"parameters.{name}")
    if asked.schema is not None:
        given |= {"response_mime_type": "application/json", "response_json_schema": dict(asked.schema)}
    if asked.picture:
        given |= {"response_modalities": ["TEXT", "IMAGE"], **({"image_config": shape} if shape else {})}
    given |= {"seed": asked.seed, "max_output_tokens": settings.max_output_tokens}
    given["automatic_function_calling"] = {"disable": True}
    return _validated(types.GenerateContentConfig, given)


def check_parameters(settings: ModelSettings, asked: Asked) -> None:
    """Try the parameters, so that a wrong one is known before anything is paid.

    Args:
        settings: the stage's settings.
        asked: a question like those to come.

    Raises:
        ConfigError: one does not fit.
    """
    config = request_config(settings, asked)
    level = config.thinking_config.thinking_level if config.thinking_config is not None else None
    if level is not None and config.thinking_config is not None and config.thinking_config.thinking_budget is not None:
        text = "parameters.thinking_level and parameters.thinking_budget exclude each other; 3.x models take the level"
        raise ConfigError(text, key="parameters.thinking_budget")


def _safety(table: dict[str, Any]) -> list[dict[str, Any]]:
    # `harassment = "BLOCK_NONE"` reads better in a configuration than the service's full names.
    prefix = "HARM_CATEGORY_"
    return [
        {"category": name if name.upper().startswith(prefix) else f"{prefix}{name.upper()}", "threshold": threshold}
        for name, threshold in table.items()
    ]


def _validated(kind: type[types.GenerateContentConfig], given: dict[str, Any]) -> types.GenerateContentConfig:
    from pydantic import ValidationError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an unknown word of an enumeration only warns
            return kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        key = f"parameters.{where}"
        raise ConfigError(f"{key}: {first['msg']}; see GenerateContentConfig of google-genai", key=key) from error
    except Warning as warning:
        raise ConfigError(f"parameters: {warning}", key="parameters") from warning
