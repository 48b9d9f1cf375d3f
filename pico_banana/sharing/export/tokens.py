"""Instructions that happen to hold what a trainer takes for the place of a picture."""

from __future__ import annotations

import re

# LLaMA-Factory counts these in every message and compares with the files (data/mm_plugin.py); ms-swift and the chat
# templates of several vision models do alike.
_PLACES = re.compile(r"<(image|video|audio)>")


def without_places(text: str) -> str:
    """Make sure that a text holds no place for a picture, film or sound.

    Args:
        text: an instruction.

    Returns:
        The text, where `<image>` has become `< image >`.
    """
    return _PLACES.sub(r"< \1 >", text)
