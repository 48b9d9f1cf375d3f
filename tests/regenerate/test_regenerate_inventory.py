"""Photo inventories: one call a photo, paid once, that decides which types are given out and is told to the writer."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from pico_banana.errors import ConfigError, ModelReplyError, ServerError
from pico_banana.regenerate import assemble, config_from, forecast_run, open_ledger, read_config, run
from pico_banana.regenerate.backends.base import require
from pico_banana.regenerate.ledger.packing import unpack
from pico_banana.regenerate.values import Outcome, Reply
from pico_banana.regenerate.work.seen import parse_inventory, told_of
from tests.regenerate.conftest import gemini_document
from tests.regenerate.scenes import write_mirror_folder, write_plain_folder
from tests.regenerate.test_regenerate_rejudge import Crew, config, staff

PHOTOS, PER_PHOTO = 6, 2
KINDS = ("season", "add_text", "color_tone", "pose")


def calls(ledger, stage):
    rows = ledger.database.execute(
        "SELECT calls.*, sample FROM calls JOIN makers ON makers.id = maker WHERE stage = ? ORDER BY opened", (stage,)
    )
    return [(row, unpack(row["packed"], row["sample"])) for row in rows]


@pytest.mark.parametrize("service", ["gemini", "openai"])
def test_real_clients_ask_once_a_photo_and_only_suitable_types_are_planned(tmp_path, serve, service):
    pytest.importorskip("google.genai")
    pytest.importorskip("openai")
    server = serve(throttled=0.1)
    document = gemini_document(server, write_plain_folder(tmp_path / "p", PHOTOS))
    url = server.gemini_url if service == "gemini" else server.openai_url
    document["source"]["per_photo"] = PER_PHOTO
    document["inventory"] = {"backend": service, "model": "gemini-2.5-flash", "base_url": url, "timeout_s": 20.0}
    made = config_from(document)
    state = run(made, tmp_path / "l")
    assert (state.stopped, state.failed) == ("", 0)
    with open_ledger(tmp_path / "l") as ledger:
        asked = [told for row, told in calls(ledger, "inventory") if row["outcome"] == "ok"]
        assert len(asked) == PHOTOS
        suits = dict(map(tuple, ledger.database.execute("SELECT url, suits FROM inventories")))
        planned = list(ledger.items())
        assert len(planned) == PHOTOS * PER_PHOTO
        assert all(str(item.edit_types[0]) in json.loads(suits[item.photo.url]) for item in planned)
        written = [json.loads(told.inputs)["text"] for row, told in calls(ledger, "write") if row["outcome"] == "ok"]
        assert all("- rehearsed ball" in text and "in the middle, box [400, 400, 600, 600]" in text for text in written)
        assert assemble(ledger, tmp_path / "out").accepted > 0
    again = run(made, tmp_path / "l")
    assert (again.calls, again.stopped) == (0, "")


def test_the_procedural_backend_says_what_it_could_do(tmp_path):
    photos = write_mirror_folder(tmp_path / "p", 3)
    made = config_from({"seed": 3, "source": {"folder": str(photos), "per_photo": 3}, "inventory": {}})
    state = run(made, tmp_path / "l")
    assert (state.total, state.failed) == (9, 0)
    with open_ledger(tmp_path / "l") as ledger:
        assert [row["outcome"] for row, _ in calls(ledger, "inventory")] == ["ok"] * 3
        outcomes = [row["outcome"] for row, _ in calls(ledger, "write")]
        suits = json.loads(ledger.database.execute("SELECT suits FROM inventories").fetchone()[0])
    assert outcomes == ["ok"] * 9
    assert "pose" not in suits
    assert {"remove_object", "replace_text"} <= set(suits)


class Looker(Crew):
    """Takes inventories; the second photo gets no answer at first."""

    def __init__(self, *, failing=False):
        super().__init__()
        self.failing = failing
        self.seen = Counter()

    def inventory(self, request):
        self.seen[request.photo.sha256] += 1
        if self.failing and len(self.seen) == 2:
            raise ServerError("down", status=503)
        return Reply(Outcome.OK, json.dumps({"objects": [], "suitable": [request.edit_types[-1]]}))


def staffed(crew):
    return replace(staff(crew), inventory=crew)


def test_no_plan_is_made_while_photos_wait_and_none_is_asked_twice(tmp_path):
    crew = Looker(failing=True)
    made = config(tmp_path / "p", inventory={}, run={"items_in_flight": 1, "tries": 1})
    state = run(made, tmp_path / "l", staff=staffed(crew))
    assert "nobody looked at 1 photos" in state.stopped
    with open_ledger(tmp_path / "l") as ledger:
        assert ledger.item_count() == 0
    crew.failing = False
    assert run(made, tmp_path / "l", staff=staffed(crew)).stopped == ""
    assert sorted(crew.seen.values()) == [1] * (len(crew.seen) - 1) + [2]  # the one that failed, and no other
    with open_ledger(tmp_path / "l") as ledger:
        assert {str(item.edit_types[0]) for item in ledger.items()} == {"color_tone"}
    asked = crew.seen.total()
    other = config(tmp_path / "p", inventory={"model": "another"}, run={"items_in_flight": 1})
    assert run(other, tmp_path / "l", staff=staffed(crew), accept_changes=True).stopped == ""
    assert crew.seen.total() == asked  # the plan is there: nobody looks any more


def test_a_forecast_counts_them_and_a_plan_without_them_is_refused(tmp_path, capsys):
    from pico_banana.cli import main

    photos = write_plain_folder(tmp_path / "p", 4)
    path = tmp_path / "c.toml"
    path.write_text(f'[source]\nfolder = "{photos}"\nper_photo = 2\n[inventory]\nbackend = "procedural"\n')
    assert forecast_run(read_config(path), tmp_path / "l").calls["inventory"] == 4
    assert main(["regenerate", "plan", str(path), "--ledger", str(tmp_path / "l")]) != 0
    assert "[inventory]" in capsys.readouterr().err


GOOD = {
    "objects": [
        {"name": "blue mug", "kind": "object", "place": "left", "box": [100, 200, 300, 400], "text": ""},
        {"name": "sign", "kind": "text", "place": "above", "box": [900, 0, 100, 50], "text": "OPEN"},
    ],
    "suitable": ["season", "add_text"],
}


def test_a_reply_is_read_as_it_stands():
    seen = parse_inventory(json.dumps(GOOD), KINDS)
    assert seen.suits == {"season", "add_text"}
    assert [thing.box for thing in seen.objects] == [(0.1, 0.2, 0.3, 0.4), (0.0, 0.0, 1.0, 1.0)]
    assert told_of(seen.objects).splitlines() == [
        "- blue mug (object), left, box [100, 200, 300, 400] of 1000",
        '- sign (text) that reads "OPEN", above',
    ]


@pytest.mark.parametrize("side", ["9" * 4000, "-1", "1001", "true", "null", '"5"', "[5]", "1e999", "NaN"])
def test_an_impossible_box_is_the_whole_photo(side):
    """A whole number of four thousand digits is JSON, and more than a division takes."""
    text = json.dumps(GOOD).replace("[100, 200, 300, 400]", f"[0, 0, {side}, 500]")
    assert parse_inventory(text, KINDS).objects[0].box == (0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"suitable": ["zoom_in"]}, "zoom_in"),
        ({"suitable": "season"}, "lacks a list"),
        ({"objects": [{"name": "x", "kind": "animal"}]}, "lacks a name, or a kind"),
        ({"objects": [{"name": " ", "kind": "object"}]}, "lacks a name"),
    ],
)
def test_what_was_not_asked_for_is_refused(change, told):
    with pytest.raises(ModelReplyError, match=told):
        parse_inventory(json.dumps({**GOOD, **change}), KINDS)


def test_a_backend_that_cannot_look_is_said():
    with pytest.raises(ConfigError, match=r"\[inventory\].* has no method inventory"):
        require(Crew(), "inventory", stage="inventory")
