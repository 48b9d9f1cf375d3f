"""Options are spelled out, and a misspelled one is refused with the nearest name."""

from __future__ import annotations

import inspect

import pytest

import pico_banana as pb
from pico_banana.errors import MissingExtraError, UnknownNameError
from pico_banana.records.decoding.fast import installed
from pico_banana.training.loader import make_examples, make_loader


def test_misspelled_options_are_refused(singles, tmp_path):
    with pytest.raises(UnknownNameError, match=r"unknown option of loader 'bach_size'. Did you mean 'batch_size'"):
        singles.loader(bach_size=2)
    with pytest.raises(UnknownNameError, match=r"unknown option of pack 'sise'. Did you mean 'size'"):
        singles.pack(tmp_path / "pack", sise=32)
    with pytest.raises(UnknownNameError, match=r"suffle.*shuffle"):
        make_loader(singles, suffle=True)
    with pytest.raises(UnknownNameError, match=r"unknown option of export 'limit'; it chooses rows: .*select\(limit="):
        singles.export("trl", tmp_path / "out", limit=3)
    assert not list(tmp_path.iterdir())


def test_a_misspelled_option_of_load_dataset_is_refused_with_the_nearest_of_all():
    for wrong, right in {"streming": "streaming", "limt": "limit"}.items():
        with pytest.raises(
            UnknownNameError, match=rf"unknown option of load_dataset '{wrong}'. Did you mean '{right}'"
        ):
            pb.load_dataset("single_turn", mirror="sample", **{wrong: 1})


def test_an_unknown_column_is_refused_at_once(singles, preferences, sessions, tmp_path):
    for rows, column, nearest in (
        (singles, "editd", "edited"),
        (preferences, "chose", "chosen"),
        (sessions, "instructon", "instruction"),
    ):
        with pytest.raises(UnknownNameError, match=rf"unknown column '{column}'. Did you mean '{nearest}'"):
            rows.loader(columns=[column])
        with pytest.raises(UnknownNameError, match="column"):
            rows.pack(tmp_path, columns=[column])
    with pytest.raises(UnknownNameError, match="column"):
        sessions.loader(columns=["source"], turns="whole", geometry="match_source")


def test_every_column_that_is_given_is_known(singles, preferences, sessions):
    for rows in (singles, preferences, sessions):
        for turns in ("each", "whole"):
            names = list(make_examples(rows, size=16, turns=turns).load(0))
            assert set(make_examples(rows, size=16, turns=turns, columns=names).load(0)) == set(names)


def test_signatures_name_every_option(singles):
    for function in (singles.loader, singles.pack):
        kinds = [one.kind for one in inspect.signature(function).parameters.values()]
        assert inspect.Parameter.VAR_KEYWORD not in kinds
    ours, theirs = inspect.signature(singles.loader).parameters, inspect.signature(make_loader).parameters
    assert {name: one.default for name, one in ours.items()} == {
        name: one.default for name, one in theirs.items() if name != "rows"
    }


def test_fit_has_a_usual_size(singles):
    assert make_examples(singles).geometry.size == (512, 512)
    assert make_examples(singles, geometry="match_source").geometry.size is None


@pytest.mark.skipif(installed("torch"), reason="torch is here; test_loader_torch.py asks it to resize")
@pytest.mark.parametrize("choice", [{"backend": "torch"}, {"framework": "torch"}])
def test_torch_that_is_not_here_is_named_before_a_picture_is_read(singles, choice):
    with pytest.raises(MissingExtraError, match=r"needs the package 'torch'\. .*pip install 'pico-banana\[torch\]'"):
        singles.loader(size=16, **choice)
