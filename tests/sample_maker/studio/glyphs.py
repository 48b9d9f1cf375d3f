"""Letters as strokes, in the manner of a sign painter: our own, so that no font file is needed or shipped.

A letter is lines on a grid four wide and six high; `x,y` pairs, a `~` in front of a line makes it a curve through its
points. A letter with an accent is the letter and the accent.
"""

from __future__ import annotations

from functools import cache

from tests.sample_maker.studio.curves import Points, curve, points

CAP_HEIGHT = 6.0

_STROKES = {
    "A": "0,6 2,0 4,6|0.8,3.9 3.2,3.9",
    "B": "0,0 0,6|~0,0 2.4,0.1 3.4,1.4 2.4,2.8 0,2.9|~0,2.9 2.7,3 3.8,4.4 2.6,5.9 0,6",
    "C": "~3.8,1.2 2.2,0 0.5,1.2 0,3 0.5,4.8 2.2,6 3.8,4.8",
    "D": "0,0 0,6|~0,0 1.8,0.1 3.4,1.2 4,3 3.4,4.8 1.8,5.9 0,6", "E": "3.6,0 0,0 0,6 3.6,6|0,2.9 2.8,2.9",
    "F": "3.6,0 0,0 0,6|0,2.9 2.8,2.9",
    "G": "~3.8,1.2 2.2,0 0.5,1.2 0,3 0.5,4.8 2.2,6 3.9,4.9|3.9,4.9 3.9,3.3 2.3,3.3",
    "H": "0,0 0,6|4,0 4,6|0,2.9 4,2.9", "I": "0.5,0 0.5,6", "J": "3,0 3,4.4|~3,4.4 2.6,5.6 1.5,6 0.5,5.6 0,4.6",
    "K": "0,0 0,6|3.8,0 0,3.6|1.3,2.4 4,6", "L": "0,0 0,6 3.5,6", "M": "0,6 0.3,0 2.5,4.2 4.7,0 5,6",
    "N": "0,6 0,0 4,6 4,0", "O": "~2.1,0 0.6,1 0,3 0.6,5 2.1,6 3.6,5 4.2,3 3.6,1 2.1,0",
    "P": "0,0 0,6|~0,0 2.5,0.1 3.7,1.6 2.5,3.1 0,3.2",
    "Q": "~2.1,0 0.6,1 0,3 0.6,5 2.1,6 3.6,5 4.2,3 3.6,1 2.1,0|2.6,4.4 4.3,6.3",
    "R": "0,0 0,6|~0,0 2.5,0.1 3.6,1.5 2.5,2.9 0,3|1.8,3 3.9,6",
    "S": "~3.5,1 2,0 0.5,0.7 0.5,2.1 2,2.9 3.4,3.7 3.5,5.2 2,6 0.2,5.1", "T": "0,0 4,0|2,0 2,6",
    "U": "0,0 0,4|~0,4 0.6,5.5 2,6 3.4,5.5 4,4|4,4 4,0", "V": "0,0 2,6 4,0", "W": "0,0 1.4,6 2.8,1.6 4.2,6 5.6,0",
    "X": "0,0 4,6|4,0 0,6", "Y": "0,0 2,2.9 4,0|2,2.9 2,6", "Z": "0,0 4,0 0,6 4,6",
    "0": "~2,0 0.6,1 0.1,3 0.6,5 2,6 3.4,5 3.9,3 3.4,1 2,0", "1": "0.2,1.2 1.6,0 1.6,6",
    "2": "~0.2,1.3 1.8,0 3.6,1.4 2.6,3.4 0.1,6|0.1,6 3.8,6",
    "3": "~0.2,0.9 1.8,0 3.4,1.3 1.6,2.8|~1.6,2.8 3.7,4.3 1.8,6 0.1,5", "4": "2.9,6 2.9,0 0,4.3 3.9,4.3",
    "5": "3.5,0 0.7,0 0.4,2.7|~0.4,2.7 2.2,2.2 3.7,4 2.1,6 0.1,5.2",
    "6": "~3.2,0.4 1.2,1.3 0.1,3.8 0.8,5.6 2.2,6 3.6,4.4 2.2,2.9 0.4,3.8", "7": "0.1,0 3.8,0 1.4,6",
    "8": "~2,2.8 0.5,1.4 2,0 3.5,1.4 2,2.8 0.2,4.4 2,6 3.8,4.4 2,2.8",
    "9": "~3.6,2.2 2,3.1 0.3,1.5 2,0 3.6,1.4 3.4,4 2.1,5.8 0.7,6",
    "&": "~4,6 1,2 1.6,0.1 2.7,1.2 0.4,3.8 0.7,5.7 2.6,5.6 4,3.4", "-": "0.3,3.2 2.3,3.2", "'": "0.4,0 0.3,1.4",
    "!": "0.4,0 0.4,4|0.4,5.8 0.4,6", ".": "0.3,5.9 0.3,6", ",": "0.5,5.8 0.1,6.9",
    ":": "0.4,2 0.4,2.2|0.4,5.8 0.4,6", "/": "0,6.3 2.4,-0.3", "+": "1.6,1.6 1.6,4.8|0,3.2 3.2,3.2",
    "?": "~0.1,1.2 1.7,0 3.3,1.2 1.8,3 1.7,4|1.7,5.8 1.7,6",
    "♥": "~2,5.8 0,2.4 0.5,0.8 1.4,0.7 2,1.8 2.6,0.7 3.5,0.8 4,2.4 2,5.8",
    "ß": "0,6 0,1.6|~0,1.6 1.4,0 3,1 2,2.6 1.6,3 3.4,4.4 2.6,5.8 1.2,5.9",
}  # fmt: skip
_ACCENTS = {
    "acute": "2.6,-1.9 1.7,-0.8",
    "grave": "1.2,-1.9 2.1,-0.8",
    "circumflex": "1,-0.8 2,-1.8 3,-0.8",
    "diaeresis": "1,-1.3 1,-1.2|3,-1.3 3,-1.2",
    "tilde": "~0.8,-1 1.6,-1.7 2.4,-1.1 3.2,-1.8",
    "cedilla": "~2.1,6 2.6,6.8 1.8,7.4 1.2,7.2",
}
_ACCENTED = {
    "É": ("E", "acute"), "È": ("E", "grave"), "Ê": ("E", "circumflex"), "Ë": ("E", "diaeresis"), "À": ("A", "grave"),
    "Á": ("A", "acute"), "Â": ("A", "circumflex"), "Ä": ("A", "diaeresis"), "Ö": ("O", "diaeresis"),
    "Ó": ("O", "acute"), "Ô": ("O", "circumflex"), "Ü": ("U", "diaeresis"), "Ú": ("U", "acute"), "Ù": ("U", "grave"),
    "Í": ("I", "acute"), "Ñ": ("N", "tilde"), "Ç": ("C", "cedilla"),
}  # fmt: skip


@cache
def glyph(letter: str) -> tuple[tuple[Points, ...], float]:
    """Give the strokes of a letter.

    Args:
        letter: a capital, figure or mark; an unknown one is a blank.

    Returns:
        (lines on the grid, width on the grid).
    """
    base, accent = _ACCENTED.get(letter, (letter, ""))
    strokes = _lines(_STROKES.get(base, ""))
    width = max((float(line[:, 0].max()) for line in strokes), default=2.0)
    return strokes + _lines(_ACCENTS.get(accent, "")), width


def _lines(code: str) -> tuple[Points, ...]:
    return tuple(_line(part) for part in code.split("|") if part)


def _line(part: str) -> Points:
    pairs = (pair.partition(",") for pair in part.removeprefix("~").split())
    knots = points([(float(x), float(y)) for x, _, y in pairs])
    return curve(knots, closed=False, steps=5) if part.startswith("~") else knots
