"""A regeneration as a step of a datatrove pipeline: each of its tasks is a shard.

    python examples/scale/datatrove_step.py config.toml runs/a 8

With `SlurmPipelineExecutor` in place of the local one the same step runs on a cluster; both skip tasks that they know
as completed, and a task that was lost goes on where it was.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep

from pico_banana import Shard
from pico_banana.regenerate import read_config, run_shard

if TYPE_CHECKING:
    from collections.abc import Iterator


class Regenerate(PipelineStep):
    """Make one shard of a run.

    Args:
        config: the configuration file.
        out: the run's output, a path or an address.
    """

    name = "pico-banana regenerate"
    type = "data"

    def __init__(self, config: str, out: str) -> None:
        """Read nothing yet: a step travels to where it runs."""
        super().__init__()
        self.config, self.out = config, out

    def run(self, data: Iterator[object] | None = None, rank: int = 0, world_size: int = 1) -> Iterator[object]:
        """Make the shard that this task is; what failed fails the task, so that datatrove runs it again.

        Raises:
            RuntimeError: the shard is not finished.
        """
        yield from data or ()
        state = run_shard(read_config(self.config), self.out, Shard(rank, world_size))
        self.stat_update("items", value=state.done)
        if state.stopped or state.failed:
            raise RuntimeError(state.stopped or f"{state.failed} items failed")


if __name__ == "__main__":
    config, out, tasks = sys.argv[1:]
    LocalPipelineExecutor([Regenerate(config, out)], tasks=int(tasks), workers=2, logging_dir=f"{out}.datatrove").run()
