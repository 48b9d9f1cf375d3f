"""A run in shards is judged again as one ledger is: the same verdicts, and what they reject is open again."""

from __future__ import annotations

import shutil

import pytest

from pico_banana.errors import StoreError
from pico_banana.regenerate import read_config, rejudge, rejudge_shard
from pico_banana.rehearsal.models import Mind, ModelServer
from pico_banana.rows.sharding.folder import RunFolder
from pico_banana.rows.sharding.shard import Shard
from pico_banana.rows.sharding.work import work_again_on
from tests.regenerate.scenes import write_plain_folder
from tests.sharding.conftest import run, verdicts

pytest.importorskip("openai")

JUDGE = """
[judge]
backend = "openai"
base_url = "{url}"
model = "critic"
[prices.critic]
input_per_million = 0.0
output_per_million = 1.0
"""
RUN = """
seed = 7
[source]
folder = "{photos}"
[assign]
edit_types = ["color_tone"]
[policy]
judge = "latest"
"""
PHOTOS = 6


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("config")
    photos = write_plain_folder(folder / "photos", PHOTOS, width=48, height=36)
    (folder / "config.toml").write_text(RUN.format(photos=photos))
    return folder / "config.toml"


@pytest.fixture(scope="module")
def runs(config, tmp_path_factory):
    """A run in one ledger, `whole`, and the same in shards, `parts`."""
    folder = tmp_path_factory.mktemp("runs")
    for name, more in (("whole", ()), ("parts", ("--shard", "any/2"))):
        assert run("regenerate", "run", config, "--ledger", folder / name, *more) == 0
    return folder


@pytest.fixture
def here(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    return shutil.copytree(runs, tmp_path / "runs")


@pytest.fixture
def server():
    with ModelServer(Mind(rates={"": 0.0})) as found:  # it likes nothing
        yield found


@pytest.fixture
def other(server, tmp_path):
    path = tmp_path / "other.toml"
    path.write_text(JUDGE.format(url=server.openai_url))
    return path


def test_shards_get_the_verdicts_of_one_ledger(here, other, server):
    words = ("regenerate", "rejudge", other, "--ledger")
    assert run(*words, here / "whole") == 0
    asked = server.paid.total()
    assert asked == PHOTOS
    assert run(*words, here / "parts", "--shard", "1/2") == 0
    assert server.paid.total() == asked + PHOTOS / 2
    assert run(*words, here / "parts", "--shard", "any/2") == 0
    assert server.paid.total() == 2 * asked
    assert run(*words, here / "parts") == 0, "nobody needs to say how many shards there are"
    assert server.paid.total() == 2 * asked
    assert verdicts(here / "parts") == verdicts(here / "whole")
    assert len(verdicts(here / "parts")) == 2 * PHOTOS


def test_what_a_later_verdict_rejects_is_open_again_in_its_shard(here, config, other, capsys):
    parts = here / "parts"
    assert run("merge", parts) == 0
    assert run("regenerate", "rejudge", other, "--ledger", parts) == 0
    why = "3 items are open by the verdicts that count now, and `regenerate run` goes on with them"
    assert RunFolder(parts).unfinished() == {Shard(0, 2): why, Shard(1, 2): why}
    assert run("merge", parts) == 1
    assert f"0/2: {why}" in capsys.readouterr().err
    assert run("regenerate", "run", config, "--ledger", parts, "--shard", "any/2") == 0
    assert run("merge", parts) == 0


def test_the_budget_is_that_of_all_shards(here, other, server, capsys):
    words = ("regenerate", "rejudge", other, "--ledger", here / "parts")
    assert run(*words, "--budget-usd", "0.0000001") == 1
    assert "could be exceeded" in capsys.readouterr().out
    assert server.paid.total() == 0
    assert run("merge", here / "parts") == 0, "what could not be judged takes nothing from the run"
    assert run(*words, "--budget-usd", "20") == 0
    assert all(note.spent[""] > 0 for note in RunFolder(here / "parts").begun().values())


def test_python_does_the_same(here, other):
    asked = read_config(other)
    states = [rejudge_shard(asked, here / "parts", Shard(index, 2)) for index in range(2)]
    assert [state.done for state in states] == [3, 3]
    with pytest.raises(StoreError, match="was begun in shards; `rejudge_shard` judges one"):
        rejudge(asked, here / "parts")


def test_a_run_behind_an_address_gets_its_verdicts_there(config, other, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    for step, words in enumerate((("run", config, "--shard", "any/2"), ("rejudge", other))):
        monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / f"machine-{step}"))
        assert run("regenerate", *words, "--ledger", "memory://judged/run") == 0
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / "reader"))
    assert [model for _, model, *_ in verdicts("memory://judged/run")].count("critic") == PHOTOS


def test_a_shard_that_somebody_is_at_is_left_to_them(here, other, server, capsys):
    words = ("regenerate", "rejudge", other, "--ledger", here / "parts")
    with work_again_on(here / "parts", Shard(0, 2), command="regenerate"):
        assert run(*words) == 0
        assert "shard 0/2 is in work" in capsys.readouterr().err
        assert run(*words, "--shard", "0/2") == 1
    assert server.paid.total() == PHOTOS / 2


def test_shards_that_are_not_there_are_refused(here, config, other, tmp_path, capsys):
    words = ("regenerate", "rejudge", other, "--ledger")
    assert run(*words, tmp_path / "none") == 1
    assert "holds no ledger" in capsys.readouterr().err
    assert run(*words, here / "whole", "--shard", "0/2") == 1
    assert "was begun without shards" in capsys.readouterr().err
    assert run(*words, here / "parts", "--shard", "0/3") == 1
    assert "was begun in 2 shards and not in 3" in capsys.readouterr().err
    half = tmp_path / "half"
    assert run("regenerate", "run", config, "--ledger", half, "--shard", "0/2") == 0
    assert run(*words, half) == 0, "what is there is judged"
    assert run(*words, half, "--shard", "any/3") == 1
    assert "was begun in 2 shards and not in 3" in capsys.readouterr().err
    assert run(*words, half, "--shard", "1/2") == 1
    assert "shard 1/2 of" in (said := capsys.readouterr().err)
    assert "was never begun" in said
    assert not [name for name in RunFolder(half).names() if name.startswith("0001")]
    table, rows = tmp_path / "m.parquet", ("single_turn", "--mirror", "sample", "--limit", "1")
    assert run("measure", table, *rows, "--shard", "0/1") == 0
    assert run(*words, table, "--shard", "0/1") == 1
    assert "was made by `measure` and not by `regenerate`" in capsys.readouterr().err
