"""The built-in rules: how good they are, that they read a sentence rightly, and that they say why."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pico_banana.rehearsal.making.dice import Dice
from pico_banana.rehearsal.making.phrases import instructions as synthetic_instructions
from pico_banana.rows import inference
from pico_banana.rows.inference import UNDECIDED, evaluate, infer, infer_many
from pico_banana.taxonomy import edit_type_from_label, edit_types
from tests.taxonomy.instructions import instructions

CUES = json.loads(Path(inference.__file__).with_name("cues.json").read_text(encoding="utf-8"))

# Measured 96.7 % (2 rows of 210 are 1 %).
HELD_OUT_AT_LEAST = 0.95


def test_accuracy_on_instructions_never_looked_at(capsys):
    found = evaluate(instructions("heldout"))
    with capsys.disabled():
        print(f"\nheld-out {found}")
    assert found.rows == 210
    assert found.accuracy >= HELD_OUT_AT_LEAST
    assert found.category_accuracy >= 0.97
    assert min(score.recall for score in found.by_type) >= 0.5


def test_accuracy_on_the_instructions_the_rules_were_written_with():
    assert evaluate(instructions("dev")).accuracy >= 0.97


def test_accuracy_on_synthetic_rows():
    """Another hand wrote these; 93 % were right on first sight, the rules were mended since."""
    rows = [
        (text, kind) for kind in edit_types() for n in range(6) for text in synthetic_instructions(kind, Dice(3, n))
    ]
    assert evaluate(rows).accuracy >= 0.96


def test_confidence_can_be_believed():
    found = evaluate(instructions("heldout"))
    assert found.calibration_gap <= 0.10
    for part in found.bins:
        if part.rows >= 10:
            assert part.accuracy >= part.confidence - 0.10, part


def test_halves_are_complete_and_apart():
    dev, heldout = instructions("dev"), instructions("heldout")
    for half in (dev, heldout):
        counts = Counter(slug for _, slug in half)
        assert set(counts) == set(map(str, edit_types()))
        assert min(counts.values()) >= 6
    assert not {text.casefold() for text, _ in dev} & {text.casefold() for text, _ in heldout}


def test_published_session(real_rows):
    session = json.loads((real_rows / "multi-turn.jsonl").read_text(encoding="utf-8"))
    codes, confidence = infer_many(session["metadata_edit_turn_prompts"])
    guesses = [str(edit_types()[code]) for code in codes]
    assert guesses == ["color_tone", "zoom_in", "outpainting", "photo_to_cartoon", "replace_object"]
    assert (confidence > 0.5).all()


@pytest.mark.parametrize("key", ["text", "summarized_text"])
def test_published_single_turns(real_rows, key):
    lines = (real_rows / "sft.jsonl").read_bytes().decode().split("\n")
    rows = [json.loads(line) for line in lines if line]
    found = evaluate([(row[key], edit_type_from_label(row["edit_type"])) for row in rows])
    assert found.rows == 14
    assert found.accuracy == 1, found.mistakes


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Remove the comic poster from the wall, keeping the painting next to it", "remove_object"),
        ("Add a man in a red coat smiling under the neon sign", "add_object"),
        ("Replace the old wooden chair with a modern one", "replace_object"),
        ("Replace the old sign's words with 'Chairs'", "replace_text"),
        ("Remove the 'LEGO' sign", "remove_object"),
        ("While leaving the snow as it is, zoom in on the fox", "zoom_in"),
        ("Have the sheep replaced by llamas", "replace_object"),
        ("Let it rain", "weather"),
        ("Flag removed; sky continued", "remove_object"),
        ("ext\nuser\nSeamlessly remove the kite", "remove_object"),
        ("Put the man\u2019s hat on the shelf", "accessories"),
        ("Make the se\u00f1ora smile", "expression"),
        ("ZOOM IN ON THE CLOCK!!", "zoom_in"),
    ],
)
def test_reading_a_sentence(text, slug):
    assert infer(text).edit_type == slug


def test_where_the_words_stand_decides():
    """The same words, with another verb, another object or after the request has ended."""
    assert infer("Replace the cartoon poster with a mirror").edit_type == "replace_object"
    assert infer("Turn the photo into a cartoon").edit_type == "photo_to_cartoon"
    assert infer("Put a dog on the sofa").edit_type == "add_object"
    assert infer("Put the dog on the left of the sofa").edit_type == "relocate_object"
    assert infer("Add a bench, matching the golden hour light").edit_type == "add_object"
    assert infer("Add golden hour light").edit_type == "lighting"


@pytest.mark.parametrize("text", ["", "   ", "!?", "\n", "\u63db", "lovely, thanks", '"zoom in"'])
def test_nothing_to_go_by_is_undecided(text):
    found = infer(text)
    assert (found.edit_type, found.confidence, found.cues) == (None, 0.0, ())
    codes, confidence = infer_many([text])
    assert (codes.tolist(), confidence.tolist()) == ([UNDECIDED], [0.0])


def test_one_and_many_agree():
    texts = [text for half in ("dev", "heldout") for text, _ in instructions(half)][::4]
    texts[10:10] = ["", "nothing to go by"]
    codes, confidence = infer_many(iter(texts))
    for text, code, sure in zip(texts, codes, confidence, strict=True):
        found = infer(text)
        assert found.edit_type == (None if code == UNDECIDED else edit_types()[code])
        assert found.confidence == pytest.approx(sure, abs=1e-5)


def test_neighbours_in_a_batch_do_not_matter():
    """Phrases and clauses must not run on into the next text, nor into the next batch."""
    texts = [text for text, _ in instructions("dev")] + ["zoom", "out", "add the golden", "hour"]
    once, _ = infer_many(texts)
    often, _ = infer_many(texts * 40)
    assert len(often) > 2 * 8192
    assert (often.reshape(40, -1) == once).all()
    assert (infer_many(texts[::-1]).codes == once[::-1]).all()


def test_no_texts():
    codes, confidence = infer_many([])
    assert (codes.dtype, confidence.dtype) == (np.int8, np.float32)
    assert len(codes) == len(confidence) == 0


def test_cues_say_why():
    found = infer("Replace the wooden chair with a stool, keeping the snow outside")
    assert found.edit_type == "replace_object"
    assert 0 < found.confidence <= 1
    best = found.cues[0]
    assert (best.edit_type, best.words, best.pattern) == (
        "replace_object",
        ("replace",),
        "verb:replace !object:whole|background",
    )
    assert str(best) == "replace_object +3.5: replace (verb:replace !object:whole|background)"
    assert not any("snow" in cue.words for cue in found.cues)


def test_cues_add_up_to_the_guess():
    for text, _ in instructions("heldout")[::7]:
        found = infer(text)
        sums = Counter()
        for cue in found.cues:
            sums[cue.edit_type] += cue.weight
            assert set(cue.words) <= {*re.findall(r"[^\W_]+", text.lower()), "quotedtext"}
        assert sums[found.edit_type] == max(sums.values())
        others = [cue.edit_type != found.edit_type for cue in found.cues]
        assert others == sorted(others)


def test_cue_data_is_consistent():
    verbs, groups = CUES["verbs"], CUES["groups"]
    assert list(CUES["edit_types"]) == list(edit_types())
    used = set()
    for slug, facts in CUES["edit_types"].items():
        assert facts["explanation"].endswith("."), slug
        assert facts["cues"], slug
        for pattern, weight in facts["cues"].items():
            assert weight > 0, pattern
            for term in pattern.split():
                zone, _, names = term.removeprefix("!").rpartition(":")
                assert zone in {"", "verb", "next", "object", "goal"}, pattern
                known = verbs if zone == "verb" else groups
                assert set(names.split("|")) <= set(known), pattern
                used |= {(zone == "verb", name) for name in names.split("|")}
    unused = {name for name in groups if (False, name) not in used} | {
        name for name in verbs if (True, name) not in used
    }
    assert unused == {"ignored"}
    for name, words in [*verbs.items(), *groups.items()]:
        assert len(words) == len(set(words)), name
        assert all(re.fullmatch(r"[\^~]?[a-z0-9]+( [a-z0-9]+)*", word) for word in words), name


def test_import_loads_no_numpy():
    code = (
        "import sys, pico_banana.rows.inference as i; assert 'numpy' not in sys.modules; assert i.train; import numpy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = inference.nonsense
