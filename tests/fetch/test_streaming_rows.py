"""Rows in order with their pictures here, a bounded number ahead, from any saved place."""

from __future__ import annotations

import json
import time

import pytest

import pico_banana as pb
from pico_banana.errors import ConfigError, PictureMissingError, UnknownNameError
from pico_banana.pictures.jobs.streaming import prefetched
from pico_banana.pictures.readahead import ReadAhead
from pico_banana.rehearsal.serving.faults import Fault, Rule
from pico_banana.rehearsal.serving.serve import serve


@pytest.mark.parametrize("subset", ["single_turn", "preference", "multi_turn"])
def test_rows_come_in_order_with_their_pictures(rehearsal, subset):
    with serve(rehearsal, latency_s=0.002) as server:
        rows = pb.load(subset, mirror=server.url, shuffle=3)
        seen = []
        for row in rows.stream(ahead=8):
            seen.append(row.id)
            before = server.log.total
            row.source.bytes()
            assert server.log.total >= before
        assert seen == rows.ids
        assert set(server.log.by_path.values()) == {1}
        server.log.clear()
        assert [row.id for row in rows.stream()] == rows.ids
        assert server.log.total == 0


def test_no_more_than_so_many_rows_are_ahead(rehearsal):
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url)
        taken = []
        pairs = prefetched((taken.append(row.id) or row for row in rows), lambda row: [row.edited.address], ahead=5)
        for number, _ in zip(range(10), pairs, strict=False):
            assert len(taken) <= number + 5
        pairs.close()


def test_a_saved_place_is_resumed_exactly(rehearsal):
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url)
        stream = rows.stream(ahead=4)
        begun = iter(stream)
        first = [next(begun).id for _ in range(7)]
        state = json.loads(json.dumps(stream.state_dict()))
        begun.close()
        again = rows.stream()
        again.load_state_dict(state)
        assert first + [row.id for row in again] == rows.ids
        assert [row.id for row in again] == rows.ids, "the next pass starts at the beginning"
        with pytest.raises(ConfigError, match="other rows"):
            rows.select(limit=3).stream().load_state_dict(state)


def test_a_missing_picture_is_an_error_or_a_choice(rehearsal):
    rules = (Rule(Fault.MISSING_404, where="*/positive-edit/*", share=0.2),)
    with serve(rehearsal, faults=rules) as server:
        rows = pb.load("single_turn", mirror=server.url)
        with pytest.raises(PictureMissingError):
            list(rows.stream())
        skipping, keeping = rows.stream(on_missing="skip"), rows.stream(on_missing="keep")
        given = [row.id for row in skipping]
        assert 0 < len(skipping.skipped) < len(rows)
        assert sorted([*given, *skipping.skipped]) == sorted(rows.ids)
        assert [row.id for row in keeping] == rows.ids
        assert keeping.skipped.keys() == skipping.skipped.keys()
        with pytest.raises(UnknownNameError):
            rows.stream(on_missing="drop")


def test_a_streamed_datasets_set_fetches_ahead_of_its_reader(rehearsal):
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url)
        stream = iter(pb.load_dataset("single_turn", split="train", mirror=server.url, streaming=True))
        server.log.clear()
        assert next(stream)["edited_image"].size
        deadline = time.monotonic() + 10
        while server.log.total < 10 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.log.total >= 10, "the pictures of the next rows are on their way"
        assert len(list(stream)) == len(rows) - 1
        assert set(server.log.by_path.values()) == {1}


def test_a_streamed_set_that_opens_no_picture_fetches_none(rehearsal):
    with serve(rehearsal) as server:
        stream = pb.load_dataset("single_turn", split="train", mirror=server.url, streaming=True)
        server.log.clear()
        assert len(list(stream.select_columns(["instruction"]))) > 0
        assert server.log.total == 0


def test_what_is_expected_is_fetched_a_bounded_number_ahead():
    brought = []
    ahead = ReadAhead(brought.append, ahead=3)
    ahead.expect([f"a{n}" for n in range(10)])
    assert not brought, "expecting alone fetches nothing"
    ahead.opened("a0")
    ahead.opened("elsewhere")
    ahead.opened("a1")
    ahead._pool.shutdown()
    assert sorted(brought) == ["a1", "a2", "a3", "a4"]
