"""What shards share: a budget that all keep together, and rates."""

from __future__ import annotations

import random
import sys

import pytest

from pico_banana.errors import ConfigError
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.work.source import with_share
from pico_banana.rows.sharding.shard import Shard
from pico_banana.rows.sharding.share import Share
from pico_banana.rows.sharding.work import work_on
from tests.sharding.conftest import run


def worked_on(out, index: int, *, spent: float, unfinished: str = "", asked: object = 1) -> float:
    """Work on one of three shards, and give what it might have spent of 12 USD."""
    with work_on(out, Shard(index, 3), command="c", asked=asked) as work:
        work.spent[""], work.unfinished = spent, unfinished
        return work.shard.share.usd(12.0)


def test_what_a_finished_shard_left_goes_to_those_that_are_not(tmp_path):
    out = tmp_path / "out"
    assert worked_on(out, 0, spent=1.0) == 4.0
    assert worked_on(out, 1, spent=5.5, unfinished="the budget") == 5.5
    assert worked_on(out, 0, spent=1.0) == 1.0, "it gave the rest away"
    assert worked_on(out, 2, spent=2.0) == 5.5
    assert worked_on(out, 1, spent=6.0) == 9.0
    assert worked_on(out, 0, spent=2.0) == 1.0 + (12 - 1 - 2 - 6) / 3
    assert Share(2).usd(0.0) == 0.0, "no budget is none for anybody"
    assert 0 < Share(2, ({"": 5.0},)).usd(4.0) < 1e-6, "nothing left is not no limit"


def test_budgets_of_several_names_are_apart(tmp_path):
    with work_on(tmp_path / "out", Shard(0, 2), command="c", asked=1) as work:
        work.spent |= {"a": 1.0, "b": 3.0}
    with work_on(tmp_path / "out", Shard(1, 2), command="c", asked=1) as work:
        assert [work.shard.share.usd(6.0, name) for name in "abc"] == [5.0, 3.0, 6.0]


@pytest.mark.parametrize("seed", range(20))
def test_all_together_keep_the_budget_in_any_order(seed):
    """Shards start, end, are run again after they were finished; each spends all it may, or less."""
    rng = random.Random(seed)
    count, budget = rng.randint(1, 6), 10.0
    spent, settled, limits = [0.0] * count, [None] * count, {}
    for _ in range(200):
        index = rng.randrange(count)
        if index not in limits:
            known = tuple(one for one in settled if one is not None)
            limits[index] = Share(count, known, settled[index]).usd(budget)
            continue
        limit = limits.pop(index)
        spent[index] = max(spent[index], limit if rng.random() < 0.5 else rng.uniform(0, limit))
        if settled[index] is None and rng.random() < 0.5:
            settled[index] = {"": spent[index]}
        assert sum(max(have, limits.get(one, 0)) for one, have in enumerate(spent)) <= budget + 1e-6


def test_rates_are_divided_by_those_that_run_at_a_time():
    model = {"backend": "gemini", "model": "m", "requests_per_minute": 100, "tokens_per_minute": 0}
    config = config_from({"editor": model, "run": {"budget_usd": 12.0}})
    shared = with_share(config, Shard(0, 8, at_once=3))
    assert (shared.editor.requests_per_minute, shared.editor.tokens_per_minute) == (33, 0)
    assert shared.run.budget_usd == 1.5
    assert with_share(config, Shard(0, 8)).editor == config.editor
    with pytest.raises(ConfigError, match=r"editor.requests_per_minute is 100, and 101 shards run at a time"):
        with_share(config, Shard(0, 200, at_once=101))


def test_what_does_not_go_together_is_said(tmp_path, capsys, monkeypatch):
    words = ("measure", tmp_path / "a.parquet", "single_turn", "--mirror", "sample", "--limit", "3")
    assert run(*words, "--executor", "ray", "--shard", "0/2") == 2
    assert "--executor ray does them all" in capsys.readouterr().err
    assert run(*words, "--shards", "2") == 2
    assert "--shards is for --executor ray" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(*words, "--executor", "ray", "--shards", "2") == 2
    assert "pico-banana[ray]" in capsys.readouterr().err
