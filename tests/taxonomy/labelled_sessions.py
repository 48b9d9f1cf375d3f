"""Sessions whose first turns have known types, with single-turn rows of their photos; `python -m` prints how they fare.

As the paper says of the release, a session begins with a single-turn item of its photo: in the same words or in others.
How often the item is among the rows, nobody outside knows (100K of 400K items were taken, and not all were released),
so the share is turned from all to none. Texts are those that the rules are measured on; other texts of a type come from
the other half or from the synthetic phrases, by another hand.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pico_banana as pb
from pico_banana.rehearsal.making.dice import Dice
from pico_banana.rehearsal.making.phrases import instructions as synthetic
from pico_banana.taxonomy import edit_type, edit_types
from tests.core.core_rows import edit, mirror_of, photo, session
from tests.taxonomy.instructions import instructions

OTHER_HALF = {"heldout": "dev", "fresh": "dev", "dev": "heldout"}
_SAME_WORDS = 0.4  # of the items that are there; the others ask for an edit of the type in other words
_MOST_OTHERS = 5  # further rows of a photo; of all photos of the release it has 3 to 4 rows


@dataclass(frozen=True)
class Measured:
    """Errors of first turns, as shares.

    Attributes:
        sessions: how many.
        words: of the rules alone.
        bounded: with the rows of the photo.
        by_source: what a type was read from to (right, all).
    """

    sessions: int
    words: float
    bounded: float
    by_source: dict[str, tuple[int, int]]


def measured(
    folder: Path, half: str, *, there: float, awkward: bool = False, times: int = 5, seed: int = 0
) -> Measured:
    """Make labelled sessions and measure both ways.

    What is learnt from the rows of one mirror may hold a text only as often as a release does: once.

    Args:
        folder: where the rows go.
        half: "dev", "heldout" or "fresh".
        there: how often the item that a session began with is among the rows of its photo.
        awkward: cut the verb off, as careless texts of the release are.
        times: sessions for each text, each in a mirror of its own.
        seed: changes every draw.
    """
    right, count, wrong = Counter[str](), Counter[str](), 0
    for turn in range(times):
        truth = _write(folder / str(turn), half, there=there, awkward=awkward, seed=times * seed + turn)
        sessions = pb.load("multi_turn", mirror=str(folder / str(turn)))
        wrong += sum(row.turns[0].inferred_edit_type != truth[row.id] for row in sessions)
        for name, one in sessions.first_turns().found.items():
            right[one.type.source] += one.type.edit_type == truth[name]
            count[one.type.source] += 1
    total = count.total()
    by_source = {source: (right[source], number) for source, number in count.most_common()}
    return Measured(total, wrong / total, 1 - right.total() / total, by_source)


def _write(folder: Path, half: str, *, there: float, awkward: bool, seed: int) -> dict[str, str]:
    rng = random.Random(f"{half} {there} {awkward} {seed}")
    others = _by_type(instructions(OTHER_HALF[half]))
    weights = [kind.published_count for kind in edit_types()]
    singles: list[dict[str, Any]] = []
    sessions, truth = [], {}

    def add(number: int, slug: str, text: str) -> None:
        row = {"open_image_input_url": photo(number), "edit_type": edit_type(slug).label}
        singles.append(edit(len(singles) + 1, **row, text=text, summarized_text=text[:80]))

    for number, (text, slug) in enumerate(instructions(half), 1):
        asked = text.partition(" ")[2] if awkward else text
        if rng.random() < there:
            same = rng.random() < _SAME_WORDS
            long = f"{text}, {rng.choice(_TAILS)}" if same else _text_of(slug, others, rng)
            add(number, slug, long)
        for kind in rng.choices(edit_types(), weights, k=rng.randint(0, _MOST_OTHERS)):
            add(number, str(kind), _text_of(str(kind), others, rng))
        prompts = [asked, "Zoom in on the middle of the scene"]
        sessions.append(session(number, turns=2, metadata_edit_turn_prompts=prompts))
        truth[f"multi_turn/multi-turn/{number}_attemptA_turn2"] = slug
    mirror_of(folder, single_turn=singles, multi_turn=sessions)
    return truth


_TAILS = (
    "with the light and the perspective matched to the scene, and everything else left as it is",
    "keeping texture, grain and colour of all that is around it, for a natural and seamless result",
)


def _text_of(slug: str, others: dict[str, list[str]], rng: random.Random) -> str:
    if rng.random() < 0.5:
        return rng.choice(others[slug])
    return synthetic(slug, Dice(rng.randrange(10**6)))[0]


def _by_type(texts: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, slug in texts:
        found.setdefault(slug, []).append(text)
    return found


def main() -> None:
    half = sys.argv[1] if len(sys.argv) > 1 else "heldout"
    print("| item among the rows | texts | sessions | rules alone | with the photo's rows | by source, right of all |")
    print("|---:|---|---:|---:|---:|---|")
    for awkward in (False, True):
        for there in (1.0, 0.85, 0.5, 0.0):
            with tempfile.TemporaryDirectory() as folder:
                found = measured(Path(folder), half, there=there, awkward=awkward)
            sources = ", ".join(f"{source} {right:,}/{count:,}" for source, (right, count) in found.by_source.items())
            texts = "verb cut off" if awkward else "as written"
            print(
                f"| {there:.0%} | {texts} | {found.sessions:,} | {found.words:.1%} | {found.bounded:.1%} | {sources} |"
            )


if __name__ == "__main__":
    main()
