"""The prompts: text files in this folder, one a version, and the guidance for each edit type.

A published ledger names the prompt by file and hash, so a prompt that has been used is never edited: write the next
version. A configuration chooses the version of each, and may name a folder of its own that is looked into first.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import named_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.taxonomy import EditType

_HERE = Path(__file__).parent
_FACTS = frozenset({"edit_type", "definition", "history", "turn"})
_JUDGED = _FACTS | {"guidance", "rubric", "findings", "instruction"}
_OF_AXIS = _JUDGED | {"axis", "levels"}
# What may stand in the prompt of a stage, and what must.
PLACES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "inventory": (frozenset({"types", "known"}), frozenset({"types"})),
    "write": (_FACTS | {"guidance"}, frozenset({"edit_type"})),
    "write_turn": (_FACTS | {"guidance"}, frozenset({"edit_type", "history"})),
    "shorten": (frozenset({"instruction"}), frozenset({"instruction"})),
    "edit": (frozenset({"instruction"}), frozenset({"instruction"})),
    "judge": (_JUDGED, frozenset({"instruction"})),
    "judge_turn": (_JUDGED, frozenset({"instruction"})),
    "judge_axis": (_OF_AXIS, frozenset({"axis", "instruction"})),
    "judge_alone": (_OF_AXIS, frozenset({"axis"})),
    "repair": (frozenset({"instruction", "refused"}), frozenset({"instruction"})),
    "caption": (frozenset({"refused"}), frozenset()),
    "translate": (frozenset({"text", "language", "refused"}), frozenset({"text", "language"})),
    "compare_short": (frozenset({"old", "new"}), frozenset({"old", "new"})),
    "compare_caption": (frozenset({"new"}), frozenset({"new"})),
    "compare_translation": (frozenset({"old", "new", "language"}), frozenset({"old", "new"})),
}


@dataclass(frozen=True, slots=True)
class PromptSettings:
    """Which prompts are asked.

    Attributes:
        folder: a folder of one's own with files named like those below and `.txt`; what it lacks is the package's.
        inventory: whoever looks at a photo before the plan is made.
        write: the writer's first turn.
        write_turn: its later turns.
        shorten: the shortener.
        edit: the editor.
        judge: the judge of a first turn.
        judge_turn: the judge of later turns.
        judge_axis: the judge that is asked about one criterion at a time.
        judge_alone: the same, for criteria that the result alone is looked at for.
        repair: the shortener that makes the short text of a published row anew.
        caption: the writer that says what was changed between two pictures.
        translate: the writer that translates.
        compare_short: the judge of a short text.
        compare_caption: the judge of a caption, by the pictures.
        compare_translation: the judge of a translation.
    """

    folder: str = ""
    inventory: str = "inventory_v1"
    write: str = "write_v1"
    write_turn: str = "write_turn_v1"
    shorten: str = "shorten_v1"
    edit: str = "edit_v1"
    judge: str = "judge_v2"
    judge_turn: str = "judge_turn_v2"
    judge_axis: str = "judge_axis_v1"
    judge_alone: str = "judge_alone_v1"
    repair: str = "repair_v1"
    caption: str = "caption_v1"
    translate: str = "translate_v1"
    compare_short: str = "compare_short_v1"
    compare_caption: str = "compare_caption_v1"
    compare_translation: str = "compare_translation_v1"

    def chosen(self, role: str) -> Prompt:
        """Read the prompt of a stage.

        Args:
            role: one of `PLACES`.

        Returns:
            The prompt.

        Raises:
            ConfigError: there is no such file.
        """
        return prompt(getattr(self, role), self.folder)

    def checked(self) -> PromptSettings:
        """Read them all, and check that each has the places it needs and no others.

        Returns:
            The settings themselves.

        Raises:
            ConfigError: a file is missing, or has an unknown place or lacks one.
        """
        for role, (allowed, needed) in PLACES.items():
            _check_places(role, self.chosen(role), allowed, needed)
        return self


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

    @property
    def asks_levels(self) -> bool:
        """Whether it asks a judge for differences and levels; the first version asked for scores from 0 to 1."""
        return '"level"' in self.template.template

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
        rubric: what the levels of compliance mean for this type.
    """

    write: str
    judge: str
    needs: frozenset[str]
    rubric: str = ""


@cache
def prompt(name: str, folder: str = "") -> Prompt:
    """Read a prompt.

    Args:
        name: the file's name without ending.
        folder: where to look first; empty for the package alone.

    Returns:
        The prompt.

    Raises:
        ConfigError: there is no such file, or it is no text.
    """
    places = [Path(folder) / f"{name}.txt"] if folder else []
    for path in (*places, _HERE / f"{name}.txt"):
        if path.is_file():
            text = named_text(path, key="prompts")
            digest = hashlib.sha256(text.encode()).hexdigest()[:8]
            return Prompt(name, Template(text), f"{name}.{digest}")
    ours = ", ".join(sorted(path.stem for path in _HERE.glob("*.txt")))
    where = f"in {folder} nor among the package's" if folder else "among the package's prompts"
    raise ConfigError(f"there is no prompt {name!r} {where}: {ours}", key="prompts")


def _check_places(role: str, chosen: Prompt, allowed: frozenset[str], needed: frozenset[str]) -> None:
    key = f"prompts.{role}"
    if not chosen.template.is_valid():
        raise ConfigError(f"{key}: {chosen.name} has a lone $; write $$ for the sign itself", key=key)
    places = frozenset(chosen.template.get_identifiers())
    if unknown := sorted(places - allowed):
        text = f"{key}: {chosen.name} has ${unknown[0]}, which nobody fills; there are ${', $'.join(sorted(allowed))}"
        raise ConfigError(text, key=key)
    if missing := sorted(needed - places):
        raise ConfigError(f"{key}: {chosen.name} lacks ${missing[0]}; without it nobody knows what is asked", key=key)


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
    told = tomllib.loads((_HERE / "guidance.toml").read_text(encoding="utf-8"))
    rubrics = tomllib.loads((_HERE / "rubric_v2.toml").read_text(encoding="utf-8"))
    return {
        slug: Guidance(entry["write"], entry["judge"], frozenset(entry.get("needs", ())), rubrics[slug])
        for slug, entry in told.items()
    }


@cache
def axis_levels(axis: str) -> str:
    """Say what the levels of a criterion mean, for a judge that is asked about it alone.

    Args:
        axis: a criterion, or "drift".

    Returns:
        One or more lines; the ends of the scale alone for a criterion of one's own.
    """
    told: dict[str, str] = tomllib.loads((_HERE / "axes_v1.toml").read_text(encoding="utf-8"))
    return told.get(
        axis, f"the highest level when its {axis} could not be better, the lowest when it could not be worse."
    )
