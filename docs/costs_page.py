"""The table of the guide on regeneration that says what the defaults cost: the forecast's numbers at a named day."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from pico_banana.regenerate.settings.config import Config, config_from
from pico_banana.regenerate.settings.pricelist import default_model, listed
from pico_banana.regenerate.values import Item, Photo
from pico_banana.regenerate.work.forecast import Forecast, forecast
from pico_banana.taxonomy import edit_types

GUIDE = Path(__file__).parent / "guides" / "regenerate.md"
_DAY = dt.date(2026, 11, 28)  # some prices hold only to the end of the year; the guide names the month
_ACCEPTED = 10_000
_STAGES = {"write": "writer", "shorten": "shortener", "edit": "editor", "judge": "judge"}
_SERVICE, _OTHER_EDITOR = "gemini", "gemini-3-pro-image"
_PLACE = re.compile(r"(<!-- costs: written by python -m docs\.generate -->\n).*?(<!-- end of costs -->)", re.DOTALL)


def guide_markdown() -> str:
    """Write the guide's table anew, and leave the rest of the guide as it is.

    Returns:
        The whole guide.
    """
    return _PLACE.sub(lambda found: f"{found[1]}\n{costs_markdown()}\n{found[2]}", GUIDE.read_text(encoding="utf-8"))


def costs_markdown() -> str:
    """Say what each stage costs for 10,000 accepted rows, one turn each, all edit types alike.

    Returns:
        A table and a sentence, in Markdown.
    """
    usual, scale = _forecast(default_model(_SERVICE, "editor"))
    other, _ = _forecast(_OTHER_EDITOR)
    lines = ["| stage | model | calls | USD |", "|---|---|---:|---:|"]
    for stage, table in _STAGES.items():
        size = ", 1K" if stage == "edit" else ""
        calls, usd = usual.calls[stage] * scale, usual.usd[stage] * scale
        lines.append(f"| {table} | {default_model(_SERVICE, table)}{size} | {calls:,.0f} | {usd:,.0f} |")
    lines.append(f"| **all** | | | **{usual.total_usd * scale:,.0f}** |")
    calls, usd = other.calls["edit"] * scale, other.usd["edit"] * scale
    every = f"{usd:,.0f} (all: {other.total_usd * scale:,.0f})"
    lines.append(f"| editor | {_OTHER_EDITOR}, 1K, in its place | {calls:,.0f} | {every} |")
    hours, disk = usual.hours * scale, usual.disk_mb * scale / 1000
    lines += ["", f"At eight calls a stage at a time that takes some {hours:.0f} hours, and {disk:.0f} GB on the disk."]
    return "\n".join(lines) + "\n"


def _forecast(editor: str) -> tuple[Forecast, float]:
    """Forecast an item of each type, and say how often that is needed."""
    config = _config(editor)
    items = [
        Item(number, Photo(f"https://photos.invalid/{number}.jpg", ""), (kind,), number)
        for number, kind in enumerate(edit_types(), start=1)
    ]
    found = forecast(config, items)
    return found, _ACCEPTED / found.accepted


def _config(editor: str) -> Config:
    tables = {table: {"backend": _SERVICE} for table in _STAGES.values()}
    tables["editor"]["model"] = editor
    named = {settings.model for settings in config_from(tables).models.values()}
    entries = {model: listed(_SERVICE, model, today=_DAY) for model in named}
    prices = {model: _own(entry.price) for model, entry in entries.items() if entry is not None}
    return config_from({**tables, "prices": prices})


def _own(price: object) -> dict[str, float]:
    """Give a price as a configuration writes one."""
    names = (name for kind in type(price).__mro__ for name in getattr(kind, "__slots__", ()))
    return {name: value for name in names if (value := getattr(price, name)) is not None}


if __name__ == "__main__":
    print(costs_markdown(), end="")
