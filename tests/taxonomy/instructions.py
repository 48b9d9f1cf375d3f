"""The instructions that inference is tried on: our own words, six or more for each type in either half.

`dev` was looked at while the rules were written; `heldout` was written before the first rule and never looked at.
"""

from __future__ import annotations

from pathlib import Path


def instructions(half: str) -> list[tuple[str, str]]:
    """(instruction, slug of its type) of one half."""
    lines = Path(__file__).with_name(f"instructions_{half}.tsv").read_text(encoding="utf-8").splitlines()
    return [(text, slug) for slug, text in (line.split("\t") for line in lines)]
