"""What the tests of shards share: commands as they are typed, and a configuration of six items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pico_banana.cli import main
from tests.regenerate.test_regenerate_command import CONFIG

if TYPE_CHECKING:
    from pathlib import Path


def run(*words: object) -> int:
    """Run a command, and give its exit code."""
    return main([str(word) for word in words])


def config_of(folder: Path, items: int) -> Path:
    """Write the configuration of a small regeneration."""
    path = folder / "config.toml"
    path.write_text(CONFIG.replace("limit = 10", f"limit = {items}"))
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return config_of(tmp_path, 6)
