"""The page about the Python API, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import pico_banana

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = """\
# The Python API

Everything here is a name of `pico_banana` itself. Importing the package loads nothing heavy; each name is fetched from
its module when it is first used.
"""


def api_markdown() -> str:
    """Write the page.

    Returns:
        Markdown: every public name with its signature and docstring, in order of the alphabet.
    """
    names = sorted(pico_banana.__all__, key=str.lower)
    return "\n".join([_INTRODUCTION, *(_entry(name, getattr(pico_banana, name)) for name in names)])


def _entry(name: str, value: Any) -> str:  # noqa: ANN401 - any public name
    parts = [f"## {name}\n"]
    if inspect.isfunction(inspect.unwrap(value)):
        parts.append(f"```python\n{name}{_signature(value)}\n```\n")
    parts.append(_text(value.__doc__))
    if inspect.isclass(value):
        parts += _methods(value)
    return "\n".join(parts)


def _methods(kind: type) -> Iterator[str]:
    for name in sorted(dir(kind)):
        value = inspect.getattr_static(kind, name)
        if name.startswith("_") or not getattr(value, "__module__", "pico_banana").startswith("pico_banana"):
            continue
        if isinstance(value, (classmethod, staticmethod)):
            value = value.__func__
        if inspect.isfunction(value) and value.__doc__:
            yield f"### {kind.__name__}.{name}\n\n```python\n{name}{_signature(value)}\n```\n\n{_text(value.__doc__)}"
        elif isinstance(value, property) and value.__doc__:
            yield f"### {kind.__name__}.{name}\n\n{_text(value.__doc__)}"


def _signature(function: Any) -> str:  # noqa: ANN401 - any function
    written = str(inspect.signature(function)).replace("'", "")
    return re.sub(r"<[^>]*>", "...", written)


def _text(docstring: str | None) -> str:
    """Turn the sections of a docstring into Markdown lists."""
    lines = []
    for line in inspect.cleandoc(docstring or "").splitlines():
        if re.fullmatch(r"(Args|Returns|Raises|Yields|Attributes):", line):
            lines.append(f"*{line[:-1]}*\n")
        elif re.match(r"^    \S", line):
            lines.append(
                re.sub(r"^    (\*{0,2}[\w.]+): ", r"- `\1`: ", line)
                if re.match(r"^    \*{0,2}[\w.]+: ", line)
                else f"- {line.strip()}"
                if not lines or lines[-1].startswith("*")
                else f"  {line.strip()}"
            )
        else:
            lines.append(line.rstrip() if not line.startswith("        ") else f"  {line.strip()}")
    return "\n".join(lines).replace("::\n", "\n") + "\n"
