"""A regeneration on a Ray cluster: one task a shard, started again where its node is lost.

    python examples/scale/ray_job.py config.toml /shared/runs/a 8

Every node must see the same output: a shared disk, or an address such as s3://bucket/runs/a.
"""

from __future__ import annotations

import sys

import ray

from pico_banana import Shard
from pico_banana.regenerate import read_config, run_shard


@ray.remote(num_cpus=1, max_retries=5)
def make(config: str, out: str, index: int, count: int) -> dict[str, object]:
    """Make one shard; one that is finished already takes a second."""
    return run_shard(read_config(config), out, Shard(index, count)).as_json()


if __name__ == "__main__":
    config, out, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    ray.init(ignore_reinit_error=True, log_to_driver=False)
    states = ray.get([make.remote(config, out, index, count) for index in range(count)])
    print(f"{sum(int(str(state['done'])) for state in states)} items done in {count} shards")
    ray.shutdown()
