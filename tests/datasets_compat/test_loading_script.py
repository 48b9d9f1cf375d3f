"""The builder's file as a loading script: run by `datasets` 3, refused with a clear text since."""

from __future__ import annotations

import subprocess
from pathlib import Path

import datasets
import pytest

import pico_banana as pb

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "builders" / "pico_banana_400k.py"
RUNS_SCRIPTS = int(datasets.__version__.split(".")[0]) < 4


@pytest.mark.skipif(not RUNS_SCRIPTS, reason="datasets 4 and later run no scripts")
def test_datasets_3_runs_the_script(mirror, fresh):
    found = fresh(
        f"""
        from datasets import load_dataset
        options = dict(trust_remote_code=True, mirror={str(mirror)!r}, turns=[2, 3])
        sessions = load_dataset({str(SCRIPT)!r}, "multi_turn", split="train", num_proc=2, **options)
        streamed = load_dataset({str(SCRIPT)!r}, "multi_turn", split="train", streaming=True, **options)
        print(len(sessions), next(iter(streamed))["turns"][0]["image"].size)
        """
    )
    sessions = pb.load("multi_turn", mirror=mirror, turns=[2, 3])
    assert found == f"{len(sessions)} {sessions[0].turns[0].image.image().size}\n"


@pytest.mark.skipif(RUNS_SCRIPTS, reason="datasets 3 runs scripts")
def test_later_releases_say_that_they_run_no_scripts():
    with pytest.raises(RuntimeError, match=r"scripts are no longer supported, but found pico_banana_400k\.py"):
        datasets.load_dataset(str(SCRIPT), "multi_turn")
    assert "Later releases of datasets run no scripts; use the ways above." in SCRIPT.read_text("utf-8")


def test_no_script_stands_in_the_way_of_a_folder():
    """`load_dataset("x")` refuses a folder `x` that holds `x.py`, whatever else is in it."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    files = [ROOT / line for line in listed.stdout.splitlines()] or list(ROOT.glob("[!.]*/**/*.py"))
    assert SCRIPT in files
    assert [path for path in files if path.stem in {path.parent.name, "pico-banana-400k"}] == []
