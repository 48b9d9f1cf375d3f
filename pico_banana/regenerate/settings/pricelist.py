"""The dated table of models and prices that ships, `prices.toml`; what it does not know stays unknown."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Backends that run here; their calls cost nothing a service would bill.
FREE_BACKENDS = frozenset({"procedural", "diffusers", "python", "editscore", "editreward"})


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in USD per million tokens; `[prices."MODEL"]` of the configuration sets one's own.

    Attributes:
        input_per_million: tokens sent.
        output_per_million: tokens of the reply, thinking included.
        per_picture: a picture made, where the service bills by picture; its tokens then cost nothing more.
        picture_input_per_million: tokens of pictures sent; None for the price of text.
        picture_output_per_million: tokens of pictures made; None for the price of text, or by picture.
        cached_per_million: tokens sent that were in the cache; None for the price of others.
        thought_per_million: tokens of thinking; None for the price of the reply.
        tokens_per_picture: the most tokens a picture makes, for reserves; 0 when it is not known.
        batch: the share of all this that is paid for a call in a batch.
    """

    input_per_million: float = 0.0
    output_per_million: float = 0.0
    per_picture: float = 0.0
    picture_input_per_million: float | None = None
    picture_output_per_million: float | None = None
    cached_per_million: float | None = None
    thought_per_million: float | None = None
    tokens_per_picture: int = 0
    batch: float = (
        0.5  # Gemini: ai.google.dev/gemini-api/docs/batch-api; OpenAI: developers.openai.com, guide of batches
    )

    @property
    def by_token(self) -> bool:
        """Whether tokens cost anything."""
        return bool(self.input_per_million or self.output_per_million or self.picture_output_per_million)


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of the table.

    Attributes:
        price: the price.
        source: where it was read.
        day: when.
        warning: what to know of the model before a run; empty for nothing.
        second_hand: which of its numbers are not from a dated copy of the service's own page; empty for none.
    """

    price: Price
    source: str
    day: dt.date
    warning: str = ""
    second_hand: str = ""

    def __str__(self) -> str:
        """Say how far the price is to be believed."""
        unsure = f", second-hand: {self.second_hand}" if self.second_hand else ""
        return f"read on {self.day}{unsure}, {self.source}"


def listed(service: str, model: str, *, today: dt.date | None = None) -> Listed | None:
    """Look a model up.

    Args:
        service: the backend's name.
        model: the model's name at that service.
        today: the day the price should hold; None for today.

    Returns:
        The entry that holds on that day, or None when there is none.
    """
    day = today or dt.datetime.now(dt.UTC).date()
    for entry in _table()["price"]:
        if (entry["service"], entry["model"]) == (service, model.removeprefix("models/")):
            if "through" in entry and day > entry["through"]:
                continue
            return _entry(entry)
    return None


def has_price(service: str, model: str, own: Mapping[str, Price]) -> bool:
    """Tell whether anybody knows what a model costs.

    Args:
        service: the backend's name.
        model: the model's name at that service.
        own: the prices of the configuration.

    Returns:
        False when its cost is unknown.
    """
    return model in own or service in FREE_BACKENDS or listed(service, model) is not None


def default_model(service: str, stage: str) -> str:
    """Give the model of a stage that names none.

    Args:
        service: the backend's name.
        stage: "inventory", "writer", "shortener", "editor", "judge" or "second_judge".

    Returns:
        Its name; empty for a backend without defaults.
    """
    return str(_table()["defaults"].get(service, {}).get(stage, ""))


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads(files("pico_banana.regenerate.settings").joinpath("prices.toml").read_text(encoding="utf-8"))


def _entry(entry: dict[str, Any]) -> Listed:
    price = Price(
        entry["input"],
        entry["output"],
        0.0,
        entry.get("picture_input"),
        entry.get("picture_output"),
        entry.get("cached"),
        None,
        entry.get("tokens_per_picture", 0),
    )
    return Listed(price, entry["source"], entry["day"], entry.get("warning", ""), entry.get("second_hand", ""))
