"""The Gemini protocol, `POST /v1beta/models/<model>:generateContent`, as far as a regeneration uses it.

Models of the third generation think: their replies count thoughts, and an edit's has draft pictures marked `thought`
before the final one, as the service's pages and its users describe.
"""

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
_TOKENS_OF_TEXT, _TOKENS_OF_THOUGHT = 120, 180


def answer_gemini(mind: Mind, content: dict[str, Any], request: str, *, model: str = "rehearsal") -> dict[str, Any]:
    """Answer a generateContent request.

    Args:
        mind: what the models say.
        content: the request's JSON.
        request: the hash of its content.
        model: the model asked for.

    Returns:
        The reply's JSON.
    """
    parts = [part for turn in content["contents"] for part in turn["parts"]]
    text = "\n".join(part["text"] for part in parts if "text" in part)
    pictures = tuple(from_base64(part["inlineData"]["data"]) for part in parts if "inlineData" in part)
    asked = content.get("generationConfig", {}).get("responseModalities", ["TEXT"])
    thinks = mind.thinks and model.startswith("gemini-3")
    if "IMAGE" in asked:
        reply = _edit(mind, text, pictures, request, drafts=thinks)
    else:
        reply = _candidate([{"text": mind.text(text, pictures, request)}])
    usage = _usage(reply, pictures=len(pictures), thinks=thinks)
    return {**reply, "usageMetadata": usage, "modelVersion": mind.answering(model), "responseId": request[:16]}


def _edit(mind: Mind, text: str, pictures: tuple[bytes, ...], request: str, *, drafts: bool) -> dict[str, Any]:
    thoughts = [_picture(mind.draft(pictures[0], request), thought=True)] if drafts else []
    names = ("refused", "no_image", "silent_no_image", "cut_off", "malformed_response")
    match mind.faults.first(names, request, mind.seed):
        case "refused":
            return _refusal(REFUSALS[int(draw(mind.seed, "which", request) * len(REFUSALS))], request, mind)
        case "no_image":
            return _candidate([], "NO_IMAGE")
        case "silent_no_image":
            return _candidate([*thoughts, {"text": "Here is your edited picture!"}])
        case "cut_off":
            return _candidate(thoughts, "MAX_TOKENS")
        case "malformed_response":
            return _candidate([], "MALFORMED_RESPONSE")
    final = _picture(mind.edited(pictures[0], text, request))
    if drafts:
        thoughts = [{"text": "I look at the light first.", "thought": True}, *thoughts]
        final["thoughtSignature"] = base64.b64encode(request.encode()).decode()
    return _candidate([*thoughts, {"text": "Done."}, final])


def _picture(data: bytes, *, thought: bool = False) -> dict[str, Any]:
    part = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()}}
    return {**part, "thought": True} if thought else part


def _refusal(reason: str, request: str, mind: Mind) -> dict[str, Any]:
    # A prompt can be blocked before there is any candidate; that too is a refusal.
    if draw(mind.seed, "blocked", request) < 0.25:  # noqa: PLR2004 - one in four
        return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
    return _candidate([], reason)


def _candidate(parts: list[dict[str, Any]], reason: str = "STOP") -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}]}


def _usage(reply: dict[str, Any], *, pictures: int, thinks: bool) -> dict[str, Any]:
    """Count as the service does: drafts are thoughts, and only the final picture is one of the answer."""
    parts = [part for candidate in reply.get("candidates", []) for part in candidate["content"]["parts"]]
    made = sum("inlineData" in part and "thought" not in part for part in parts)
    sent = {"TEXT": 200, "IMAGE": pictures * _TOKENS_A_PICTURE_IN}
    came = {"TEXT": 0 if made else _TOKENS_OF_TEXT, "IMAGE": made * _TOKENS_A_PICTURE_OUT}
    thought = {"thoughtsTokenCount": _TOKENS_OF_THOUGHT} if thinks else {}
    total = sum(sent.values()) + sum(came.values()) + sum(thought.values())
    return {
        "promptTokenCount": sum(sent.values()),
        "promptTokensDetails": _details(sent),
        "candidatesTokenCount": sum(came.values()),
        "candidatesTokensDetails": _details(came),
        **thought,
        "totalTokenCount": total,
    }


def _details(tokens: dict[str, int]) -> list[dict[str, Any]]:
    return [{"modality": name, "tokenCount": count} for name, count in tokens.items() if count]
