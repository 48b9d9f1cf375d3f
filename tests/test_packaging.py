"""What is installed is what is in the tree: every folder of code, every file of data."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_every_folder_of_code_is_a_listed_package() -> None:
    """A folder that is not listed would be missing from an installed package."""
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "pico_banana").rglob("*.py")}
    packages = {".".join(folder.parts) for folder in folders} | {"pico_banana.builders"}
    assert sorted(packages) == PROJECT["tool"]["setuptools"]["packages"]


def test_every_file_of_data_is_packaged() -> None:
    """A data file that no pattern covers would be missing from an installed package."""
    tracked = subprocess.run(["git", "ls-files", "pico_banana"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        files = [
            path for path in (ROOT / "pico_banana").rglob("*") if path.is_file() and "__pycache__" not in path.parts
        ]
    else:
        files = [ROOT / line for line in tracked.stdout.splitlines()]
    data = [path for path in files if path.suffix != ".py"]
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["pico_banana"]
    covered = {path for pattern in patterns for path in (ROOT / "pico_banana").glob(pattern)}
    assert [path for path in data if path not in covered] == []


def test_every_dependency_has_a_floor_and_a_reason() -> None:
    """A floor is a promise somebody tested; a dependency without a reason should go."""
    lines = re.findall(
        r'^  "([a-z_0-9-]+)(?:\[[a-z,]+\])?([^"]*)",?(\s+# .+)?$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M
    )
    named = {re.split(r"[\[><=]", line)[0] for line in PROJECT["project"]["dependencies"]}
    found = {name: (floor, reason) for name, floor, reason in lines if name in named}
    assert set(found) == named
    assert [name for name, (floor, reason) in found.items() if ">=" not in floor or not reason.strip()] == []
