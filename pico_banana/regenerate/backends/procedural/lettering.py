"""Crafts on writing: add a caption to any photo; replace, restyle or translate words that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pico_banana.regenerate.backends.procedural.craft import Measured, Proposal, in_pixels, strength, whereabouts
from pico_banana.regenerate.backends.procedural.drawn import PALETTE
from pico_banana.regenerate.backends.procedural.pixels import Box, Generator, Mask, Pixels, blur, luma, mix
from pico_banana.regenerate.backends.procedural.placing import detail_in, measured_locally, overlaps
from pico_banana.regenerate.backends.procedural.retouch import box_mask, fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.regenerate.values import KnownObject

_BUSY = 0.06  # mean step between pixels: more is writing, windows or leaves, and letters on it cannot be read
_BOLD, _THIN = 18, 200  # letter heights a stroke is thick
CAPTIONS = (
    "A DAY TO REMEMBER",
    "Wish you were here",
    "SUNDAY MORNING",
    "Back in five minutes",
    "THE LONG WAY HOME",
    "Hello, summer!",
)
SIGNS = ("OPEN", "MARKET", "BAKERY", "EXIT", "FRESH FRUIT", "WELCOME", "LIBRARY", "CAFE")
# Words that stand on signs, and what they are in three languages.
TRANSLATIONS = {
    "OPEN": {"French": "OUVERT", "German": "OFFEN", "Spanish": "ABIERTO"},
    "CLOSED": {"French": "FERMÉ", "German": "GESCHLOSSEN", "Spanish": "CERRADO"},
    "MARKET": {"French": "MARCHÉ", "German": "MARKT", "Spanish": "MERCADO"},
    "BAKERY": {"French": "BOULANGERIE", "German": "BÄCKEREI", "Spanish": "PANADERÍA"},
    "EXIT": {"French": "SORTIE", "German": "AUSGANG", "Spanish": "SALIDA"},
    "WELCOME": {"French": "BIENVENUE", "German": "WILLKOMMEN", "Spanish": "BIENVENIDOS"},
    "LIBRARY": {"French": "BIBLIOTHÈQUE", "German": "BÜCHEREI", "Spanish": "BIBLIOTECA"},
    "FRUIT": {"French": "FRUITS", "German": "OBST", "Spanish": "FRUTA"},
    "BOOKS": {"French": "LIVRES", "German": "BÜCHER", "Spanish": "LIBROS"},
    "SCHOOL": {"French": "ÉCOLE", "German": "SCHULE", "Spanish": "ESCUELA"},
    "STATION": {"French": "GARE", "German": "BAHNHOF", "Spanish": "ESTACIÓN"},
    "FLOWERS": {"French": "FLEURS", "German": "BLUMEN", "Spanish": "FLORES"},
    "FISH": {"French": "POISSON", "German": "FISCH", "Spanish": "PESCADO"},
    "BREAD": {"French": "PAIN", "German": "BROT", "Spanish": "PAN"},
    "TEA": {"French": "THÉ", "German": "TEE", "Spanish": "TÉ"},
    "COFFEE": {"French": "CAFÉ", "German": "KAFFEE", "Spanish": "CAFÉ"},
    "BEACH": {"French": "PLAGE", "German": "STRAND", "Spanish": "PLAYA"},
    "HOTEL": {"German": "HOTEL GARNI", "Spanish": "HOSTAL"},
}


class AddText:
    """Writes a caption along the lower or upper edge."""

    edit_type = "add_text"

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose words and the calmer edge."""
        words = CAPTIONS[int(rng.integers(len(CAPTIONS)))]
        top, bottom = [0.08, 0.05, 0.92, 0.19], [0.08, 0.81, 0.92, 0.95]
        known = [thing for thing in objects if thing.kind in ("text", "person")]
        free = [place for place in (top, bottom) if not overlaps(place, known) and detail_in(photo, place) < _BUSY]
        if not free:
            return None
        box = min(free, key=lambda place: float(luma(_part(photo, place)).std()))
        where = "top" if box is top else "bottom"
        text = (
            f"Write the words “{words}” in one line along the {where} of the photo, in large, clean white "
            f"letters with a dark "
            "outline that keeps them readable. The picture behind the letters stays as it is."
        )
        return Proposal(
            text, f"Add the text “{words}” at the {where}.", {"text": words, "box": box, "ink": [255, 255, 255]}
        )

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Write; a half-hearted attempt is hardly readable."""
        return _captioned(photo, recipe, min(1.0, 0.15 + strength(rng)))

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """Compare with the words written in full."""
        return measured_locally(
            before, after, _captioned(before, recipe, 1.0), box_mask(before, recipe["box"], grow=0.01)
        )


class _OnSign:
    """What crafts on known words share: clear the surface, write on it."""

    edit_type = ""

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose a sign, and what becomes of it."""
        signs = [thing for thing in objects if thing.kind == "text" and thing.text]
        return self._for_sign(photo, signs[int(rng.integers(len(signs)))], rng) if signs else None

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Write; a half-hearted attempt lets the old words show through."""
        return mix(_rewritten(photo, recipe), photo, max(0.0, 0.7 - strength(rng)))

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """Compare with the words written in full."""
        return measured_locally(before, after, _rewritten(before, recipe), box_mask(before, recipe["box"], grow=0.015))

    def _for_sign(self, photo: Pixels, sign: KnownObject, rng: Generator) -> Proposal | None:
        raise NotImplementedError


class ReplaceText(_OnSign):
    """Puts other words on a known sign."""

    edit_type = "replace_text"

    def _for_sign(self, photo: Pixels, sign: KnownObject, rng: Generator) -> Proposal | None:
        others = [words for words in SIGNS if words.casefold() != sign.text.casefold()]
        words = others[int(rng.integers(len(others)))]
        text = (
            f"Replace the words “{sign.text}” on the {sign.name} {whereabouts(sign.box)} with “{words}”, in "
            f"letters of the same "
            "colour and about the same size. The surface and everything around it stay as they are."
        )
        recipe = {"text": words, "box": list(sign.box), "ink": _ink(photo, sign.box)}
        return Proposal(text, f"Change “{sign.text}” to “{words}”.", recipe)


class RestyleText(_OnSign):
    """Gives known words another colour and weight."""

    edit_type = "restyle_text"

    def _for_sign(self, photo: Pixels, sign: KnownObject, rng: Generator) -> Proposal | None:
        colour = list(PALETTE)[int(rng.integers(len(PALETTE)))]
        text = (
            f"Keep the words “{sign.text}” on the {sign.name} {whereabouts(sign.box)}, but set them in bold "
            f"{colour} sans-serif "
            "letters. The surface of the sign and the rest of the photo stay as they are."
        )
        recipe = {"text": sign.text, "box": list(sign.box), "ink": list(PALETTE[colour]), "bold": True}
        return Proposal(text, f"Set “{sign.text}” in bold {colour} letters.", recipe)


class TranslateText(_OnSign):
    """Puts a known word into another language."""

    edit_type = "translate_text"

    def _for_sign(self, photo: Pixels, sign: KnownObject, rng: Generator) -> Proposal | None:
        found = TRANSLATIONS.get(sign.text.upper())
        if not found:
            return None
        language = list(found)[int(rng.integers(len(found)))]
        words = found[language]
        text = (
            f"Translate the word “{sign.text}” on the {sign.name} {whereabouts(sign.box)} into {language}: it "
            f"should read "
            f"“{words}”, in the same place, colour and style. Nothing else changes."
        )
        recipe = {"text": words, "box": list(sign.box), "ink": _ink(photo, sign.box)}
        return Proposal(text, f"Translate “{sign.text}” into {language}.", recipe)


def _part(photo: Pixels, box: Sequence[float]) -> Pixels:
    left, top, right, bottom = in_pixels(box, photo)
    return photo[top:bottom, left:right]


def _ink(photo: Pixels, box: Sequence[float]) -> list[int]:
    """Find the colour of the letters: what is least like the most common colour of the sign."""
    part = _part(photo, box).reshape(-1, 3)
    surface = np.median(part, axis=0)
    distance = np.abs(part - surface).sum(axis=1)
    letters = part[distance >= np.quantile(distance, 0.93)]
    return [int(level) for level in np.median(letters, axis=0) * 255]


def _captioned(photo: Pixels, recipe: dict[str, Any], opacity: float) -> Pixels:
    box = in_pixels(recipe["box"], photo)
    letters, outline = _letters(photo, recipe["text"], box, outline=True)
    dark = mix(photo, (0.08, 0.08, 0.10), blur(outline, 0.7) * 0.85 * opacity)
    return mix(dark, np.array(recipe["ink"], dtype=np.float32) / 255, letters * opacity)


def _rewritten(photo: Pixels, recipe: dict[str, Any]) -> Pixels:
    left, top, right, bottom = box = in_pixels(recipe["box"], photo)
    surface = np.median(_part(photo, recipe["box"]).reshape(-1, 3), axis=0)
    old = np.zeros(photo.shape[:2], dtype=np.float32)
    inside = photo[top:bottom, left:right]
    old[top:bottom, left:right] = blur((np.abs(inside - surface).max(axis=2) > 0.12).astype(np.float32), 1.6) * 3
    cleared = fill(photo, np.clip(old, 0, 1))
    letters, bold = _letters(photo, recipe["text"], box, outline=bool(recipe.get("bold")))
    mask = np.maximum(letters, bold) if recipe.get("bold") else letters
    return mix(cleared, np.array(recipe["ink"], dtype=np.float32) / 255, mask)


def _letters(photo: Pixels, text: str, box: Box, *, outline: bool) -> tuple[Mask, Mask]:
    """Write text into a box, as large as fits; gives the letters, and the letters with their outline.

    Letters stand as far apart as their outlines are thick, so that no bold letter runs into the next.
    """
    left, top, right, bottom = box
    share = _BOLD if outline else _THIN
    high = ImageFont.load_default(200).getbbox(text)
    wide = _width(text, 200, share)
    size = max(6.0, 200 * min((right - left) * 0.94 / wide, (bottom - top) * 0.80 / (high[3] - high[1])))
    begin = ((left + right) / 2 - _width(text, size, share) / 2, (top + bottom) / 2)
    stroke = max(1, round(size / share))
    gap = _gap(size, share)
    return _drawn(photo, text, begin, size, (0, gap)), _drawn(photo, text, begin, size, (stroke, gap))


def _gap(size: float, share: int) -> int:
    return 2 * round(size / share)


def _width(text: str, size: float, share: int) -> float:
    font = ImageFont.load_default(size)
    return sum(font.getlength(letter) for letter in text) + _gap(size, share) * len(text)


def _drawn(photo: Pixels, text: str, begin: tuple[float, float], size: float, pen: tuple[int, int]) -> Mask:
    """Draw letters one by one, by the thickness of their outline and the gap between them."""
    image = Image.new("L", (photo.shape[1], photo.shape[0]))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    thick, gap = pen
    across, down = begin[0] + gap / 2, begin[1]
    for letter in text:
        draw.text((across, down), letter, fill=255, font=font, anchor="lm", stroke_width=thick)
        across += font.getlength(letter) + gap
    return np.asarray(image, dtype=np.float32) / 255
