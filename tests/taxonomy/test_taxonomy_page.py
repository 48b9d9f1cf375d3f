"""docs/taxonomy.md is what the generator writes, and it shows every type."""

from __future__ import annotations

from pathlib import Path

from docs.taxonomy_page import taxonomy_markdown
from pico_banana.taxonomy import categories, edit_types

PAGE = Path(__file__).parents[2] / "docs" / "taxonomy.md"


def test_page_is_as_generated():
    assert PAGE.read_text(encoding="utf-8") == taxonomy_markdown(), "run `python -m docs.generate`"


def test_page_shows_everything():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for kind in edit_types():
        row = next(line for line in lines if line.startswith(f"| `{kind}` | {kind.label} |"))
        assert f"| {kind.published_count:,} |" in row
        assert row.count("|") == 7, "a label with a bar would break the table"
    assert sum(line.startswith("## ") for line in lines) == len(categories()) + 1
