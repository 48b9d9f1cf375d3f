"""What users reach for: some rows by place, the first rows, plain values, two datasets after each other, columns."""

from __future__ import annotations

import numpy as np
import pytest

import pico_banana as pb
from pico_banana.errors import SelectionError, UnknownNameError


@pytest.fixture(scope="module")
def rows():
    return pb.load("single_turn", mirror="sample")


@pytest.mark.parametrize("places", [[3, 1], (3, 1), range(3), np.array([3, 1]), range(-1, -3, -1), []])
def test_select_takes_places_as_datasets_does(rows, places):
    assert rows.select(places).ids == [rows[int(place)].id for place in places]


def test_select_takes_places_and_a_selection_of_those(rows):
    kind = rows[3].edit_type
    assert rows.select([3, 1], edit_types=[kind], limit=1).ids == [rows[3].id]


def test_places_that_are_not_there_are_an_index_error(rows):
    with pytest.raises(IndexError):
        rows.select([len(rows)])


@pytest.mark.parametrize("count", [0, 3, 10_000])
def test_head_and_take_give_the_first_rows(rows, count):
    assert rows.head(count).ids == rows.take(count).ids == rows.ids[:count]


def test_map_gives_plain_values_in_order(rows):
    assert rows.map(lambda row: len(row.instruction)) == [len(text) for text in rows.column("instruction")]


def test_columns_are_those_of_the_arrow_table(rows):
    assert list(rows.columns) == rows.to_arrow().column_names


def test_a_column_that_is_not_there_names_the_nearest(rows):
    with pytest.raises(UnknownNameError, match="Did you mean 'instruction'"):
        rows.column("instructoin")


def test_two_datasets_of_one_file_are_one(rows):
    both = rows.select([5, 2]) + rows.head(1)
    assert both.ids == [rows[5].id, rows[2].id, rows[0].id]
    assert isinstance(both, pb.PicoBanana)


def test_rows_of_two_files_are_refused(rows):
    with pytest.raises(SelectionError, match="rows of single_turn in sample and of preference in sample"):
        rows + pb.load("preference", mirror="sample")


def test_two_percents_are_train_and_test(rows):
    parts = rows.splits(80, 20)
    assert list(parts) == ["train", "test"]
    assert sorted(parts["train"].ids + parts["test"].ids) == sorted(rows.ids)
    assert parts["test"].ids == rows.split("test_80_20").ids


@pytest.mark.parametrize("percents", [(101,), (80, 10), (50, 20, 20), (-10, 110)])
def test_percents_that_do_not_add_up_are_refused(rows, percents):
    with pytest.raises(SelectionError):
        rows.splits(*percents)


def test_percents_by_name_and_halves(rows):
    assert list(rows.splits(train=80, validation=10, test=10)) == ["train", "validation", "test"]
    halves = rows.splits(80)
    assert halves["validation"].ids == rows.split("validation_80_10_10").ids
    assert list(rows.splits(80, test=20)) == ["train", "test"]
