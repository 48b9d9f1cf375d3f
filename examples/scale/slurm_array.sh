#!/bin/bash
# A regeneration as a Slurm array, one task a shard:
#
#   CONFIG=config.toml RUN=/shared/runs/a sbatch slurm_array.sh
#   pico-banana merge /shared/runs/a        # names the shards that are missing
#
# With a throttle, as --array=0-99%8, add --at-once 8 below: the eight share the requests a minute of the configuration.
#
#SBATCH --job-name=pico-banana
#SBATCH --array=0-7
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@300   # five minutes before the end the run stops gently; the same array, submitted again, goes on
set -euo pipefail

# `exec`: the signal then reaches the run itself. A part of the array submitted again, as --array=3,7, no longer says of
# how many it is a part: write --shard "$SLURM_ARRAY_TASK_ID/8" then.
exec pico-banana regenerate run "$CONFIG" --ledger "$RUN" --shard auto
