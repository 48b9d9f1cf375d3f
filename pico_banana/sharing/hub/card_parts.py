"""A card's two parts: the YAML between its lines of ---, which is ours, and the prose below, which people write."""

from __future__ import annotations

import hashlib
import re

_FRONT = re.compile(rb"\A\s*---[ \t]*\r?\n.*?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def header_of(card: bytes) -> bytes:
    """Give the YAML of a card.

    Args:
        card: the whole file.

    Returns:
        The YAML with the lines of --- around it; empty when there is none.
    """
    match = _FRONT.match(card)
    return match[0] if match else b""


def prose_of(card: bytes) -> bytes:
    """Give the prose of a card.

    Args:
        card: the whole file.

    Returns:
        What stands below the YAML.
    """
    return card[len(header_of(card)) :]


def prose_id(card: bytes) -> str:
    """Name the prose of a card.

    Args:
        card: the whole file.

    Returns:
        SHA-256 of it, hexadecimal; ends of lines and empty lines around it do not count.
    """
    return hashlib.sha256(prose_of(card).replace(b"\r\n", b"\n").strip()).hexdigest()


def with_prose(card: bytes, other: bytes) -> bytes:
    """Put the prose of another card below the YAML of one.

    Args:
        card: whose YAML.
        other: whose prose.

    Returns:
        A whole card.
    """
    return header_of(card).rstrip() + b"\n\n" + prose_of(other).lstrip()
