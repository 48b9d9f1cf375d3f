"""A model trained on rows whose types are known: same interface, its own accuracy, and a file that gives it back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from pico_banana.errors import ConfigError, StoreError, UnknownNameError
from pico_banana.rehearsal.making.dice import Dice
from pico_banana.rehearsal.making.phrases import instructions
from pico_banana.rows.inference import UNDECIDED, evaluate, infer, infer_many, load_model, train
from pico_banana.taxonomy import edit_type_from_label, edit_types


def rows(seed: int, count: int) -> list[tuple[str, str]]:
    return [(instructions(kind, Dice(seed, n))[0], kind) for n in range(count) for kind in edit_types()]


@pytest.fixture(scope="module")
def model():
    texts, types = zip(*rows(1, 80), strict=True)
    return train(texts, types)


def test_learns_what_it_is_shown(model):
    found = evaluate(rows(2, 4), model=model)
    assert found.accuracy >= 0.97
    assert model.trained_on == 2800
    assert model.accuracy >= 0.9


def test_same_interface_as_the_rules(model):
    text = rows(3, 1)[-1][0]
    found = infer(text, model=model)
    codes, confidence = infer_many([text, "\u63db"], model=model)
    assert (codes.dtype, confidence.dtype) == (np.int8, np.float32)
    assert found.edit_type == edit_types()[codes[0]] == "outpainting"
    assert found.confidence == pytest.approx(float(confidence[0]))
    assert (codes[1], confidence[1]) == (UNDECIDED, 0.0)
    assert infer("\u63db", model=model).edit_type is None


def test_cues_are_the_words_that_speak_for_it(model):
    found = infer("Zoom in on the clock", model=model)
    assert found.edit_type == "zoom_in"
    assert found.cues[0].words == ("zoom",)
    assert all(cue.weight > 0 and cue.edit_type == "zoom_in" for cue in found.cues)


def test_saved_model_guesses_the_same(model, tmp_path):
    model.save(tmp_path / "models" / "types.json")
    again = load_model(tmp_path / "models" / "types.json")
    texts = [text for text, _ in rows(4, 3)]
    assert (again.infer_many(texts).codes == model.infer_many(texts).codes).all()
    assert again.infer_many(texts).confidence == pytest.approx(model.infer_many(texts).confidence, abs=0.01)
    assert (again.words, again.trained_on, again.accuracy) == (model.words, 2800, model.accuracy)


def test_confidence_is_measured_on_rows_held_out():
    """Types that cannot be told apart must not be guessed with confidence."""
    words = ["one", "two", "three", "four", "five"]
    texts = [f"{words[n % 5]} {words[n // 5 % 5]} {words[n // 25 % 5]} thing of the kind" for n in range(500)]
    types = ["add_object" if n * 7919 % 11 < 5 else "remove_object" for n in range(500)]
    found = train(texts, types)
    _, confidence = found.infer_many(texts)
    assert 0.3 < found.accuracy < 0.7
    assert confidence.mean() < 0.75


def test_unknown_types_are_left_out():
    kinds = [edit_type_from_label(name) for name in ("zoom_in", "Swap two faces", "lego")]
    assert train(["zoom zoom", "swap swap", "lego lego"], kinds).trained_on == 2


def test_too_few_rows_to_hold_any_out(tmp_path):
    found = train(["zoom zoom", "lego lego"], ["Zoom in", "LEGO-minifigure rendition of the person"])
    assert math.isnan(found.accuracy)
    found.save(tmp_path / "m.json")
    assert math.isnan(load_model(tmp_path / "m.json").accuracy)
    assert found.infer("zoom").edit_type == "zoom_in"


@pytest.mark.parametrize(
    ("texts", "types", "message"),
    [
        ([], [], "nothing to train on"),
        (["a", "b"], ["zoom_in"], "2 texts, but 1 edit types"),
        (["a"], [edit_type_from_label("Swap two faces")], "nothing to train on"),
    ],
)
def test_nothing_to_learn_from(texts, types, message):
    with pytest.raises(ConfigError, match=message):
        train(texts, types)


def test_a_name_that_is_no_type():
    with pytest.raises(UnknownNameError, match="zoom_in"):
        train(["a"], ["zoom_ni"])


def test_a_file_that_is_no_model(tmp_path, model):
    for content in ("", "[]", "{}", '{"format": "something else"}', "\x00"):
        path = tmp_path / "bad.json"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ConfigError, match=r"bad\.json"):
            load_model(path)
    with pytest.raises(ConfigError, match=r"none\.json"):
        load_model(tmp_path / "none.json")
    model.save(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(document | {"edit_types": ["zoom_in"]}), encoding="utf-8")
    with pytest.raises(ConfigError, match="train"):
        load_model(path)


def test_a_folder_that_cannot_be_written(tmp_path, model):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError):
        model.save(tmp_path / "file" / "model.json")
