"""What the rehearsed models say: instructions, short forms, edits that differ, scores that pass as often as configured.

An instruction the writer made carries its edit type in the text, so that the judge, who sees only the text, knows with
what rate an edit of this type succeeds. Every choice is drawn from the content of the request.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import struct
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from pico_banana.rehearsal.models.faults import ModelFaults, draw
from pico_banana.rehearsal.models.texts import about_texts
from pico_banana.taxonomy import EditType, edit_types

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_RATE = 0.75
_TYPE = re.compile(r"rehearsal edit ([a-z0-9_]+)")
_LISTED = re.compile(r"^- ([a-z0-9_]+): ", re.MULTILINE)
_CRITERION = re.compile(r'"(\w+)": \{"reason"')
_NUMBERS = re.compile(r'"score" ?: \[([^]]*)\]')
_RANGE = re.compile(r"from (\d+) to (\d+)")
_BETTER = '"better":'
_SUITED = 0.6  # of the types asked about
_CRITERIA = ("compliance", "seamlessness", "preservation", "quality")
_HIGH, _LOW = (0.78, 0.97), (0.25, 0.62)
_JITTER = 0.04  # the four scores differ by this much at most, so their mean stays on its side of 0.7
_EVEN = 0.5
_SMALL_KIND = frozenset({"local"})


@dataclass(frozen=True, slots=True)
class Mind:
    """Answers requests.

    Attributes:
        rates: edit type to the share of attempts the judge accepts; `DEFAULT_RATE` for others.
        faults: what goes wrong with answers.
        seed: changes every draw.
        answers_as: model asked for to the one that answers in its place, as when a service reroutes retired models.
        thinks: whether models of the third generation think, and send drafts; see `gemini`.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    faults: ModelFaults = field(default_factory=ModelFaults)
    seed: int = 0
    answers_as: Mapping[str, str] = field(default_factory=dict)
    thinks: bool = True

    def text(self, prompt: str, pictures: tuple[bytes, ...], request: str) -> str:
        """Answer a request for text.

        Args:
            prompt: the text of the request.
            pictures: its pictures; a judge's request has two or more, or one and a criterion.
            request: the hash of its content.

        Returns:
            JSON for whoever looks at a photo, a writer or a judge, plain text for a shortener; for texts of rows that
            are there already see `texts`.
        """
        said = about_texts(prompt, pictures, request, self.faults, self.seed)
        if said is not None:
            return said
        if _BETTER in prompt:
            return self._better(prompt, pictures, request)
        if _NUMBERS.search(prompt):
            return self._numbers(prompt, pictures, request)
        if len(pictures) > 1 or (pictures and _CRITERION.search(prompt)):
            return self._verdict(prompt, pictures, request)
        if pictures and '"objects"' in prompt:
            return self._inventory(prompt, request)
        return self._instruction(prompt, request) if pictures else self._short(prompt)

    def edited(self, picture: bytes, prompt: str, request: str) -> bytes:
        """Answer a request for an edit: the same picture, plainly changed, every time different.

        Args:
            picture: the input.
            prompt: the instruction.
            request: the hash of the request's content.

        Returns:
            A PNG.
        """
        if self.faults.strikes("black_picture", request, self.seed):
            return _marked(_variant(picture, "black"), request)
        local = _kind(prompt) in _SMALL_KIND
        return _marked(_variant(picture, "local" if local else "global"), request)

    def draft(self, picture: bytes, request: str) -> bytes:
        """Give what a model tries while it thinks: no result.

        Args:
            picture: the input.
            request: the hash of the request's content.

        Returns:
            A PNG.
        """
        return _marked(_variant(picture, "black"), f"draft {request}")

    def answering(self, asked: str) -> str:
        """Name the model that answers.

        Args:
            asked: the model asked for.

        Returns:
            Its name, or that of the one in its place.
        """
        return self.answers_as.get(asked, asked)

    def _instruction(self, prompt: str, request: str) -> str:
        kind = _asked_type(prompt)
        text = (
            f"Please do rehearsal edit {kind} with mark {request[:8]} on this photo, with the change plainly "
            f"visible where it was "
            "asked for, the light and the perspective matched to the scene, and everything else left as it is."
        )
        return json.dumps({"suitable": True, "why": "", "prompts": [text]})

    def _inventory(self, prompt: str, request: str) -> str:
        kinds = _LISTED.findall(prompt)
        suited = [kind for kind in kinds if draw(self.seed, "suits", request, kind) < _SUITED] or kinds[:1]
        ball = {"name": f"rehearsed ball {request[:8]}", "kind": "object", "place": "in the middle", "text": ""}
        return json.dumps({"objects": [{**ball, "box": [400, 400, 600, 600]}], "suitable": suited})

    def _short(self, prompt: str) -> str:
        found = _TYPE.findall(prompt)
        number = re.findall(r"(?:number|mark) ([0-9a-f]{8})", prompt)
        return f"Make rehearsal edit {found[-1] if found else 'unknown'} number {number[-1] if number else '0'}."

    def _quality(self, prompt: str, data: bytes) -> float:
        """Say how good something is, the same whenever and however it is asked about."""
        found = _TYPE.findall(prompt)
        rate = self.rates.get(found[-1] if found else "", DEFAULT_RATE)
        name = hashlib.sha256(data).hexdigest()
        low, high = _HIGH if draw(self.seed, "accept", name) < rate else _LOW
        return low + (high - low) * draw(self.seed, "score", name)

    def _better(self, prompt: str, pictures: tuple[bytes, ...], request: str) -> str:
        if self.faults.strikes("bad_json", request, self.seed):
            return "A looks better to me."
        first, second = (self._quality(prompt, picture) for picture in pictures[-2:])
        leans = self.faults.strikes("prefers_first", request, self.seed)
        return json.dumps({"reason": "rehearsed", "better": "A" if leans or first > second else "B"})

    def _numbers(self, prompt: str, pictures: tuple[bytes, ...], request: str) -> str:
        """Answer with a list of numbers: about the last picture, or about the text."""
        if self.faults.strikes("bad_json", request, self.seed):
            return "Two good scores, I would say."
        found, listed = _RANGE.search(prompt), _NUMBERS.findall(prompt)[-1]
        low, high = (float(end) for end in found.groups()) if found else (0.0, 1.0)
        quality = self._quality(prompt, pictures[-1] if pictures else prompt.encode())
        count = 2 if "..." in listed else len(listed.split(","))  # the EditScore package leaves it to its text
        score = low + (high - low) * quality
        told = round(score) if found else round(score, 2)  # evalscope takes whole numbers of a scale, and nothing else
        return json.dumps({"reasoning": "rehearsed", "score": [told] * count})

    def _verdict(self, prompt: str, pictures: tuple[bytes, ...], request: str) -> str:
        if self.faults.strikes("bad_json", request, self.seed):
            return "I would give this edit 0.85 overall, because it follows the instruction well."
        picture = hashlib.sha256(pictures[0]).hexdigest()
        middle = self._quality(prompt, pictures[0])
        usual = [*_CRITERIA, *(["drift"] if len(pictures) > 2 else [])]  # noqa: PLR2004 - the source photo too
        names = _CRITERION.findall(prompt) if len(_CRITERION.findall(prompt)) == 1 else usual
        scores = {
            name: {
                "reason": f"rehearsed {name}",
                "score": round(middle + _JITTER * (draw(self.seed, name, picture) - 0.5), 3),
            }
            for name in names
        }
        if self.faults.strikes("wrong_schema", request, self.seed):
            scores.pop(names[len(names) // 2])
        if self.faults.strikes("score_out_of_range", request, self.seed):
            scores[names[0]]["score"] = 85 if draw(self.seed, "range", request) < _EVEN else -1
        return json.dumps(_in_levels(scores) if '"level"' in prompt else scores)


def _in_levels(scores: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Say the same as the second version of the prompt asks: differences, and levels from 0 to 5."""
    told: dict[str, object] = {"differences": []}
    for name, entry in scores.items():
        told[name] = {"reason": entry["reason"], "level": round(float(str(entry["score"])) * 5)}
    return told


def content_hash(content: object) -> str:
    """Hash the content of a request.

    Args:
        content: JSON values.

    Returns:
        Hexadecimal.
    """
    # Gemini takes either spelling of a field, as protobuf's JSON does, and clients differ in which they send.
    text = json.dumps(content, sort_keys=True).replace('"mime_type":', '"mimeType":')
    return hashlib.sha256(text.encode()).hexdigest()


def _asked_type(prompt: str) -> str:
    by_label = {kind.label: str(kind) for kind in edit_types()}
    for label in sorted(by_label, key=len, reverse=True):
        if f"of this kind: {label}" in prompt:
            return by_label[label]
    return "unknown"


@lru_cache(maxsize=1)
def _by_slug() -> dict[str, EditType]:
    return {str(kind): kind for kind in edit_types()}


def _kind(prompt: str) -> str:
    found = _TYPE.findall(prompt)
    kind = _by_slug().get(found[-1]) if found else None
    return kind.scope if kind is not None else "global"


@lru_cache(maxsize=512)
def _variant(picture: bytes, how: str) -> bytes:
    """Make a changed PNG of a picture, once; every reply then only gets its own mark."""
    from PIL import Image, ImageOps

    from pico_banana.records.decoding.pillow import border

    with border("the picture of a request"), Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    if how == "black":
        image = Image.new("RGB", image.size)
    elif how == "global":
        image = Image.blend(image, ImageOps.solarize(image, 96), 0.6)
    else:
        box = (image.width // 3, image.height // 3, image.width * 2 // 3, image.height * 2 // 3)
        image.paste(ImageOps.invert(image.crop(box)), box)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _marked(png: bytes, request: str) -> bytes:
    """Add a text chunk, so that every reply is a picture of its own."""
    body = b"tEXt" + b"rehearsal\x00" + request.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]  # 33: the signature and the header chunk


def from_base64(text: str) -> bytes:
    """Decode Base64 of either alphabet.

    Args:
        text: standard or URL-safe Base64.

    Returns:
        The bytes.
    """
    return base64.b64decode(text.replace("-", "+").replace("_", "/"))
