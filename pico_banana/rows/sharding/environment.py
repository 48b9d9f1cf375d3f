"""Which shard this process is, as the engine that started it says: `--shard auto`.

Read only when asked. The names are those of the engines' pages:
Slurm, https://slurm.schedmd.com/job_array.html and https://slurm.schedmd.com/srun.html;
torchrun, https://docs.pytorch.org/docs/stable/elastic/run.html;
SkyPilot, https://docs.skypilot.co/en/stable/running-jobs/environment-variables.html and .../examples/pools.html.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.rows.sharding.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Mapping

# Its arrays may be parts of one work, and no variable says how many parts there are; steps are told as arguments.
_DATATROVE = ("RUN_OFFSET", "DATATROVE_EXECUTOR")
_ARRAY = "SLURM_ARRAY_TASK_ID"
_POOL = ("SKYPILOT_JOB_RANK", "SKYPILOT_NUM_JOBS")
# Which, and of how many, from 0; the first pair that is set counts all that run inside one job.
_INSIDE = (
    ("RANK", "WORLD_SIZE"),  # torchrun
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),  # srun; a batch script, which runs once, has SLURM_NTASKS too
    ("SKYPILOT_NODE_RANK", "SKYPILOT_NUM_NODES"),
)


def shard_of_environment(environment: Mapping[str, str] | None = None) -> Shard:
    """Read which shard this process is from what started it.

    In an array of jobs, or a pool of them, of which each has several ranks, every rank of every job is a shard.

    Args:
        environment: the variables; None for those of this process.

    Returns:
        The shard.

    Raises:
        ConfigError: nothing says which, or it does not add up; the text names the variables.
    """
    given = os.environ if environment is None else environment
    if any(name in given for name in _DATATROVE):
        text = "--shard auto: datatrove started this; take Shard(rank, world_size) in its step, see docs/scale.md"
        raise ConfigError(text, key="shard")
    jobs, ranks = _jobs(given), _ranks(given)
    if jobs is None and ranks is None:
        names = ", ".join([_ARRAY, _POOL[0], *(which for which, _ in _INSIDE)])
        text = f"--shard auto: nothing says which shard this is, for none of {names} is set; write I/N, such as 0/8"
        raise ConfigError(text, key="shard")
    job, rank = jobs or Shard(0, 1), ranks or Shard(0, 1)
    return Shard(job.index * rank.count + rank.index, job.count * rank.count)


def _jobs(given: Mapping[str, str]) -> Shard | None:
    if _ARRAY in given:
        return _task_of_array(given)
    return _pair(given, *_POOL) if _POOL[0] in given else None


def _ranks(given: Mapping[str, str]) -> Shard | None:
    found = next(((which, many) for which, many in _INSIDE if which in given and many in given), None)
    return None if found is None else _pair(given, *found)


def _task_of_array(given: Mapping[str, str]) -> Shard:
    """Read the task of a Slurm array, which may begin anywhere and go in steps.

    Raises:
        ConfigError: nothing says how many shards there are meant to be.
    """
    task, count = _number(given, _ARRAY), _number(given, "SLURM_ARRAY_TASK_COUNT")
    first, last = _number(given, "SLURM_ARRAY_TASK_MIN"), _number(given, "SLURM_ARRAY_TASK_MAX")
    step = max(1, int(given.get("SLURM_ARRAY_TASK_STEP") or 1))
    index, rest = divmod(task - first, step)
    if rest or (last - first) // step + 1 != count:
        text = (
            f"--shard auto: this Slurm array has {count} tasks between {first} and {last}, so it is a part of another "
            f"one; write which shard of how many it is, such as --shard ${_ARRAY}/100"
        )
        raise ConfigError(text, key="shard")
    return Shard(index, count)


def _pair(given: Mapping[str, str], which: str, many: str) -> Shard:
    index, count = _number(given, which), _number(given, many)
    if index >= count:
        raise ConfigError(f"--shard auto: {which} is {index} and {many} is {count}, which is no shard", key="shard")
    return Shard(index, count)


def _number(given: Mapping[str, str], name: str) -> int:
    text = given.get(name, "").strip()
    if not text.isdecimal():
        raise ConfigError(f"--shard auto: {name} is {text!r} where a whole number is needed", key="shard")
    return int(text)
