"""Build the documentation as a site: `python -m docs.site [FOLDER]`, offline; a broken link or a page left out fails.

The pages are those of this folder, copied beside a configuration: what makes pages (`*.py`) is no page.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from docs.generate import stale_pages

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
CONFIGURATION = "zensical.toml"


def stage(folder: Path) -> Path:
    """Lay out what the site is made of.

    Args:
        folder: where; what lies there is replaced.

    Returns:
        The configuration, beside the pages.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FOLDER, folder / "pages", ignore=shutil.ignore_patterns("*.py", "__pycache__", CONFIGURATION))
    shutil.copy(ROOT / "CHANGELOG.md", folder / "pages" / "changelog.md")
    return Path(shutil.copy(FOLDER / CONFIGURATION, folder))


def unlisted_pages() -> list[str]:
    """Name the pages that the site's navigation leaves out; nobody would find them.

    Returns:
        Paths below docs/, in order.
    """
    text = (FOLDER / CONFIGURATION).read_text("utf-8")
    pages = (path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.rglob("*.md")))
    return [page for page in pages if f'"{page}"' not in text]


def main() -> int:
    """Build the site.

    Returns:
        0, or 1 when a page is stale, left out or has a broken link.
    """
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    wrong = [f"docs/{page} is stale; run `python -m docs.generate`" for page in stale_pages()]
    wrong += [f"docs/{page} is not in the navigation of docs/{CONFIGURATION}" for page in unlisted_pages()]
    if wrong:
        sys.stderr.write("\n".join(wrong) + "\n")
        return 1
    program = Path(sys.executable).with_name("zensical")
    done = subprocess.run([program, "build", "--strict", "--config-file", stage(folder)], check=False)
    sys.stdout.write(f"{folder / 'html' / 'index.html'}\n" if not done.returncode else "")
    return min(done.returncode, 1)


if __name__ == "__main__":
    sys.exit(main())
