"""Replies in the OpenAI protocol, read with suspicion: servers of many makers speak it, each a little differently."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pico_banana.errors import InterruptedTransferError, ModelReplyError
from pico_banana.regenerate.backends.pictures_in_replies import picture_from
from pico_banana.regenerate.values import Outcome, Reply, Usage, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai.types import ImagesResponse
    from openai.types.chat import ChatCompletion


_ECHOED = ("background", "output_format", "quality", "size")  # fields of an ImagesResponse that a request sets


def read_chat(reply: ChatCompletion, *, picture: bool = False, base_url: str = "") -> Reply:
    """Translate a chat reply; the SDK builds it without checking, so any field may be missing or of another type.

    Args:
        reply: as the SDK gives it.
        picture: whether a picture was asked for.
        base_url: where the service is, whose own addresses may be fetched.

    Returns:
        Our reply. Only "stop" is the end of a text: routers and servers end with "error", "abort" or nothing at all,
        and what came so far is half of one.
    """
    choices = reply.choices if isinstance(reply.choices, list) else []
    choice = choices[0] if choices else None
    message = getattr(choice, "message", None)
    finish = str(getattr(choice, "finish_reason", None) or "")
    refusal = getattr(message, "refusal", None)
    text = _text_of(getattr(message, "content", None))
    words = _pictures_of(message) if picture else []
    outcome = _chat_outcome(finish, refused=bool(refusal), found=bool(words if picture else text), wanted=picture)
    raw = reply.model_dump(exclude_none=True, warnings=False)
    raw_text = json.dumps(_without_pictures(raw), ensure_ascii=False, default=str)
    reason = str(refusal or finish)
    usage = _chat_usage(reply, made=int(outcome is Outcome.OK and picture))
    plain = Reply(outcome, text, None, usage, reason, str(reply.model or ""), "single", raw_text)
    return _with_picture(plain, words[-1], base_url) if words and outcome is Outcome.OK else plain


def _chat_outcome(finish: str, *, refused: bool, found: bool, wanted: bool) -> Outcome:
    if refused or finish == "content_filter":
        return Outcome.REFUSED
    if finish in {"length", "max_tokens"}:
        return Outcome.CUT_OFF
    if wanted and finish in {"stop", ""}:
        return Outcome.OK if found else Outcome.NO_PICTURE
    return Outcome.OK if found and finish == "stop" else Outcome.MALFORMED


def _text_of(content: object) -> str:
    """Read a message's content: a text, or a list of parts."""
    if isinstance(content, list):
        parts = [field_of(part, "text") for part in content if field_of(part, "type") in {"text", "output_text"}]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _pictures_of(message: object) -> list[str]:
    """Give the addresses of a message's pictures: those in `images`, as OpenRouter sends them, or in its content."""
    entries = [entry for name in ("content", "images") for entry in _list(field_of(message, name))]
    words = [field_of(field_of(entry, "image_url"), "url") or field_of(entry, "image_url") for entry in entries]
    return [word for word in words if isinstance(word, str)]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def field_of(value: object, name: str) -> object:
    """Read a field of an SDK's value or of a plain table.

    Args:
        value: either, or None.
        name: the field.

    Returns:
        What is there, or None.
    """
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _chat_usage(reply: ChatCompletion, *, made: int) -> Usage:
    used = reply.usage
    into, out = field_of(used, "prompt_tokens_details"), field_of(used, "completion_tokens_details")
    answer = counted(field_of(used, "completion_tokens"))
    of_pictures = field_of(out, "image_tokens")
    return Usage(
        counted(field_of(used, "prompt_tokens")),
        answer,
        made,
        counted(field_of(into, "image_tokens")),
        counted(field_of(into, "cached_tokens")),
        min(answer, counted(field_of(out, "reasoning_tokens"))),
        min(answer, (answer if made else 0) if of_pictures is None else counted(of_pictures)),
    )


def _without_pictures(document: Any) -> Any:  # noqa: ANN401 - JSON values
    """Leave long data: addresses out of a raw reply; the pictures are kept by their hash."""
    if isinstance(document, dict):
        return {name: _without_pictures(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_without_pictures(value) for value in document]
    is_data = isinstance(document, str) and document.startswith("data:")
    return f"{document[:32]}…" if is_data else document


def read_pictures(
    reply: ImagesResponse,
    *,
    base_url: str = "",
    asked: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Translate the reply of `/images/edits`: Base64, a data: address, or an address to fetch.

    Args:
        reply: as the SDK gives it.
        base_url: where the service is, whose own addresses may be fetched.
        asked: the parameters of the request.
        headers: what to keep of the answer's headers.

    Returns:
        Our reply. The protocol names no model here; what it does say, `size`, `quality` and such, is compared with what
        was asked for, and where it differs the model is "not told" with the difference, which no model asked for is.
    """
    entries = _list(reply.data)
    words = [field_of(entry, "b64_json") or field_of(entry, "url") for entry in entries]
    found = [word for word in words if isinstance(word, str)]
    used = reply.usage
    into, out = field_of(used, "input_tokens_details"), field_of(used, "output_tokens_details")
    answer, of_pictures = counted(field_of(used, "output_tokens")), field_of(out, "image_tokens")
    usage = Usage(
        counted(field_of(used, "input_tokens")),
        answer,
        int(bool(found)),
        counted(field_of(into, "image_tokens")),
        counted(field_of(into, "cached_tokens")),
        0,
        answer if of_pictures is None else min(answer, counted(of_pictures)),
    )
    told = reply.model_dump(exclude_none=True, exclude={"data"}, warnings=False)
    raw = json.dumps(told | ({"headers": dict(headers)} if headers else {}), default=str)
    model = _differing(asked or {}, reply)
    if not found:
        return Reply(Outcome.NO_PICTURE, "", None, usage, "no picture in the reply", model, raw=raw)
    return _with_picture(Reply(Outcome.OK, "", None, usage, model=model, raw=raw), found[-1], base_url)


def _differing(asked: Mapping[str, Any], reply: ImagesResponse) -> str:
    """Say in what a picture is not as it was asked for; empty where it is, or nobody tells."""
    told = {name: field_of(reply, name) for name in _ECHOED if asked.get(name) not in {None, "auto"}}
    other = [f"{name} {made} for {asked[name]}" for name, made in told.items() if made not in {None, asked[name]}]
    return f"not told ({', '.join(other)})" if other else ""


def _with_picture(reply: Reply, word: str, base_url: str) -> Reply:
    try:
        return replace(reply, picture=picture_from(word, base_url=base_url))
    except ModelReplyError as error:
        return replace(reply, outcome=Outcome.MALFORMED, reason=str(error))
    except InterruptedTransferError as error:
        # The call was paid for and its picture lies where nobody answers; asking again would be paid again.
        return replace(reply, outcome=Outcome.NO_PICTURE, reason=str(error))
