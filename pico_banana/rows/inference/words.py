"""Cuts instructions into words; rules and trained models read the same ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

QUOTED = "quotedtext"
"""The word that stands for anything in quotation marks: what a sign says is no part of the request."""

END = ""
"""The word behind the last word of each text of a batch."""

_WORD = re.compile(r"[^\W_]+")
_QUOTES = re.compile(
    r"""["\u201c\u201d][^"\u201c\u201d]{1,80}["\u201c\u201d]"""
    r"""|(?<!\w)['\u2018][^'\u2018\u2019]{1,80}['\u2019](?!\w)"""  # never the apostrophe of "man's"
)
_MAY_QUOTE = re.compile("[\"'\u201c\u201d\u2018]")


def tokens(text: str) -> list[str]:
    """Cut a text into its words.

    Args:
        text: an instruction.

    Returns:
        Its words in order, in lower case, without punctuation; each quotation is the one word `QUOTED`.
    """
    if _MAY_QUOTE.search(text):
        text = _QUOTES.sub(f" {QUOTED} ", text)
    return _WORD.findall(text.lower())


def flat_tokens(texts: Sequence[str]) -> tuple[list[str], NDArray[np.intp]]:
    """Cut a batch of texts into words that lie one after another.

    Args:
        texts: instructions.

    Returns:
        All words, each text followed by `END`; and where each text begins among them, (texts,).
    """
    words: list[str] = []
    starts = np.empty(len(texts), np.intp)
    for index, text in enumerate(texts):
        starts[index] = len(words)
        words += tokens(text)
        words.append(END)
    return words, starts
