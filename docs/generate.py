"""Writes the generated pages, or checks that they are as they would be written: `python -m docs.generate [--check]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from docs.api_page import api_markdown
from docs.cli_page import cli_markdown
from docs.costs_page import guide_markdown
from docs.errors_page import errors_markdown
from docs.taxonomy_page import taxonomy_markdown

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent
PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_markdown,
    "cli.md": cli_markdown,
    "errors.md": errors_markdown,
    "guides/regenerate.md": guide_markdown,
    "taxonomy.md": taxonomy_markdown,
}


def stale_pages() -> list[str]:
    """Name the generated pages that are not as they would be written now.

    Returns:
        File names, in order.
    """
    return [name for name, page in PAGES.items() if _on_disk(name) != page()]


def write_pages() -> None:
    """Write every generated page."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8", newline="\n")


def main() -> int:
    """Write or check, as the command line says.

    Returns:
        0, or 1 when a page is stale.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    if not parser.parse_args().check:
        write_pages()
        return 0
    stale = stale_pages()
    for name in stale:
        sys.stderr.write(f"docs/{name} is stale; run `python -m docs.generate`\n")
    return 1 if stale else 0


def _on_disk(name: str) -> str:
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
