"""The page about errors, from their docstrings."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from pico_banana import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = """\
# Errors

Everything this library raises on purpose is a `PicoBananaError`, and also the builtin a caller would already catch. The
text says what was wrong, what would be right and what to do; the facts are attributes. Jobs over many pictures do not
raise for one of them: they return a report whose numbers add up and write each failure down with its reason.
"""


def errors_markdown() -> str:
    """Write the page.

    Returns:
        Markdown: the tree, then every class.
    """
    tree = inspect.cleandoc(errors.__doc__ or "").partition("::\n\n")[2]
    drawn, _, rest = tree.partition("\n\n")
    return "\n".join([_INTRODUCTION, f"```text\n{inspect.cleandoc(drawn)}\n```\n", f"{rest}\n", *_classes()])


def _classes() -> Iterator[str]:
    for name, kind in vars(errors).items():
        if inspect.isclass(kind) and issubclass(kind, errors.PicoBananaError):
            yield f"## {name}\n\n{_without_heading(inspect.cleandoc(kind.__doc__ or ''))}\n"


def _without_heading(text: str) -> str:
    sentence, _, attributes = text.partition("\n\nAttributes:\n")
    lines = [line.strip().split(": ", 1) for line in attributes.splitlines() if line.startswith("    ")]
    return "\n".join([sentence, "", *(f"- `{line[0]}`: {line[1]}" for line in lines if len(line) > 1)]).rstrip()
