"""First turns of sessions: bounded by the rows of their photo, with the source of each type named."""

from __future__ import annotations

import json

import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, SelectionError
from pico_banana.rows.first_turns import first_turns, read_first_turns
from pico_banana.taxonomy import edit_type
from tests.core.core_rows import edit, mirror_of, photo, session
from tests.taxonomy.instructions import instructions
from tests.taxonomy.labelled_sessions import measured


@pytest.mark.parametrize("texts", ["heldout", "fresh"])
def test_the_error_is_at_most_half_of_that_of_the_words_alone(texts, tmp_path):
    """Where the verb is cut off, too."""
    for awkward in (False, True):
        found = measured(tmp_path / str(awkward), texts, there=0.85, awkward=awkward)
        assert found.sessions == 5 * len(instructions(texts))
        assert found.words > 0.02
        assert found.bounded <= found.words / 2
        right, count = found.by_source["same_edit"]
        assert right / count > 0.98


@pytest.mark.parametrize("awkward", [False, True])
def test_without_the_item_among_the_rows_it_is_hardly_worse(awkward, tmp_path):
    found = measured(tmp_path, "fresh", there=0.0, awkward=awkward)
    assert found.bounded <= found.words + 0.02


def told(folder, rows, instruction):
    """Give what is found of a session with this first turn, whose photo has these single-turn rows."""
    singles = [edit(9, open_image_input_url=photo(900))] if not rows else [
        edit(number, open_image_input_url=photo(1), edit_type=edit_type(slug).label, text=text, summarized_text="")
        for number, (slug, text) in enumerate(rows, 1)
    ]  # fmt: skip
    two = session(1, turns=2, metadata_edit_turn_prompts=[instruction, "Zoom in"])
    mirror_of(folder, single_turn=singles, multi_turn=[two])
    (found,) = pb.load("multi_turn", mirror=str(folder)).first_turns().found.values()
    return found


def test_the_same_edit_is_found_by_its_words(tmp_path):
    found = told(
        tmp_path,
        [
            ("weather", "Let heavy snow fall over the harbour, covering the roofs"),
            ("lighting", "Bathe the harbour in golden evening light, with long shadows over the roofs and a warm glow"),
        ],
        "Bathe the harbour in golden evening light",
    )
    assert (found.type.edit_type, found.type.source) == ("lighting", "same_edit")
    assert found.same_edit_as == "single_turn/positive-edit/2"
    assert found.rows == 2
    assert found.type.confidence > 0.9


def test_where_the_words_say_nothing_the_photo_does(tmp_path):
    found = told(tmp_path, [("season", "Turn the park into an autumn scene")], "lovely, thanks")
    assert found.by_words is None
    assert (found.type.edit_type, found.type.source) == ("season", "photo")


def test_words_decide_among_the_types_of_the_photo(tmp_path):
    rows = [("zoom_in", "Zoom in on the clock"), ("remove_object", "Remove the kite from the sky")]
    found = told(tmp_path, rows, "Take away the parked van")
    assert (found.type.edit_type, found.type.source) == ("remove_object", "photo_and_words")
    assert found.same_edit_as == ""


def test_a_photo_without_rows_leaves_it_to_the_words(tmp_path):
    found = told(tmp_path, [], "Remove the kite from the sky")
    assert (found.type.edit_type, found.type.source, found.rows) == ("remove_object", "words", 0)
    nothing = told(tmp_path / "2", [], "lovely, thanks")
    assert (nothing.type.edit_type, nothing.type.confidence) == (None, 0.0)


def test_types_that_nobody_knows_bound_nothing(tmp_path):
    folder = mirror_of(
        tmp_path,
        single_turn=[edit(1, edit_type="An odd label")],
        multi_turn=[session(1, turns=2, metadata_edit_turn_prompts=["Remove the kite", "Zoom in"])],
    )
    (found,) = pb.load("multi_turn", mirror=str(folder)).first_turns().found.values()
    assert (found.type.edit_type, found.type.source, found.rows) == ("remove_object", "words", 1)


def test_it_is_an_annotation_of_sessions_and_costs_opening_nothing(tmp_path, capsys):
    pytest.importorskip("duckdb")
    out = tmp_path / "first.parquet"
    assert main(["first-turns", str(out), "--mirror", "sample", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    sessions = pb.load("multi_turn", mirror="sample")
    found = sessions.first_turns()
    assert counts == {"sessions": len(sessions), "sources": found.sources, "out": str(out)}
    assert sum(found.sources.values()) == len(sessions)
    assert read_first_turns(out) == found.types
    by_photo = sessions.where("first_source != 'words' and first_confidence > 0.5", out)
    wanted = [name for name, one in found.types.items() if one.source != "words" and one.confidence > 0.5]
    assert by_photo.ids == wanted
    with pytest.raises(ConfigError, match="first-turns"):
        read_first_turns({"id": ["a"]})


def test_other_rows_are_refused():
    singles = pb.load("single_turn", mirror="sample")
    with pytest.raises(SelectionError, match="rows of multi_turn here"):
        singles.first_turns()
    with pytest.raises(SelectionError, match="rows of single_turn here"):
        first_turns(pb.load("multi_turn", mirror="sample"), pb.load("multi_turn", mirror="sample"))


def test_the_published_session(real_rows, tmp_path):
    mirror_of(
        tmp_path,
        single_turn=(real_rows / "sft.jsonl").read_bytes(),
        multi_turn=(real_rows / "multi-turn.jsonl").read_bytes(),
    )
    (found,) = pb.load("multi_turn", mirror=str(tmp_path)).first_turns().found.values()
    assert (found.type.edit_type, found.type.source) == ("color_tone", "words")  # no quoted row shows its photo
