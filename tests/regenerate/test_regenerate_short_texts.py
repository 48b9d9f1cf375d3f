"""What is left of a shortener's reply when the marks that models put around it are gone."""

from __future__ import annotations

import pytest

from pico_banana.regenerate.work.stages import short_text

REPLIES = {
    '"Make it warm."': "Make it warm.",
    '```\nShort: "Make it warm."\n```': "Make it warm.",
    "\u201cMake it warm\u201d": "Make it warm",
    '"Make it warm': "Make it warm",
    'Change the sign to "OPEN"': 'Change the sign to "OPEN"',
    '"OPEN" becomes "CLOSED"': '"OPEN" becomes "CLOSED"',
    '"Say "hi" on the sign"': 'Say "hi" on the sign',
    "'Fill the dog's bowl'": "Fill the dog's bowl",
    "Move the dogs' bowl": "Move the dogs' bowl",
    "": "",
}


@pytest.mark.parametrize(("said", "text"), REPLIES.items())
def test_marks_around_a_text_go_and_those_of_its_words_stay(said, text):
    assert short_text(said) == text
