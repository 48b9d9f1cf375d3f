"""Order: a function of seed and epoch alone; exact resume; ranks; failed pictures counted."""

from __future__ import annotations

import json
import threading
from itertools import chain

import pytest

import pico_banana as pb
from pico_banana.errors import ConfigError, PictureCorruptError, PictureError
from pico_banana.pictures.filesystem import local_path
from pico_banana.training.loader import Loader, make_examples, make_loader
from pico_banana.training.loader.order import generator, plan_batches

TEXT = {"batch_size": 5, "columns": ["instruction"]}


def ids(loader) -> list[list[str]]:
    return [batch["id"] for batch in loader]


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_order_does_not_depend_on_the_number_of_workers(singles, workers):
    loader = make_loader(singles, batch_size=5, size=8, shuffle=True, seed=3, workers=workers)
    expected = make_loader(singles, shuffle=True, seed=3, workers=0, **TEXT)
    assert ids(loader) == ids(expected)


def test_the_random_stream_is_pinned():
    assert generator(3, 1).permutation(8).tolist() == [7, 1, 0, 6, 2, 3, 5, 4]


def test_epochs_differ_and_repeat(singles):
    loader = make_loader(singles, shuffle=True, seed=1, **TEXT)
    first, second = ids(loader), ids(loader)
    assert first != second
    assert sorted(chain(*first)) == sorted(chain(*second)) == sorted(singles.ids)
    loader.set_epoch(0)
    assert ids(loader) == first
    assert ids(make_loader(singles, shuffle=True, seed=2, **TEXT)) != first


def test_leaving_early_starts_over(singles):
    loader = make_loader(singles, shuffle=True, **TEXT)
    first = next(iter(loader))["id"]
    assert ids(loader)[0] == first


@pytest.mark.parametrize("given", [0, 1, 3, 5])
def test_a_saved_state_resumes_at_the_next_batch(singles, given):
    whole = make_loader(singles, shuffle=True, seed=9, **TEXT)
    expected = [*ids(whole), *ids(whole)]
    stopped = make_loader(singles, shuffle=True, seed=9, **TEXT)
    running = iter(stopped)
    for _ in range(given):
        next(running)
    state = json.loads(json.dumps(stopped.state_dict()))
    resumed = make_loader(singles, shuffle=True, seed=9, workers=1, **TEXT)
    resumed.load_state_dict(state)
    assert [*ids(resumed), *ids(resumed)] == expected[given:]


def test_a_state_of_something_else_is_refused(singles):
    state = make_loader(singles, seed=1, **TEXT).state_dict()
    with pytest.raises(ConfigError, match="seed=1"):
        make_loader(singles, seed=2, **TEXT).load_state_dict(state)
    with pytest.raises(ConfigError, match="examples"):
        make_loader(singles[:9], seed=1, **TEXT).load_state_dict(state)


@pytest.mark.parametrize("world", [1, 2, 3])
def test_ranks_share_the_batches_without_overlap(singles, world):
    all_batches = ids(make_loader(singles, shuffle=True, **TEXT))
    shares = [ids(make_loader(singles, shuffle=True, rank=r, world_size=world, **TEXT)) for r in range(world)]
    assert [share for rank in range(world) for share in shares[rank]] == [
        batch for rank in range(world) for batch in all_batches[rank::world]
    ]
    even = [make_loader(singles, rank=r, world_size=world, drop_last=True, **TEXT) for r in range(world)]
    assert len({len(loader) for loader in even}) == 1
    assert all(len(batch) == 5 for loader in even for batch in ids(loader))


def test_another_world_size_takes_over_where_it_divides(singles):
    pair = [make_loader(singles, rank=rank, world_size=2, batch_size=3, columns=["id"]) for rank in (0, 1)]
    for loader in pair:
        running = iter(loader)
        next(running), next(running)
    alone = make_loader(singles, batch_size=3, columns=["id"])
    alone.load_state_dict(pair[0].state_dict())
    assert ids(alone) == ids(make_loader(singles, batch_size=3, columns=["id"]))[4:]
    with pytest.raises(ConfigError, match="ranks"):
        make_loader(singles, batch_size=3, columns=["id"], world_size=3).load_state_dict(pair[0].state_dict())
    with pytest.raises(ConfigError, match="ranks count from 0"):
        make_loader(singles, rank=2, world_size=2)


def test_grouped_batches_come_as_they_fill():
    groups = ["a", "b", "a", "a", "b", "c"]
    assert plan_batches(range(6), 2, groups=groups) == [[0, 2], [1, 4], [3], [5]]
    assert plan_batches(range(6), 2, groups=groups, drop_last=True) == [[0, 2], [1, 4]]


@pytest.mark.parametrize("batch_size", [5, 4, 7])
def test_ranks_get_the_same_number_of_batches_where_the_last_are_dropped(singles, batch_size):
    def counts(*, drop_last):
        options = {"batch_size": batch_size, "world_size": 2, "drop_last": drop_last}
        return [len(make_loader(singles, rank=rank, **options)) for rank in range(2)]

    assert len({*counts(drop_last=True)}) == 1
    assert counts(drop_last=False) == {5: [3, 2], 4: [3, 3], 7: [2, 2]}[batch_size]


class Breaking:
    """Gives the files of addresses, except of some that are damaged."""

    def __init__(self, broken, folder):
        self.broken = set(broken)
        self.bad = folder / "bad.png"
        self.bad.write_bytes(b"not a picture")

    def __call__(self, address):
        return self.bad if address in self.broken else local_path(address)


def test_a_failed_picture_is_raised_skipped_or_replaced(singles, tmp_path):
    broken = Breaking([singles[2].edited.address, singles[20].edited.address], tmp_path)
    options = {"batch_size": 6, "size": 8, "local_path": broken}
    with pytest.raises(PictureCorruptError, match="edited"):
        list(make_loader(singles, **options))
    skipping = make_loader(singles, on_error="skip", **options)
    assert [len(batch) for batch in ids(skipping)] == [5, 6, 6, 5]
    report = skipping.report
    assert (report.asked, report.given, report.replaced, report.skipped) == (24, 22, 0, 2)
    assert set(report.failed) == {singles[2].id, singles[20].id}
    assert "not a picture" in report.failed[singles[2].id]
    replacing = make_loader(singles, on_error="replace", **options)
    first = ids(replacing)
    assert [len(batch) for batch in first] == [6, 6, 6, 6]
    assert (replacing.report.given, replacing.report.replaced, replacing.report.skipped) == (22, 2, 0)
    assert first == ids(make_loader(singles, on_error="replace", workers=0, **options))


def test_rows_that_give_no_example_are_listed_with_the_reason(tmp_path):
    sessions, preferences = (pb.load(subset, mirror="sample") for subset in ("multi_turn", "preference"))
    session = next(row for row in sessions if any(turn.image is None for turn in row.turns))
    assert [turn.image is None for turn in session.turns] == [True, False, False]
    pair = next(row for row in preferences if not row.rejected)
    reports = []
    for rows, turns in ((sessions, "whole"), (sessions, "each"), (preferences, "each")):
        loader = make_loader(rows, turns=turns, columns=["id"], batch_size=1, workers=0)
        given = [name for batch in loader for name in batch["id"]]
        assert len(given) == loader.report.given == loader.report.asked
        assert not {*given} & {*loader.report.left_out}
        reports.append(loader.report.left_out)
    assert reports == [
        {session.id: "no picture of turn 1"},
        {f"{session.id}#turn1": "no picture of turn 1", f"{session.id}#turn2": "no picture of turn 1"},
        {pair.id: "the row has no rejected edit"},
    ]
    packed = preferences.select(ids=[pair.id, preferences[0].id]).pack(tmp_path / "pack", size=8)
    assert (packed.total, packed.packed, packed.left_out) == (1, 1, reports[-1])


def test_what_is_no_number_is_refused_in_words(singles):
    for wrong in ({"batch_size": "8"}, {"seed": "a"}, {"workers": 1.5}, {"rank": "0"}, {"world_size": True}):
        (key,) = wrong
        with pytest.raises(ConfigError, match=rf"^{key}=.* is not a whole number") as refused:
            make_loader(singles, **wrong)
        assert refused.value.key == key
    with pytest.raises(ConfigError, match="not the state of a loader"):
        make_loader(singles).load_state_dict({})


def test_a_batch_of_failures_is_left_out(singles, tmp_path):
    broken = Breaking([row.edited.address for row in singles], tmp_path)
    loader = make_loader(singles, on_error="skip", size=8, local_path=broken)
    assert list(loader) == []
    assert loader.report.skipped == loader.report.asked == 24


def test_buckets_count_unreadable_pictures_too(singles, tmp_path):
    broken = Breaking([singles[2].edited.address], tmp_path)
    options = {"geometry": "bucket", "buckets": [(16, 16)], "local_path": broken}
    loader = make_loader(singles, on_error="skip", **options)
    assert sum(len(batch) for batch in ids(loader)) == 23
    assert loader.report.skipped == 1
    with pytest.raises(PictureError):
        list(make_loader(singles, **options))


def test_decoding_ahead_is_bounded(singles):
    class Counting:
        name, batchable = "counting", True
        running = most = 0

        def __len__(self):
            return 400

        def groups(self, workers):
            return None

        def id(self, index):
            return str(index)

        def load(self, index):
            with lock:
                started.append(index)
            return {"id": str(index)}

    lock, started = threading.Lock(), []
    running = iter(Loader(Counting(), batch_size=4, workers=2, prefetch=2))
    for given in range(1, 20):
        next(running)
        assert len(started) <= 4 * (given + 2)
    running.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pico-banana")]


def test_examples_name_themselves(singles):
    assert make_examples(singles).name == make_examples(singles).name
    assert make_examples(singles).name != make_examples(singles, wording="short").name
