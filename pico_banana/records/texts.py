"""Short instructions are noisy; this says what is wrong with one, and what is left of it.

In a sample of 25 published rows 4 repeated the long text, 2 started in the middle of a word, 1 leaked a chat template.
"""

from __future__ import annotations

import re

# These two are read by Python's `re` and by Arrow's RE2 alike, so they keep to what both understand in the same way.
# A leaked template has a line that is only a role ("ext\nuser\nRemove the fish"), or a token such as <|im_start|>.
TEMPLATE_LEAK = r"(?:^|\n)[ \t\r]*(?:user|assistant|system)[ \t\r]*\n|<\|[a-z_]{1,40}\|>"
# A cut start: a mark, or a fragment and a comma ("ly, remove the vehicle"); instructions open with a capital.
CUT_START = r"^[ \t\r\n]*(?:[,;:.!?)\]]|[a-z]{1,12}[,;][ \n])"

_TEMPLATE_LEAK, _CUT_START = re.compile(TEMPLATE_LEAK), re.compile(CUT_START)
_LAST_ROLE = re.compile(r"(?s)^.*(?:^|\n|\|>)[ \t\r]*(?:user|assistant|system)[ \t\r]*\n")
_TOKEN = re.compile(r"<\|[a-z_]{1,40}\|>")


def leaks_chat_template(short: str) -> bool:
    """Tell whether a short instruction carries text of a chat template.

    Args:
        short: the short instruction as published.

    Returns:
        True when a line that is only a role, or a template token, stands in it.
    """
    return bool(_TEMPLATE_LEAK.search(short))


def starts_cut(short: str) -> bool:
    """Tell whether a short instruction starts in the middle of a word or sentence.

    Args:
        short: the short instruction as published.

    Returns:
        True when it opens with a mark, or with a small-letter fragment and a comma, as in "ly, remove the vehicle".
    """
    return bool(_CUT_START.match(short))


def strip_chat_template(short: str) -> str:
    """Take the leaked template text off a short instruction.

    Args:
        short: the short instruction as published.

    Returns:
        What follows the last role line, without template tokens and surrounding white space.
    """
    return _TOKEN.sub("", _LAST_ROLE.sub("", short)).strip()


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
    text = strip_chat_template(short) if leaks_chat_template(short) else short.strip()
    if not text or starts_cut(text) or text == long.strip():
        return None
    return text
