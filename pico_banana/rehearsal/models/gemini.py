"""The Gemini protocol, `POST /v1beta/models/<model>:generateContent`, as far as a regeneration uses it."""

from __future__ import annotations

import base64
from typing import Any

from pico_banana.rehearsal.models.faults import draw
from pico_banana.rehearsal.models.mind import Mind, from_base64

REFUSALS = (
    "SAFETY",
    "RECITATION",
    "PROHIBITED_CONTENT",
    "BLOCKLIST",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
)
_TOKENS_A_PICTURE_IN, _TOKENS_A_PICTURE_OUT = 258, 1290


def answer_gemini(mind: Mind, content: dict[str, Any], request: str) -> dict[str, Any]:
    """Answer a generateContent request.

    Args:
        mind: what the models say.
        content: the request's JSON.
        request: the hash of its content.

    Returns:
        The reply's JSON.
    """
    parts = [part for turn in content["contents"] for part in turn["parts"]]
    text = "\n".join(part["text"] for part in parts if "text" in part)
    pictures = tuple(from_base64(part["inlineData"]["data"]) for part in parts if "inlineData" in part)
    asked = content.get("generationConfig", {}).get("responseModalities", ["TEXT"])
    if "IMAGE" in asked:
        return _with_usage(_edit(mind, text, pictures, request), pictures=len(pictures), made=1)
    return _with_usage(_candidate([{"text": mind.text(text, pictures, request)}]), pictures=len(pictures), made=0)


def _edit(mind: Mind, text: str, pictures: tuple[bytes, ...], request: str) -> dict[str, Any]:
    names = ("refused", "no_image", "silent_no_image", "cut_off", "malformed_response")
    match mind.faults.first(names, request, mind.seed):
        case "refused":
            return _refusal(REFUSALS[int(draw(mind.seed, "which", request) * len(REFUSALS))], request, mind)
        case "no_image":
            return _candidate([], "NO_IMAGE")
        case "silent_no_image":
            return _candidate([{"text": "Here is your edited picture!"}])
        case "cut_off":
            return _candidate([], "MAX_TOKENS")
        case "malformed_response":
            return _candidate([], "MALFORMED_RESPONSE")
    data = base64.b64encode(mind.edited(pictures[0], text, request)).decode()
    return _candidate([{"text": "Done."}, {"inlineData": {"mimeType": "image/png", "data": data}}])


def _refusal(reason: str, request: str, mind: Mind) -> dict[str, Any]:
    # A prompt can be blocked before there is any candidate; that too is a refusal.
    if draw(mind.seed, "blocked", request) < 0.25:  # noqa: PLR2004 - one in four
        return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
    return _candidate([], reason)


def _candidate(parts: list[dict[str, Any]], reason: str = "STOP") -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}]}


def _with_usage(reply: dict[str, Any], *, pictures: int, made: int) -> dict[str, Any]:
    has_picture = any(
        "inlineData" in part
        for candidate in reply.get("candidates", [])
        for part in candidate.get("content", {}).get("parts", [])
    )
    sent = 200 + pictures * _TOKENS_A_PICTURE_IN
    came = _TOKENS_A_PICTURE_OUT if made and has_picture else 120
    usage = {"promptTokenCount": sent, "candidatesTokenCount": came, "totalTokenCount": sent + came}
    return {**reply, "usageMetadata": usage, "modelVersion": "rehearsal-gemini", "responseId": "rehearsal"}
