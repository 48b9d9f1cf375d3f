r"""What may be said aloud: URLs without their secrets, texts without what a terminal would obey.

The one redactor and the one escaper. Every error of ours passes its text through `told`; reports, notes and folder
names that hold a URL pass it through `redacted`; the command line writes through `Plain`. A text that went through once
is not changed by going through again.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "***"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/{1,2}[^\s'\"<>|^`{}]+")
_USER = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:/{1,2})[^/?#@]*@")
# Names of parameters that sign a request or name who asks: S3, Google, Azure, CloudFront, and what people call theirs.
_SECRET = re.compile(
    r"(?i)(?<=[?&;])([^=&#;]*(?:x-amz-|x-goog-|sig|token|key|secret|passw|pwd|auth|credential|policy|session|accessid)"
    r"[^=&#;]*)=[^&#;\s'\"]*"
)
_NAMES_A_SECRET = re.compile(r"(?i)(?:_|^)(?:KEY|TOKEN|SECRET|PASSWORD)$")
_SHORTEST_SECRET = 8
# What moves the cursor, changes colours or titles, or turns the order of letters round: C0 but tab and newline, DEL,
# C1, line separators, marks and overrides of direction, and halves of surrogate pairs, which no terminal can print.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

# What tqdm and `LiveLine` write before a text of theirs, never in it.
_MOVES = re.compile("(?:\r|\n|\x1b\\[[AK])+")


def redacted(text: str) -> str:
    """Take the secrets out of every URL in a text: user and password, and parameters that sign or identify.

    Args:
        text: a URL, or any text with URLs in it.

    Returns:
        The same text with `***` in their place.
    """
    if ":/" not in text:
        return text
    return _URL.sub(lambda found: _SECRET.sub(rf"\1={HIDDEN}", _USER.sub(rf"\1{HIDDEN}@", found[0])), text)


def bare(url: str) -> str:
    """Give an address without user, password, query and fragment: what is kept to say where something was served.

    Args:
        url: the address.

    Returns:
        Scheme, host, port and path.
    """
    return _USER.sub(r"\1", url).partition("#")[0].partition("?")[0]


def redacted_in(value: object) -> object:
    """Take the secrets out of every text in plain values, as JSON has them.

    Args:
        value: texts, numbers, lists and dicts of them.

    Returns:
        The same values.
    """
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {key: redacted_in(one) for key, one in value.items()}
    return [redacted_in(one) for one in value] if isinstance(value, (list, tuple)) else value


def escaped(text: str) -> str:
    r"""Write out what a terminal would obey, as `\u001b`, which is also how JSON writes it.

    Args:
        text: any text.

    Returns:
        The same text without control characters other than tab and newline, and without marks of direction.
    """
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def told(text: str) -> str:
    """Make a text fit to be told: redacted, escaped, and without the keys that this process was given.

    Args:
        text: what an error or a report says, with words of servers and rows in it.

    Returns:
        What may be said.
    """
    for secret in _given_secrets():
        text = text.replace(secret, HIDDEN)
    return escaped(redacted(text))


def _given_secrets() -> Iterable[str]:
    """Give the values of variables such as HF_TOKEN and OPENAI_API_KEY: a server may echo what it was sent."""
    return [
        value for name, value in os.environ.items() if len(value) >= _SHORTEST_SECRET and _NAMES_A_SECRET.search(name)
    ]


class Plain:
    """A text stream that writes nothing a terminal would obey; everything else is the stream's own.

    Attributes:
        stream: where texts go.
        bars: let what moves a progress bar begin a text: back to the line's start, one line up, wipe the line.
    """

    def __init__(self, stream: TextIO, *, bars: bool = False) -> None:
        """Wrap a stream.

        Args:
            stream: where texts go.
            bars: let what moves a progress bar begin a text.
        """
        self.stream, self.bars = stream, bars

    def write(self, text: str) -> int:
        """Write a text, escaped.

        Args:
            text: the text.

        Returns:
            How many characters were given.
        """
        moves = _MOVES.match(text) if self.bars else None
        kept = moves[0] if moves else ""
        self.stream.write(kept + escaped(text[len(kept) :]))
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        """Write texts one after the other, escaped.

        Args:
            texts: the texts, with their line ends.
        """
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> object:
        """Give what the stream itself has."""
        return getattr(self.stream, name)
