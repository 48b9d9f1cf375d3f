"""What comes out of a loader: shapes, columns, pixels; for single turns, preferences and sessions."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pico_banana.errors import ConfigError, UnknownNameError
from pico_banana.training.loader import make_loader


def test_batches_hold_every_row_once_in_order(singles):
    batches = list(make_loader(singles, batch_size=10, size=32))
    assert [len(batch["id"]) for batch in batches] == [10, 10, 4]
    assert [name for batch in batches for name in batch["id"]] == singles.ids
    first = batches[0]
    assert first["source"].shape == first["edited"].shape == (10, 32, 32, 3)
    assert first["source"].dtype == np.uint8
    assert first["instruction"] == [singles[i].instruction for i in range(10)]
    assert first["edit_type"] == [str(singles[i].edit_type) for i in range(10)]


def test_full_size_pixels_are_pillows(singles):
    for record, example in zip(singles, make_loader(singles, batch_size=None, geometry="none"), strict=True):
        for column, picture in (("source", record.source), ("edited", record.edited)):
            expected = np.asarray(Image.open(io.BytesIO(picture.bytes())).convert("RGB"))
            np.testing.assert_array_equal(example[column], expected)


def test_match_gives_the_edit_the_sources_size(singles):
    changes = set()
    for record, batch in zip(singles, make_loader(singles, batch_size=1, geometry="match_source"), strict=True):
        assert batch["edited"].shape == batch["source"].shape == (1, *np.asarray(record.source.image()).shape)
        changes.add(round(batch["aspect_change"][0], 3))
    assert len(changes) > 1


def test_buckets_never_mix(singles):
    buckets = [(32, 32), (48, 32), (32, 48)]
    loader = make_loader(singles, batch_size=5, geometry="bucket", buckets=buckets)
    names = []
    for batch in loader:
        assert batch["source"].shape == batch["edited"].shape
        assert batch["source"].shape[2:0:-1] in buckets
        names += batch["id"]
    assert sorted(names) == sorted(singles.ids)
    assert len(list(loader)) == len(loader)


def test_only_the_wanted_columns_are_read(singles):
    def nowhere(address):
        raise AssertionError(address)

    loader = make_loader(singles, columns=["instruction", "category"], local_path=nowhere)
    assert set(next(iter(loader))) == {"id", "instruction", "category"}
    with pytest.raises(UnknownNameError, match="edited"):
        next(iter(make_loader(singles, columns=["editted"])))


def test_preferences_give_each_rejected_edit(preferences):
    pairs = sum(len(row.rejected) for row in preferences)
    loader = make_loader(preferences, batch_size=4, size=24)
    batches = list(loader)
    assert sum(len(batch["id"]) for batch in batches) == pairs
    for batch in batches:
        assert batch["chosen"].shape == batch["rejected"].shape == batch["source"].shape
        assert (batch["chosen"] != batch["rejected"]).any(axis=(1, 2, 3)).all()
    names = [name for batch in batches for name in batch["id"]]
    assert len(set(names)) == pairs
    assert len(list(make_loader(preferences, batch_size=None, rejected="first"))) == len(preferences)


def test_sessions_by_turn_carry_their_history(sessions):
    examples = list(make_loader(sessions, batch_size=None, geometry="match_source"))
    assert len(examples) == sum(len(session.turns) for session in sessions)
    session, turn = sessions[0], examples[1]
    assert turn["id"] == f"{session.id}#turn2"
    assert turn["history"] == session.instructions[:1]
    assert (turn["instruction"], turn["turn"], turn["turns"]) == (session.instructions[1], 2, len(session.turns))
    before = np.asarray(session.turns[0].image.image().convert("RGB"))
    np.testing.assert_array_equal(turn["source"], before)


def test_whole_sessions_share_batches_with_their_equals(sessions):
    loader = make_loader(sessions, batch_size=4, size=24, turns="whole")
    names = []
    for batch in loader:
        turns = batch["turns"][0]
        assert batch["images"].shape == (len(batch["id"]), turns + 1, 24, 24, 3)
        assert all(len(said) == turns for said in batch["instructions"])
        names += batch["id"]
    assert sorted(names) == sorted(sessions.ids)


def test_wordings(singles):
    short = next(iter(make_loader(singles, batch_size=24, columns=["instruction"], wording="clean_short")))
    assert short["instruction"] == [row.clean_short_instruction or row.instruction for row in singles]
    with pytest.raises(UnknownNameError, match="clean_short"):
        make_loader(singles, wording="clean")


def test_what_cannot_be_a_batch_is_refused_at_once(singles, sessions):
    with pytest.raises(ConfigError, match="fit, crop or bucket"):
        make_loader(singles, batch_size=4, geometry="match_edited")
    with pytest.raises(ConfigError, match="whole session"):
        make_loader(sessions, batch_size=1, geometry="none", turns="whole")
    with pytest.raises(ConfigError, match="start at 1"):
        make_loader(singles, batch_size=0)
    with pytest.raises(UnknownNameError, match="replace"):
        make_loader(singles, on_error="replacement")


def test_instruction_pairs_have_no_pictures(mirror_root):
    import pico_banana as pb

    pairs = pb.load("instructions", mirror=str(mirror_root))
    with pytest.raises(ConfigError, match="no pictures"):
        next(iter(make_loader(pairs)))


def test_an_empty_dataset_gives_no_batch(singles):
    loader = make_loader(singles[:0])
    assert list(loader) == []
    assert len(loader) == 0


@pytest.mark.parametrize(
    "choice",
    [{"framework": "jax"}, {"on_error": "ignore"}, {"turns": "all"}, {"rejected": "last"}, {"resample": "fast"}],
)
def test_a_choice_that_does_not_exist_is_refused_before_anything_is_read(singles, choice):
    with pytest.raises(UnknownNameError, match=next(iter(choice))):
        make_loader(singles, **choice)
