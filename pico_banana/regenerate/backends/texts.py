"""The plug points for texts of rows that are there already: who captions, who translates, who compares.

Repairs are written by a `Shortener`, see `base`, which also says how replies and errors go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.backends.base import MaybeAwaitable
    from pico_banana.regenerate.values import Picture


@dataclass(frozen=True, slots=True)
class CaptionRequest:
    """Asks for the instruction that leads from one picture to another.

    Attributes:
        edited: the picture after; a model sees it first.
        source: the picture before.
        prompt: the whole prompt.
        schema: the JSON schema the reply must follow.
        seed: for services that take one.
    """

    edited: Picture
    source: Picture
    prompt: str
    schema: Mapping[str, Any]
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TranslateRequest:
    """Asks for a text in another language.

    Attributes:
        text: the text.
        language: the language's tag, such as "de" or "zh-Hant".
        prompt: the whole prompt, text and language included.
        schema: the JSON schema the reply must follow.
        seed: for services that take one.
    """

    text: str
    language: str
    prompt: str
    schema: Mapping[str, Any]
    seed: int = 0


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """Asks whether a text says what another one says, or what happened between two pictures.

    Attributes:
        old: the text it is held against; empty where it is held against pictures.
        new: the text that is looked at.
        prompt: the whole prompt, both texts included.
        schema: the JSON schema the reply must follow.
        pictures: the picture after and the one before, or none.
        seed: for services that take one.
    """

    old: str
    new: str
    prompt: str
    schema: Mapping[str, Any]
    pictures: tuple[Picture, ...] = ()
    seed: int = 0


@runtime_checkable
class Captioner(Protocol):
    """Says what was changed between two pictures; replies with JSON text that follows the request's schema."""

    def caption(self, request: CaptionRequest) -> MaybeAwaitable:
        """Write the instruction."""


@runtime_checkable
class Translator(Protocol):
    """Puts a text into another language; replies with JSON text that follows the request's schema."""

    def translate(self, request: TranslateRequest) -> MaybeAwaitable:
        """Write the translation."""


@runtime_checkable
class TextJudge(Protocol):
    """Says how well a text keeps the meaning of another; replies with JSON text that follows the request's schema."""

    def compare(self, request: CompareRequest) -> MaybeAwaitable:
        """Give a level with its reason."""
