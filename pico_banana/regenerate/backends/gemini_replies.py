"""Replies of the Gemini API: how they ended, their texts and pictures, what they used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pico_banana.regenerate.values import Outcome, Picture, Reply, Usage, counted

if TYPE_CHECKING:
    from google.genai import types

# Why a reply ended, by the service's words. What is in neither list and not STOP counts as malformed.
REFUSALS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "PROHIBITED_CONTENT",
        "BLOCKLIST",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "LANGUAGE",
        "MODEL_ARMOR",
        "JAILBREAK",
    }
)
NO_PICTURES = frozenset({"NO_IMAGE", "IMAGE_OTHER"})
_UNSAID = ("", "FINISH_REASON_UNSPECIFIED")


def read_reply(reply: types.GenerateContentResponse, *, picture: bool) -> Reply:
    """Translate the SDK's reply.

    Args:
        reply: as the SDK gives it.
        picture: whether a picture was asked for.

    Returns:
        Our reply; a picture that is not there is an outcome of its own, whatever the service says about it. The
        result is the last picture that is no thought: a model that thinks sends drafts before it, and a reply of drafts
        alone has no picture.
    """
    candidate = reply.candidates[0] if reply.candidates else None
    finish = _name(candidate.finish_reason) if candidate is not None else ""
    blocked = _name(reply.prompt_feedback.block_reason) if reply.prompt_feedback is not None else ""
    parts = (candidate.content.parts or []) if candidate is not None and candidate.content is not None else []
    texts = [part.text for part in parts if part.text and not part.thought]
    pictures = [found for part in parts if not part.thought and (found := _picture(part)) is not None]
    drafts = sum(1 for part in parts if part.thought and _picture(part) is not None)
    found = pictures[-1] if pictures and picture else None
    outcome = _outcome(finish, blocked, wanted=picture, found=found is not None if picture else bool(texts))
    reason = blocked or finish
    if outcome is Outcome.NO_PICTURE and drafts:
        reason = f"{reason}: only drafts came, {drafts} of them".removeprefix(": ")
    return Reply(
        outcome,
        "".join(texts),
        found if outcome is Outcome.OK else None,
        _usage(reply, made=int(found is not None), drafts=drafts),
        reason,
        reply.model_version or "",
        "single",
        _raw(reply),
    )


def _outcome(finish: str, blocked: str, *, wanted: bool, found: bool) -> Outcome:
    if blocked or finish in REFUSALS:
        return Outcome.REFUSED
    if finish == "MAX_TOKENS":
        return Outcome.CUT_OFF
    if finish in NO_PICTURES or (wanted and not found and finish in ("STOP", *_UNSAID)):
        return Outcome.NO_PICTURE
    if wanted and found and finish in _UNSAID:
        return Outcome.OK  # a whole picture is there and was paid for; a text without an end may be half of one
    return Outcome.OK if finish == "STOP" and found else Outcome.MALFORMED


def _picture(part: types.Part) -> Picture | None:
    """Give the picture of a part; other inline data, e.g. a voice, is none."""
    blob = part.inline_data
    if blob is None or not blob.data:
        return None
    said = (blob.mime_type or "").partition("/")[0]
    found = Picture.of(blob.data)
    return found if said == "image" or (not said and found.media_type.startswith("image/")) else None


def _usage(reply: types.GenerateContentResponse, *, made: int, drafts: int) -> Usage:
    used = reply.usage_metadata
    if used is None:
        return Usage(pictures=made, drafts=drafts)
    thought, answer = counted(used.thoughts_token_count), counted(used.candidates_token_count)
    of_pictures = _of_pictures(used.candidates_tokens_details)
    return Usage(
        counted(used.prompt_token_count) + counted(used.tool_use_prompt_token_count),
        answer + thought,
        made,
        _of_pictures(used.prompt_tokens_details) or 0,
        counted(used.cached_content_token_count),
        thought,
        # Where the service does not say what an answer with a picture is made of, all of it counts as picture.
        min(answer, (answer if made else 0) if of_pictures is None else of_pictures),
        drafts,
    )


def _of_pictures(details: list[types.ModalityTokenCount] | None) -> int | None:
    if not details:
        return None
    return sum(counted(entry.token_count) for entry in details if _name(entry.modality) == "IMAGE")


def _raw(reply: types.GenerateContentResponse) -> str:
    """Give the reply as JSON without the pictures, which are kept by their hash."""
    document = reply.model_dump(
        exclude_none=True,
        warnings=False,
        exclude={
            "sdk_http_response": True,
            "candidates": {"__all__": {"content": {"parts": {"__all__": {"inline_data", "thought_signature"}}}}},
        },
    )
    return json.dumps(document, ensure_ascii=False, default=str)


def _name(reason: object) -> str:
    return str(getattr(reason, "value", reason) or "")
