"""What became of an export's examples."""

from __future__ import annotations

from dataclasses import dataclass, field

from pico_banana.telling import Carded


@dataclass(slots=True)
class ExportReport(Carded):
    """What became of the examples.

    Attributes:
        total: examples asked for; written + reused + len(failed) adds up to it.
        written: examples written by this call.
        reused: examples that an earlier call had written.
        failed: the reason for every example left out, by id.
        size: bytes of the files of the export.
        texts: how many rows, or turns of sessions, took which text, where texts made anew were wanted.
    """

    total: int = 0
    written: int = 0
    reused: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    size: int = 0
    texts: dict[str, int] = field(default_factory=dict)
