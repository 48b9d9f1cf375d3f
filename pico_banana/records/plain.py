"""What every record can do: become a dictionary of plain values, be asked by name, be shown."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from pico_banana.errors import unknown_name

if TYPE_CHECKING:
    from pico_banana.records.panels import Panel


class Plain:
    """A frozen value of named fields."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the record as plain values, fit for JSON.

        Returns:
            Field name to value: pictures as addresses, types and flags as texts, flags sorted, turns as dictionaries.
        """
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - as many types as fields
        """Give one field, or a property such as "category".

        Args:
            name: its name.

        Returns:
            Its value, as the attribute of that name.

        Raises:
            UnknownNameError: there is no such field.
        """
        known = [
            each for each in dir(type(self)) if not each.startswith("_") and not callable(getattr(type(self), each))
        ]
        if name not in known:
            error = unknown_name(f"field of {type(self).__name__}", str(name), known)
            raise error
        return getattr(self, name)


class Shown(Plain):
    """A record that can be looked at."""

    __slots__ = ()

    id: str

    def panels(self) -> list[Panel]:
        """List the pictures, the source first, each with what it is; none for a row of texts.

        Returns:
            One panel a picture.
        """
        raise NotImplementedError

    def texts(self) -> list[str]:
        """List the texts: the instructions, or those of the turns.

        Returns:
            One text a line.
        """
        raise NotImplementedError

    def show(self, *, height: int = 384) -> None:
        """Show the pictures side by side, in a notebook or in the viewer of this machine; fetches what is not here.

        Args:
            height: of each picture in pixels.

        Raises:
            SelectionError: it has no pictures.
            PictureMissingError: nobody has one of them.
        """
        from pico_banana.records.strip import draw_strip
        from pico_banana.telling import shown_inline

        strip = draw_strip(self, height=height)
        if not shown_inline(strip):
            strip.show()

    def _repr_html_(self) -> str:
        from pico_banana.records.html import record_html

        return record_html(self, {name: self[name] for name in ("category", "flags") if hasattr(self, name)})


def _plain(value: object) -> Any:  # noqa: ANN401 - any plain value
    if isinstance(value, Plain):
        return value.to_dict()
    if isinstance(value, frozenset):
        return sorted(map(_plain, value))
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return str(value)  # an edit type is a text that knows more
    return getattr(value, "address", value)
