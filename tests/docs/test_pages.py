"""What the README and the pages say is run; what is generated is compared; links lead somewhere."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import stale_pages

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GENERATED = {"api.md", "cli.md", "errors.md"}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))


def _blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{page.name}:{page.read_text('utf-8')[: found.start()].count(chr(10)) + 1}", found[2])
        for page in PAGES
        if page.name not in GENERATED
        for found in BLOCK.finditer(page.read_text("utf-8"))
        if found[1] == language
    ]


@pytest.mark.parametrize(("place", "code"), _blocks("python"), ids=[place for place, _ in _blocks("python")])
def test_a_block_of_python_runs(place: str, code: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:pico_banana", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"HF_HOME": str(tmp_path / "hf")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, f"{place}\n{run.stderr}"


@pytest.mark.parametrize(
    "command",
    sorted(
        {
            line.removeprefix("$ ").partition("  #")[0].strip()
            for _, block in _blocks("console")
            for line in block.splitlines()
            if line.startswith("$ pico-banana") and "--mirror sample" in line
        }
    ),
)
def test_a_command_of_the_pages_runs(command: str, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "pico_banana.cli", *command.split()[1:]]
    run = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if "import torch" in example.read_text("utf-8"):
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(example), str(tmp_path / "out")])
    runpy.run_path(str(example), run_name="__main__")
    assert capsys.readouterr().out


def test_generated_pages_are_as_they_would_be_written_now() -> None:
    assert stale_pages() == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
