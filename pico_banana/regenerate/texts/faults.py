"""What is plainly wrong with a text made anew; found by rules, so that no judge is paid for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pico_banana.records.texts import leaks_chat_template, starts_cut

if TYPE_CHECKING:
    from pico_banana.regenerate.texts.questions import Question

_QUOTED = re.compile(
    r'["\u201c\u201d\u201e\u00ab\u00bb]([^"\u201c\u201d\u201e\u00ab\u00bb]{1,200})["\u201c\u201d\u201e\u00ab\u00bb]'
)
_FEWEST_WORDS = 2
# Characters of a translation for one of the text; Chinese needs a third, Tamil half as much again.
_LEAST_OF, _MOST_OF = 0.1, 4.0


def fault_of(question: Question, text: str) -> str:
    """Say what is wrong with a text.

    Args:
        question: what was asked.
        text: the text that came.

    Returns:
        In words for whoever is asked again; empty for nothing.
    """
    if not text.strip():
        return "it is empty"
    if leaks_chat_template(text):
        return "it holds text of a chat template"
    if question.wording == "translated":
        return _of_translation(question, text)
    if starts_cut(text):
        return "it begins in the middle of a sentence"
    if len(text.split()) < _FEWEST_WORDS:
        return "it is no instruction"
    return _of_short(question, text) if question.wording == "repaired" else ""


def _of_short(question: Question, text: str) -> str:
    if " ".join(text.split()) == " ".join(question.text.split()):
        return "it repeats the long instruction"
    return "it is not shorter than the long instruction" if len(text) >= len(question.text) else ""


def _of_translation(question: Question, text: str) -> str:
    if text.strip() == question.text.strip():
        return "it repeats the text and is no translation"
    if not _LEAST_OF <= len(text) / len(question.text) <= _MOST_OF:
        return "its length does not fit the text's"
    kept = set(_QUOTED.findall(text))
    lost = [words for words in _QUOTED.findall(question.text) if words.strip(" .,;:!?") not in _trimmed(kept)]
    return f'the words "{lost[0]}" must stay letter by letter' if lost else ""


def _trimmed(found: set[str]) -> set[str]:
    return {words.strip(" .,;:!?") for words in found}
