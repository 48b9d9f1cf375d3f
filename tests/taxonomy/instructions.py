"""The instructions that inference is tried on: our own words, four or more for each type in each part.

`dev` was looked at while the rules were written; `heldout` was written before the first rule and never looked at;
`fresh` was written later by somebody who had not read the rules, and nothing was chosen by it.
"""

from __future__ import annotations

from pathlib import Path


def instructions(part: str) -> list[tuple[str, str]]:
    """(instruction, slug of its type) of one part."""
    lines = Path(__file__).with_name(f"instructions_{part}.tsv").read_text(encoding="utf-8").splitlines()
    return [(text, slug) for slug, text in (line.split("\t") for line in lines)]
