"""Parts of rows: disjoint, together all, the same in every process and release."""

from __future__ import annotations

import pytest

from pico_banana.benchmark.scores.shards import Shard, parse_shard
from pico_banana.errors import ConfigError

IDS = [f"single_turn/positive-edit/{number}" for number in range(4000)]


@pytest.mark.parametrize("of", [1, 2, 3, 8])
def test_every_row_is_in_one_part(of):
    parts = [[name for name in IDS if Shard(number, of).holds(name)] for number in range(1, of + 1)]
    assert sorted(name for part in parts for name in part) == sorted(IDS)
    assert min(map(len, parts)) > 0.8 * len(IDS) / of


def test_parts_stay_what_they_are():
    """A ledger of last year's shard must hold the rows of today's: pinned, whatever the code becomes."""
    assert [next(n for n in range(1, 5) if Shard(n, 4).holds(name)) for name in IDS[:8]] == PINNED


PINNED = [2, 1, 1, 3, 4, 3, 4, 4]


@pytest.mark.parametrize("text", ["0/4", "5/4", "4", "1/", "a/b", "1/0", "-1/4"])
def test_what_is_no_part_is_refused(text):
    with pytest.raises(ConfigError, match=f"shard='{text}'"):
        parse_shard(text)


def test_without_a_word_it_is_everything():
    assert parse_shard("") == Shard(1, 1)
    assert parse_shard("3/8") == Shard(3, 8)
