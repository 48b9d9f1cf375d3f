"""Which part is whose: parts are disjoint and complete, and engines say which one a process is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pico_banana
from pico_banana.errors import ConfigError
from pico_banana.rows.sharding.environment import shard_of_environment
from pico_banana.rows.sharding.shard import Shard, shard_named


@given(st.integers(0, 500), st.integers(1, 60))
def test_shards_are_disjoint_complete_in_order_and_even(size, count):
    parts = [list(Shard(index, count).span(size)) for index in range(count)]
    assert [place for part in parts for place in part] == list(range(size))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_dataset_gives_its_parts():
    ds = pico_banana.load("single_turn", mirror="sample")
    parts = [ds.shard(index, num_shards=3) for index in range(3)]
    assert [one for part in parts for one in part.ids] == ds.ids
    assert parts[1].ids == ds.ids[len(ds) // 3 : 2 * len(ds) // 3]
    assert len(ds[:1].shard(0, 2)) == 0
    assert len(ds[:1].shard(1, 2)) == 1


def test_a_shard_is_written_and_read():
    assert Shard.parse("3/100") == Shard(3, 100)
    assert str(Shard(3, 100)) == "3/100"
    assert shard_named(Shard(3, 100).name) == Shard(3, 100)
    assert [shard_named(name) for name in ("x", "merged", "0004-of-0004", "-of-")] == [None] * 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100/100", "counted from 0, the last one is 99/100"),
        ("3", "write I/N"),
        ("1/0", "no shard"),
        ("-1/4", "write I/N"),
    ],
)
def test_what_is_no_shard_is_refused_with_what_would_be(text, said):
    with pytest.raises(ConfigError, match=said):
        Shard.parse(text)


def array(task: int, first: int, last: int, count: int, **more: str) -> dict[str, str]:
    numbers = {"ID": task, "MIN": first, "MAX": last, "COUNT": count}
    return {f"SLURM_ARRAY_TASK_{name}": str(number) for name, number in numbers.items()} | more


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        (array(0, 0, 99, 100), Shard(0, 100)),
        (array(100, 1, 100, 100), Shard(99, 100)),  # --array=1-100
        (array(7, 1, 7, 4, SLURM_ARRAY_TASK_STEP="2"), Shard(3, 4)),  # --array=1-7:2
        ({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}, Shard(5, 8)),  # torchrun
        ({"SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "4", "SLURM_NTASKS": "4"}, Shard(2, 4)),  # srun
        ({"SKYPILOT_NODE_RANK": "1", "SKYPILOT_NUM_NODES": "2"}, Shard(1, 2)),
        ({"SKYPILOT_JOB_RANK": "3", "SKYPILOT_NUM_JOBS": "10"}, Shard(3, 10)),  # sky jobs launch --num-jobs
        # Several around each other: every rank of every job is a shard of its own.
        (array(2, 0, 2, 3, RANK="1", WORLD_SIZE="4"), Shard(9, 12)),
        (
            {"SKYPILOT_JOB_RANK": "1", "SKYPILOT_NUM_JOBS": "2", "SKYPILOT_NODE_RANK": "2", "SKYPILOT_NUM_NODES": "3"},
            Shard(5, 6),
        ),
        # torchrun's ranks are those of all nodes.
        ({"RANK": "7", "WORLD_SIZE": "8", "SKYPILOT_NODE_RANK": "1", "SKYPILOT_NUM_NODES": "2"}, Shard(7, 8)),
        # A batch script runs once, however many tasks its steps will have.
        (array(1, 0, 1, 2, SLURM_PROCID="0", SLURM_NTASKS="8"), Shard(1, 2)),
    ],
)
def test_engines_say_which_shard_a_process_is(environment, shard):
    assert shard_of_environment(environment) == shard


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "none of SLURM_ARRAY_TASK_ID, SKYPILOT_JOB_RANK, RANK"),
        (array(7, 3, 7, 2), "a part of another one"),  # --array=3,7: what was lost of 100, submitted again
        (array(9, 1, 22, 4), "a part of another one"),
        (array(3, 0, 99, 100, RUN_OFFSET="1"), "datatrove started this"),
        ({"DATATROVE_EXECUTOR": "LocalPipelineExecutor", "RANK": "0", "WORLD_SIZE": "2"}, "datatrove started this"),
        ({"SLURM_ARRAY_TASK_ID": "3"}, "SLURM_ARRAY_TASK_COUNT is ''"),
        ({"RANK": "8", "WORLD_SIZE": "8"}, "RANK is 8 and WORLD_SIZE is 8"),
    ],
)
def test_an_environment_that_does_not_add_up_is_refused(environment, said):
    with pytest.raises(ConfigError, match=said):
        shard_of_environment(environment)
