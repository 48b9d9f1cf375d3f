"""One answer of the doctor: what was expected, what was found, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"  # as it should be
    NOTE = "note"  # good to know; nothing to do
    DIFFERS = "differs"  # not what the code assumes, and handled all the same
    UNKNOWN = "unknown"  # could not be found out this time
    PROBLEM = "problem"  # something will fail


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer.

    Attributes:
        name: what was looked at.
        verdict: how to take it.
        found: what was found.
        assumed: what the code assumes, or an empty string.
        advice: what to do, or an empty string.
        gone: the ids of rows of which a picture is not there any more.
    """

    name: str
    verdict: Verdict
    found: str
    assumed: str = ""
    advice: str = ""
    gone: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give the finding for `--json`.

        Returns:
            Plain values only.
        """
        return asdict(self)

    def __str__(self) -> str:
        """Write it out for people."""
        assumed = f" (assumed: {self.assumed})" if self.assumed else ""
        advice = f"\n{'':10}{self.advice}" if self.advice else ""
        return f"{self.verdict:<9} {self.name}: {self.found}{assumed}{advice}"
