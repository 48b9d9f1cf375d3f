"""What a writer may hand over, how unlike instructions are, and that a photo gets no type twice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from pico_banana.errors import ModelReplyError
from pico_banana.regenerate import config_from, open_ledger, run
from pico_banana.regenerate.plan.items import make_items
from pico_banana.regenerate.values import Instruction, Outcome, Photo, Reply
from pico_banana.regenerate.work.stages import parse_written
from pico_banana.regenerate.work.written import most_alike, of_kind
from pico_banana.taxonomy import edit_type
from tests.regenerate.test_regenerate_rejudge import ITEMS, Crew, config, staff

WRITTEN = Path(__file__).parents[1] / "taxonomy"
GOOD = (
    "Change the red car in front of the bakery to a deep emerald green and keep its reflections as they are.",
    "Please blur the line between day and night: let the lamps glow and the sky turn violet above the harbour.",
    "Replace the sign with one that reads 'Fresh bread', in the same brass letters. This is a small shop.",
    "Turn the photo into a black-and-white film still with heavy grain, brighter around the dancer in the middle.",
    "Remove the dog.",
    "\u628a\u5de6\u8fb9\u7684\u7ea2\u8272\u6c7d\u8f66\u6362\u6210\u7eff\u8272\u7684\u3002",
)
BAD = {
    "Warmer": "has 6 characters",
    "Make the sky red. " * 80: "characters, not 10 to 1200",
    "- Make the sky red\n- Make the grass blue": "is a list",
    "1. Make the sky red and the grass blue.": "is a list",
    "# Sky\nMake the sky red and the grass blue.": "is a list",
    "Make the sky red.\nExplanation: it looks better with the roof.": "talks about itself",
    "Make the sky red. This edit will make the scene more dramatic.": "talks about itself",
    "Make the sky red. The change is meant to test colours.": "talks about itself",
    "Edit type: season. Make it winter with snow on the roofs.": "talks about itself",
    "Here is the instruction: make the sky red.": "talks about itself",
    "Increase the brightness and contrast of the photo.": "left out: 'Increase the brightness'",
    "Please boost the overall saturation so that it pops.": "left out",
    "Could you please sharpen the image a bit?": "left out",
    "Blur the whole photo softly.": "left out",
    "Blend the photo with another picture of a beach.": "left out",
}


def reply(text):
    return json.dumps({"suitable": True, "why": "", "prompts": [text]})


@pytest.mark.parametrize("text", GOOD)
def test_an_instruction_passes_as_it_is(text):
    assert parse_written(reply(f" {text}\n")).text == text


@pytest.mark.parametrize(("text", "told"), BAD.items())
def test_what_is_no_instruction_is_refused(text, told):
    with pytest.raises(ModelReplyError, match=told):
        parse_written(reply(text))


class Chatty(Crew):
    """Writes a tail first, an instruction when it is asked again."""

    def write(self, request):
        first = self._count("write") % 2
        tail = " This edit will look good." if first else ""
        return Reply(Outcome.OK, reply(f"Make the whole photo a good deal warmer, please.{tail}"))


def test_a_tail_is_asked_for_once_more(tmp_path):
    crew = Chatty()
    run(config(tmp_path / "p", run={"items_in_flight": 1}), tmp_path / "l", staff=staff(crew))
    assert crew.asked == {"write": 2 * ITEMS, "shorten": ITEMS, "edit": ITEMS, "judge": ITEMS}


class Repeating(Crew):
    """Writes the same until it is shown what was asked already."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def write(self, request):
        number = self._count("write")
        if "Already asked for other photos" not in request.prompt:
            return Reply(Outcome.OK, reply("Make the whole photo a good deal warmer, please."))
        self.shown.append(request.prompt.split("in other words:")[1])
        return Reply(
            Outcome.OK, reply(f"Give scene number {number} the tint of {'abcdefghij'[number % 10] * 5} light.")
        )


def test_repetitions_are_shown_and_written_anew(tmp_path):
    crew = Repeating()
    settings = {"variety": {"similar": 0.8}, "run": {"items_in_flight": 1}}
    run(config(tmp_path / "p", **settings), tmp_path / "l", staff=staff(crew))
    with open_ledger(tmp_path / "l") as ledger:
        texts = [text for (text,) in ledger.database.execute("SELECT text FROM instructions WHERE outcome = 'ok'")]
    assert len(set(texts)) == len(texts) == ITEMS
    assert crew.asked["write"] == 1 + 2 * (ITEMS - 1)
    assert crew.shown[0] == "\n- Make the whole photo a good deal warmer, please."
    assert crew.shown[1].count("\n- ") == 2


def test_how_alike_two_instructions_are():
    assert most_alike("Make it red.", ()) == (0.0, "")
    assert most_alike("Make it red.", ("make IT, red!", "Something else")) == (1.0, "make IT, red!")
    assert most_alike("make it red", ("make it blue",)) == (0.5, "make it blue")


def test_a_photo_gets_no_type_twice():
    document = {"source": {"folder": "x", "per_photo": 4}, "sessions": {"share": 0.5}}
    types = ["season", "weather", "lighting", "film_grain", "anime", "lego"]
    planned = make_items(
        config_from({**document, "assign": {"edit_types": types}}), [Photo(f"u{n}", "") for n in range(9)]
    )
    found: dict[str, Counter[str]] = {}
    for item in planned:
        found.setdefault(item.photo.url, Counter()).update(map(str, item.edit_types))
    assert len(found) == 9
    assert all(max(counts.values()) == 1 for counts in found.values())
    assert max(map(len, found.values())) == len(types)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("add_object", "Remove the brown dog from the lawn and leave everything else as it is."),
        ("remove_object", "Add a red kite to the sky above the beach, small and far away."),
        ("season", "Zoom in on the clock tower until it fills most of the frame."),
        ("pose", "Turn the photo into a winter scene with snow on the roofs and a pale sky."),
    ],
)
def test_an_instruction_of_another_type_is_refused(kind, text):
    with pytest.raises(ModelReplyError, match=f"not for {kind}"):
        of_kind(Instruction(text), edit_type(kind))


def test_instructions_of_their_own_type_are_never_refused():
    for name in ("dev", "heldout"):
        lines = (WRITTEN / f"instructions_{name}.tsv").read_text().splitlines()
        rows = [line.split("\t")[:2] for line in lines if line]
        assert len(rows) > 200
        for kind, text in rows:
            assert of_kind(Instruction(text), edit_type(kind)).text == text


class Astray(Crew):
    """Writes an instruction of another type first."""

    def write(self, request):
        first = self._count("write") % 2
        return Reply(Outcome.OK, reply("Remove the red car from the street." if first else "Make it all a bit warmer."))


def test_another_type_is_asked_for_once_more(tmp_path):
    crew = Astray()
    run(config(tmp_path / "p", run={"items_in_flight": 1}), tmp_path / "l", staff=staff(crew))
    assert crew.asked == {"write": 2 * ITEMS, "shorten": ITEMS, "edit": ITEMS, "judge": ITEMS}
