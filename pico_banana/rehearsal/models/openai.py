"""The OpenAI protocol, `POST /v1/chat/completions` and `/v1/images/edits`, as far as a regeneration uses it."""

from __future__ import annotations

import base64
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

from pico_banana.rehearsal.models.mind import Mind, from_base64

_TOKENS_A_PICTURE = 1056


def answer_openai(mind: Mind, path: str, content: dict[str, Any], request: str) -> tuple[int, dict[str, Any]]:
    """Answer a chat or image-edit request.

    Args:
        mind: what the models say.
        path: of the request.
        content: its JSON or form fields.
        request: the hash of its content.

    Returns:
        The HTTP status and the reply's JSON.
    """
    return _edit(mind, content, request) if path.endswith("/images/edits") else (200, _chat(mind, content, request))


def parse_form(body: bytes, content_type: str) -> dict[str, Any]:
    """Read a multipart form.

    Args:
        body: the request's body.
        content_type: its header, boundary included.

    Returns:
        Field to text; a file's content is Base64 text.
    """
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=HTTP)
    fields: dict[str, Any] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(data, bytes):
            continue
        is_file = part.get_filename() is not None
        fields[name] = base64.b64encode(data).decode() if is_file else data.decode()
    return fields


def _chat(mind: Mind, content: dict[str, Any], request: str) -> dict[str, Any]:
    text: list[str] = []
    pictures: list[bytes] = []
    for message in content["messages"]:
        said = message["content"]
        parts: list[dict[str, Any]] = [{"type": "text", "text": said}] if isinstance(said, str) else said
        for part in parts:
            if part["type"] == "text":
                text.append(part["text"])
            else:
                pictures.append(from_base64(part["image_url"]["url"].partition("base64,")[2]))
    refused = mind.faults.strikes("refused", request, mind.seed) and len(pictures) == 0
    reply: dict[str, Any] = {"role": "assistant", "content": ""}
    made = "image" in content.get("modalities", ["text"])
    if made:  # as OpenRouter sends pictures
        data = base64.b64encode(mind.edited(pictures[0], "\n".join(text), request)).decode()
        picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        reply |= {"content": "Done.", "images": [picture]}
    else:
        reply["content"] = mind.text("\n".join(text), tuple(pictures), request)
    if refused:
        reply = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    choice = {"index": 0, "message": reply, "finish_reason": "stop"}
    came = 60 + (_TOKENS_A_PICTURE if made else 0)
    sent = 200 + 258 * len(pictures)
    usage = {
        "prompt_tokens": sent,
        "completion_tokens": came,
        "total_tokens": sent + came,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "image_tokens": came - 60},
    }
    model = mind.answering(content.get("model", "rehearsal"))
    head = {"id": f"chatcmpl-{request[:12]}", "object": "chat.completion", "created": 0, "model": model}
    return {**head, "choices": [choice], "usage": usage}


def _edit(mind: Mind, content: dict[str, Any], request: str) -> tuple[int, dict[str, Any]]:
    if mind.faults.strikes("refused", request, mind.seed):
        error = {
            "message": "Your request was rejected by the safety system.",
            "type": "user_error",
            "code": "moderation_blocked",
        }
        return 400, {"error": error}
    usage = {
        "input_tokens": 460,
        "output_tokens": _TOKENS_A_PICTURE,
        "total_tokens": 460 + _TOKENS_A_PICTURE,
        "input_tokens_details": {"image_tokens": 400, "text_tokens": 60},
        "output_tokens_details": {"image_tokens": _TOKENS_A_PICTURE, "text_tokens": 0},
    }
    if mind.faults.strikes("silent_no_image", request, mind.seed):
        return 200, {"created": 0, "data": [], "usage": usage}
    picture = from_base64(content.get("image") or content["image[]"])
    data = base64.b64encode(mind.edited(picture, content["prompt"], request)).decode()
    return 200, {"created": 0, "data": [{"b64_json": data}], "usage": usage}
