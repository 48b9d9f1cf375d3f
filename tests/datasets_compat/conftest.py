"""A mirror with pictures, a cache of `datasets` of each test's own, and fresh processes that know nothing of us."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import datasets
import pytest

from pico_banana.rehearsal.making.make import make_mirror

if TYPE_CHECKING:
    from pathlib import Path

datasets.disable_progress_bars()


@pytest.fixture(scope="session")
def mirror(tmp_path_factory) -> Path:
    """A mirror with every trap and every picture."""
    return make_mirror(tmp_path_factory.mktemp("published") / "mirror", rows=90, pictures=True, size=(24, 18)).folder


@pytest.fixture
def own_mirror(tmp_path) -> Path:
    """A mirror, rows only, that a test may change."""
    return make_mirror(tmp_path / "own", rows=40).folder


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "huggingface"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """Be in an empty folder."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def fresh(tmp_path, cache, elsewhere):
    """Run code in a process of its own, in an empty folder; give what it printed."""

    def run(code: str, *, timeout: int = 60) -> str:
        script = tmp_path / "script.py"
        script.write_text(dedent(code), encoding="utf-8")
        environment = {**os.environ, "HF_DATASETS_CACHE": str(cache), "PYTHONHASHSEED": "random"}
        done = subprocess.run(
            [sys.executable, str(script)],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def raw():
    """The stored values of a column, pictures not decoded."""
    return lambda dataset, column: dataset.with_format("arrow")[:][column].to_pylist()
