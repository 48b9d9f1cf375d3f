"""What the tests of shards share: commands as they are typed, a configuration of six items, what came of runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pico_banana.cli import main
from pico_banana.regenerate import open_run
from tests.regenerate.test_regenerate_command import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.benchmark.runs.results import Result


def run(*words: object) -> int:
    """Run a command, and give its exit code."""
    return main([str(word) for word in words])


def config_of(folder: Path, items: int) -> Path:
    """Write the configuration of a small regeneration."""
    path = folder / "config.toml"
    path.write_text(CONFIG.replace("limit = 10", f"limit = {items}"))
    return path


def without_calls(item: Result) -> Result:
    """Give an item of a benchmark without its calls: they are numbers in a ledger, and each shard has its own."""
    return replace(item, calls=())


def verdicts(out: Path | str) -> list[tuple[Any, ...]]:
    """Give what was said of every picture of a run, and by whom."""
    found: list[tuple[Any, ...]] = []
    for ledger in open_run(out):
        rows = ledger.database.execute(
            "SELECT a.edited, m.model, v.outcome, v.scores FROM verdicts v JOIN makers m ON m.id = v.maker "
            "JOIN attempts a ON a.item = v.item AND a.turn = v.turn AND a.call = v.call"
        )
        found += map(tuple, rows.fetchall())
    return sorted(found)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return config_of(tmp_path, 6)
