"""Short instructions are noisy; this says what is wrong with one, and what is left of it.

In a sample of 25 published rows 4 repeated the long text, 2 started in the middle of a word, 1 leaked a chat template.
"""

from __future__ import annotations

import re

# A leaked template ends in a line that is only a role: "ext\nuser\nRemove the fish". What follows is the instruction.
TEMPLATE_LEAK = re.compile(r"(?s)^.*?(?:<\|im_start\|>|(?:^|\n))\s*(?:user|assistant|system)\s*\n(?P<rest>.*)$")
TEMPLATE_TOKEN = re.compile(r"<\|[^|>]{0,40}\|>")
# A cut start: a small letter or a stray mark first ("ly, remove the vehicle", ", and add"); instructions open with a capital.
CUT_START = re.compile(r"^\s*(?:[,;:.!?)\]]|[^\W\d_A-Z]{1,12}[,;]\s)")


def leaks_chat_template(short: str) -> bool:
    """Tell whether a short instruction carries text of a chat template.

    Args:
        short: the short instruction as published.

    Returns:
        True when a line that is only a role, or a template token, stands in it.
    """
    return bool(TEMPLATE_TOKEN.search(short)) or bool(TEMPLATE_LEAK.match(short))


def starts_cut(short: str) -> bool:
    """Tell whether a short instruction starts in the middle of a word or sentence.

    Args:
        short: the short instruction as published.

    Returns:
        True when it opens with a mark, or with a small-letter fragment and a comma, as in "ly, remove the vehicle".
    """
    return bool(CUT_START.match(short))


def strip_chat_template(short: str) -> str:
    """Take the leaked template text off a short instruction.

    Args:
        short: the short instruction as published.

    Returns:
        What follows the last role line, without template tokens and surrounding white space.
    """
    rest = short
    while (leak := TEMPLATE_LEAK.match(rest)) is not None:
        rest = leak["rest"]
    return TEMPLATE_TOKEN.sub("", rest).strip()


def clean_short_instruction(short: str | None, long: str) -> str | None:
    """Give the short instruction that is fit for use.

    Args:
        short: the short instruction as published, or None.
        long: the long instruction of the same row.

    Returns:
        The text without leaked template; None when nothing usable is left: it is missing, repeats `long`, or its
        start is cut, which cannot be mended without guessing.
    """
    if not short:
        return None
    text = strip_chat_template(short) if "\n" in short or "<|" in short else short.strip()
    if not text or starts_cut(text) or text == long.strip():
        return None
    return text
