"""What the rehearsed models say of texts that are there already: short forms, captions, translations, and their judge.

The truth is known: a text keeps its meaning when it has no words that the other one lacks, a caption when it carries
the mark of its two pictures. A short form is made of the first words of the long one, a translation is the text itself
with the language before it. Spoilt ones say that something else shall be done.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from pico_banana.rehearsal.models.faults import draw

if TYPE_CHECKING:
    from pico_banana.rehearsal.models.faults import ModelFaults

_FEWEST_WORDS, _MOST_WORDS = 4, 16
_SPOILT = "Paint a violet submarine over everything."
_LONG = re.compile(r"(?s)\nLong: (?!.*\nLong: )(.*)\nShort:\s*\Z")
_TEXT = re.compile(r"(?s)<text>(.*)</text>")
_OLD, _NEW = re.compile(r"(?s)<old>(.*?)</old>"), re.compile(r"(?s)<new>(.*?)</new>")
_LANGUAGE = re.compile(r"BCP 47 tag ([A-Za-z0-9-]+)")
_WORD = re.compile(r"\w+")
_MARK = re.compile(r"mark ([0-9a-f]{12})")
_WAYS = ("copied_text", "cut_text", "leaked_template", "changed_meaning")


def about_texts(prompt: str, pictures: tuple[bytes, ...], request: str, faults: ModelFaults, seed: int) -> str | None:
    """Answer a request about a text that is there already.

    Args:
        prompt: the text of the request.
        pictures: its pictures: for a caption and its judge the one after and the one before.
        request: the hash of the request.
        faults: what goes wrong.
        seed: the server's.

    Returns:
        The answer; None where the request is about something else.
    """
    fault = faults.first(_WAYS, request, seed)
    if '"missing"' in prompt and (new := _NEW.search(prompt)):
        return _verdict(_is_true(prompt, new[1], pictures), lies=faults.strikes("misjudged_text", request, seed))
    if '"translation"' in prompt and (text := _TEXT.search(prompt)):
        language = _LANGUAGE.search(prompt)
        told = f"({language[1] if language else '?'}) {text[1]}"
        return json.dumps({"translation": _spoilt(told, text[1], fault)})
    if '"changes"' in prompt and len(pictures) > 1:
        told = f"Please make the rehearsed change with mark {_mark(pictures)} to this photo, as in draft {request[:6]}."
        return json.dumps({"changes": ["something"], "instruction": _spoilt(told, told, fault)})
    long = _LONG.search(prompt)
    if long is None or "rehearsal edit" in long[1]:
        return None
    return _spoilt(_shortened(long[1], draw(seed, "words", request)), long[1], fault)


def keeps_meaning(old: str, new: str) -> bool:
    """Tell the truth about a text that the rehearsal made.

    Args:
        old: what it was made of.
        new: the text; a translation begins with its language in brackets.

    Returns:
        Whether it says nothing that the other one does not.
    """
    rest = re.sub(r"^\([A-Za-z0-9-]+\) ", "", new)
    return bool(rest) and set(_words(rest)) <= set(_words(old))


def _is_true(prompt: str, new: str, pictures: tuple[bytes, ...]) -> bool:
    old = _OLD.search(prompt)
    if old is not None:
        return keeps_meaning(old[1], new)
    return _MARK.findall(new) == [_mark(pictures)]


def _verdict(truth: bool, *, lies: bool) -> str:  # noqa: FBT001 - what it is
    if truth != lies:
        return json.dumps({"missing": [], "added": [], "reason": "rehearsed: the same", "level": 5})
    return json.dumps({"missing": [], "added": ["something else"], "reason": "rehearsed: another", "level": 1})


def _shortened(long: str, share: float) -> str:
    """Take the first words, a few more or fewer from one request to the next."""
    words = long.split()
    count = _FEWEST_WORDS + round(share * (min(_MOST_WORDS, len(words) - 1) - _FEWEST_WORDS))
    text = " ".join(words[:count])
    return f"{text.rstrip('.,;:!?')}."


def _spoilt(text: str, old: str, fault: str) -> str:
    if fault == "copied_text":
        return old
    if fault == "cut_text":
        return f"ly, {text[0].lower()}{text[1:]}"
    if fault == "leaked_template":
        return f"ext\nuser\n{text}"
    return _SPOILT if fault == "changed_meaning" else text


def _mark(pictures: tuple[bytes, ...]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(picture).digest() for picture in pictures)).hexdigest()[:12]


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
