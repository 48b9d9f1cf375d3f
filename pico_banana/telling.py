r"""What may be said aloud: URLs without their secrets, texts without what a terminal or a notebook would obey.

The one redactor and the one escaper. Every error of ours passes its text through `told`; reports, notes and folder
names that hold a URL pass it through `redacted`; the command line writes through `Plain`. A text that went through once
is not changed by going through again.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Mapping, Sized
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, TextIO

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
_LISTED = 10  # so many values of a list still read well in one cell
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


def in_html(value: object) -> str:
    """Write a value so that it stands in HTML as text, in an element or a quoted attribute.

    Args:
        value: anything; numbers get separators, None a dash, lists commas and dicts colons.

    Returns:
        Text without tags and secrets.
    """
    from html import escape

    return escape(told(_in_words(value)), quote=True)


def html_card(title: str, facts: Mapping[str, object], *, text: str = "", body: str = "") -> str:
    """Show a value in a notebook: a title, lines of text, names with values, and HTML below.

    Styles stand in the elements and take the colours that are there, so that light and dark pages and exports all work.

    Args:
        title: what it is.
        facts: name to value; empty ones are left out.
        text: lines to show as they are.
        body: HTML, whose texts went through `in_html`.

    Returns:
        One element.
    """
    cell = "padding:1px 14px 1px 0;text-align:left;vertical-align:top;border:0"
    rows = "".join(
        f"<tr><td style='{cell};opacity:.7'>{in_html(name)}</td><td style='{cell}'>{in_html(value)}</td></tr>"
        for name, value in facts.items()
        if value is not None and not (isinstance(value, Sized) and not len(value))
    )
    lines = f"<div style='white-space:pre-wrap;overflow-wrap:anywhere'>{in_html(text)}</div>" if text else ""
    table = f"<table style='border-collapse:collapse;border:0;margin:4px 0'>{rows}</table>" if rows else ""
    frame = "border:1px solid #8886;border-radius:8px;padding:8px 12px;margin:4px 0;font:13px/1.5 system-ui,sans-serif"
    return f"<div style='{frame}'><b>{in_html(title)}</b>{lines}{table}{body}</div>"


def shown_inline(value: object) -> bool:
    """Show a value in the notebook that this code runs in, if it does.

    Args:
        value: what IPython or marimo can display.

    Returns:
        False where there is no notebook: a terminal, a script.
    """
    marimo = sys.modules.get("marimo")
    if marimo is not None and marimo.running_in_notebook():
        marimo.output.append(value)
        return True
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if not hasattr(shell, "kernel"):  # no shell at all, or that of a terminal
        return False
    ipython.display.display(value)  # type: ignore[union-attr]
    return True


class Carded:
    """A value that a notebook shows as a card: what it says of itself, or its fields by name.

    Attributes:
        card_also: properties to show beside the fields.
    """

    __slots__ = ()

    card_also: ClassVar[tuple[str, ...]] = ()

    def _repr_html_(self) -> str:
        summary = getattr(self, "summary", None)
        if callable(summary):
            return html_card(type(self).__name__, {}, text=summary())
        facts = {name.replace("_", " "): getattr(self, name) for name in (*_fields(self), *self.card_also)}
        return html_card(type(self).__name__, facts, text=str(self) if isinstance(self, (str, BaseException)) else "")


def _fields(value: object) -> list[str]:
    """Name what a value holds: in slots, fields, or as an error's attributes."""
    slots = [name for kind in reversed(type(value).__mro__) for name in getattr(kind, "__slots__", ())]
    return [name for name in (*slots, *getattr(value, "__dict__", ())) if not name.startswith("_")]


def _in_words(value: object) -> str:
    if isinstance(value, Mapping):
        return _in_words([f"{key}: {_in_words(one)}" for key, one in value.items()])
    if isinstance(value, (list, tuple, set, frozenset)):
        words = [_in_words(one) for one in islice(value, _LISTED)]
        return ", ".join([*words, f"… {len(value):,} in all"] if len(value) > _LISTED else words)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if isinstance(value, float) else str(value)


def _given_secrets() -> Iterable[str]:
    """Give the values of variables such as HF_TOKEN and OPENAI_API_KEY: a server may echo what it was sent."""
    return [
        value for name, value in os.environ.items() if len(value) >= _SHORTEST_SECRET and _NAMES_A_SECRET.search(name)
    ]


def watched() -> bool:
    """Say whether somebody looks at stderr; services and pythonw have none at all."""
    return bool(sys.stderr) and sys.stderr.isatty()


class Closed(io.TextIOBase):
    """Stands for a stream that the process was started without (`>&-`, services, pythonw), where Python has None.

    Attributes:
        what: the stream whose texts would be missed, so that writing is an error; "" passes over them.
    """

    def __init__(self, what: str = "") -> None:
        """Stand for a stream.

        Args:
            what: "stdout", or "" for one whose texts nobody misses.
        """
        self.what = what

    def write(self, text: str) -> int:
        """Pass over a text, or say that it is lost.

        Args:
            text: the text.

        Returns:
            How many characters were given.

        Raises:
            OSError: it would be missed.
        """
        if self.what:
            raise OSError(f"{self.what} is closed, so what was to be written there is lost")
        return len(text)


class Plain:
    """A text stream that writes nothing a terminal would obey; everything else is the stream's own.

    Attributes:
        stream: where texts go.
        bars: let what moves a progress bar begin a text: back to the line's start, one line up, wipe the line.
    """

    def __init__(self, stream: TextIO | io.TextIOBase, *, bars: bool = False) -> None:
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
