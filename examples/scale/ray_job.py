"""A regeneration on a Ray cluster: one task a shard, started again where its node is lost.

    python examples/scale/ray_job.py config.toml /shared/runs/a 8

The same as `pico-banana regenerate run config.toml --ledger /shared/runs/a --executor ray --shards 8`, for programs.
Every node must see the same output: a shared disk, or an address such as s3://bucket/runs/a.
"""

from __future__ import annotations

import sys
from functools import partial

import pico_banana as pb
from pico_banana.regenerate import read_config, run_shard

if __name__ == "__main__":
    config, out, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    states = pb.on_ray(partial(run_shard, read_config(config), out), count)
    print(f"{sum(state.done for state in states)} items done in {count} shards")
