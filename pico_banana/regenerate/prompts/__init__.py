"""The prompts: text files in this folder, one a version, and the guidance for each edit type.

A published ledger names the prompt by file and hash, so a prompt that has been used is never edited: write the next
version.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.taxonomy import EditType


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt file.

    Attributes:
        name: the file's name without ending, version included, e.g. "judge_v1".
        template: its text with `$` places.
        version: the name and the first 8 hexadecimal digits of the text's SHA-256.
    """

    name: str
    template: Template
    version: str

    def fill(self, values: Mapping[str, str]) -> str:
        """Fill the places.

        Args:
            values: place to text; every place of the prompt must be there.

        Returns:
            The prompt to send.
        """
        return self.template.substitute(values).strip()


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a type needs of a photo, and what the models are told about it.

    Attributes:
        write: a sentence for the instruction writer.
        judge: a sentence for the judge, so that a style transfer is not marked down for its colours.
        needs: what the photo must show: "person", "text", "object".
    """

    write: str
    judge: str
    needs: frozenset[str]


@cache
def prompt(name: str) -> Prompt:
    """Read a prompt of the package.

    Args:
        name: the file's name without ending.

    Returns:
        The prompt.
    """
    text = (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return Prompt(name, Template(text), f"{name}.{digest}")


def guidance(edit_type: EditType) -> Guidance:
    """Give the guidance for an edit type.

    Args:
        edit_type: any type.

    Returns:
        Its guidance; empty for an unknown type, of which nobody can say more than its name.
    """
    return _all_guidance().get(str(edit_type)) or Guidance("", "", frozenset())


@cache
def _all_guidance() -> dict[str, Guidance]:
    text = (Path(__file__).parent / "guidance.toml").read_text(encoding="utf-8")
    return {
        slug: Guidance(entry["write"], entry["judge"], frozenset(entry.get("needs", ())))
        for slug, entry in tomllib.loads(text).items()
    }
