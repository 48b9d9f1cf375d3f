"""README and guides do what they say: every block of a page runs as typed, in order, in one folder.

What they reach for is played by servers of this machine: the release and Open Images by a synthetic mirror, the Hub by
the rehearsal Hub, models by the rehearsal's model server.
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from docs.generate import stale_pages
from pico_banana.rehearsal.hub.server import TOKEN, RehearsalHub
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rehearsal.models import Mind, ModelServer
from pico_banana.rehearsal.serving.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
GENERATED = {"api.md", "cli.md", "errors.md"}
PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if page.name not in GENERATED]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\S+\.toml)\n")
# marimo's notebook runs in marimo: tests/gallery/test_quickstarts.py
# and the recipes for engines where those are installed: tests/sharding/test_recipes.py
EXAMPLES = sorted(
    path for path in (ROOT / "examples").rglob("*.py") if "marimo" not in path.name and path.parent.name != "scale"
)


class Block(NamedTuple):
    """One fenced block of a page, and where it stands."""

    place: str
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Give what runs of a page: Python, lines after `$`, and files of settings that name themselves."""
    text = page.read_text("utf-8")
    found = BLOCK.finditer(text)
    every = [Block(f"{page.name}:{text[: one.start()].count(chr(10)) + 1}", one[1], one[2]) for one in found]
    return [one for one in every if one.language in {"python", "console"} or NAMED.match(one.text)]


def test_what_can_be_run_is_run() -> None:
    """Blocks in `bash` or `py` would look the same on the page and be left out here."""
    languages = {(page.name, one[1]) for page in PAGES for one in BLOCK.finditer(page.read_text("utf-8"))}
    assert {(name, language) for name, language in languages if language in {"bash", "sh", "shell", "py"}} == set()


def typed(block: Block) -> str:
    """Give what somebody types of a console block; `make` sets up what runs this test, so it is left out."""
    lines = [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]
    assert lines, f"{block.place}: lines to type begin with a dollar sign"
    return "\n".join(line for line in lines if not line.startswith("make "))


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Stand-ins for the release, Open Images, the Hub and the models, as the variables that lead to them."""
    mirror, repos = tmp_path_factory.mktemp("release"), tmp_path_factory.mktemp("hub")
    make_mirror(mirror, rows=120, preferences=30, sessions=30, pictures=True, photo_copies=True, traps=False)
    with ExitStack() as stack:
        release = stack.enter_context(serve(mirror))
        hub = stack.enter_context(RehearsalHub(repos, users={TOKEN: "USER"}))
        models = stack.enter_context(ModelServer(Mind()))
        yield {
            "PICO_BANANA_HOSTS": f"*={release.url}",
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": TOKEN,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",  # the rehearsal Hub keeps large files in one piece
            "GOOGLE_GEMINI_BASE_URL": models.gemini_url,
            "GEMINI_API_KEY": "not-a-real-key",
        }


def test_no_page_has_traces_of_a_merge() -> None:
    marked = [
        page.name for page in PAGES if re.search(r"^(<{7}|>{7}|={7})( |$)", page.read_text("utf-8"), re.MULTILINE)
    ]
    assert marked == []


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.stem)
def test_a_page_runs_as_typed(page: Path, outside: dict[str, str], tmp_path: Path) -> None:
    home = {"PICO_BANANA_HOME": str(tmp_path / "store"), "HF_HOME": str(tmp_path / "hf")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    (tmp_path / "here").mkdir()
    for block in blocks(page):
        if settings := NAMED.match(block.text):
            (tmp_path / "here" / settings[1]).write_text(block.text)
            continue
        program = (
            [sys.executable, "-W", "error::DeprecationWarning:pico_banana", "-c", block.text]
            if block.language == "python"
            else ["bash", "-exc", typed(block)]
        )

        run = subprocess.run(
            program,
            cwd=tmp_path / "here",
            env={**os.environ, **outside, **home, "PATH": path},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert run.returncode == 0, f"{block.place}\n{run.stdout}\n{run.stderr}"


@pytest.mark.slow
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
