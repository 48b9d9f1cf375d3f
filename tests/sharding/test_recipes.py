"""The recipes for engines run as they stand: Slurm by its variables, datatrove and Ray where they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pico_banana.regenerate import make_status, open_run
from pico_banana.rows.sharding.folder import RunFolder

RECIPES = Path(__file__).parents[2] / "examples" / "scale"
ROOT = RECIPES.parents[1]


def finished(out: Path, shards: int) -> int:
    assert len(RunFolder(out).require_whole()) == shards
    return make_status(open_run(out)).finished


def environment(**more: str) -> dict[str, str]:
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": programs, "PYTHONPATH": str(ROOT), **more}


def test_a_slurm_array(config, tmp_path):
    script, out = RECIPES / "slurm_array.sh", tmp_path / "run"
    assert "#SBATCH --array=0-7" in script.read_text()
    for task in range(2):
        variables = {"ID": task, "MIN": 0, "MAX": 1, "COUNT": 2}
        array = {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in variables.items()}
        told = environment(CONFIG=str(config), RUN=str(out), **array)
        subprocess.run(["bash", script], env=told, check=True, capture_output=True)
    assert finished(out, 2) == 6


def test_a_datatrove_pipeline(config, tmp_path):
    pytest.importorskip("datatrove")
    out = tmp_path / "run"
    words = [sys.executable, RECIPES / "datatrove_step.py", config, out, "2"]
    subprocess.run(words, env=environment(), check=True, capture_output=True)
    assert finished(out, 2) == 6
    assert len(list((tmp_path / "run.datatrove" / "completions").iterdir())) == 2


def test_a_ray_job(config, tmp_path):
    pytest.importorskip("ray")
    out = tmp_path / "run"
    words = [sys.executable, RECIPES / "ray_job.py", config, out, "2"]
    told = subprocess.run(words, env=environment(RAY_ADDRESS="local"), check=True, capture_output=True, text=True)
    assert "6 items done in 2 shards" in told.stdout
    assert finished(out, 2) == 6
