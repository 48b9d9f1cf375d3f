"""The sections of a configuration that say what is made and how far a run goes, as frozen values with their defaults.

Those of models, policy, rubric, prompts and checks stand beside what they set.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - annotations here are read at run time, see reader.py
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Where the photos come from; exactly one of the first three.

    Attributes:
        folder: a folder of photos, a mirror's folder, or the word "sample" for the embedded photos.
        open_images: a text file of Open Images ids, one a line.
        subset: a subset of the dataset; its source photos are taken.
        mirror: the mirror the subset comes from; empty for the release.
        limit: most photos to take, 0 for all.
        per_photo: items made of each photo.
        labels: tables of Open Images labels or boxes, which say for free what is in photos.
        label_names: the table that gives those labels their names.
    """

    folder: str = ""
    open_images: str = ""
    subset: str = ""
    mirror: str = ""
    limit: int = 0
    per_photo: int = 1
    labels: tuple[str, ...] = ()
    label_names: str = ""


@dataclass(frozen=True, slots=True)
class AssignSettings:
    """Which edit types are given out, and how evenly.

    Attributes:
        edit_types: the types to use; empty for all 35.
        balance: "uniform" over types, or "published" for the shares of the release; `weights` multiply either.
        weights: edit type to a factor.
        when_unknown: what to do with types that need a person, text or object on photos nothing is known of:
            "allow" them
            (the writer may still decline) or "avoid" them.
    """

    edit_types: tuple[str, ...] = ()
    balance: Literal["uniform", "published"] = "uniform"
    weights: Mapping[str, float] = field(default_factory=dict)
    when_unknown: Literal["allow", "avoid"] = "allow"


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How many items become sessions.

    Attributes:
        share: the share of items, 0 to 1, that go on for more turns.
        min_turns: fewest turns of a session.
        max_turns: most turns of a session.
    """

    share: float = 0.0
    min_turns: int = 2
    max_turns: int = 5


@dataclass(frozen=True, slots=True)
class VarietySettings:
    """How unlike each other the instructions of one type are.

    Attributes:
        similar: the share of different words, 0 to 1, from which on two instructions of one type are too alike: the
            writer is asked once more and shown what was asked already, then the item is left unwritten. 0 for
            whatever comes; 0.8 refuses repetitions, lower ones also variations.
        among: how many of the latest instructions of the type are looked at.
        shown: how many of them the writer is shown.
    """

    similar: float = 0.0
    among: int = 500
    shown: int = 12


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a run goes.

    Attributes:
        items_in_flight: items worked on at a time; memory grows with it and with nothing else.
        budget_usd: hard limit for the whole ledger, 0 for none; no call starts that could exceed it.
        tries: times a call is tried while its service fails.
        max_wait_s: longest wait between two tries.
        longest_pause_s: longest wait a service may ask for; one that asks for more, as when a quota of the day is
            spent, ends the run with the time to go on.
        allow_model_change: go on when another model answers than the one asked for.
        stop_grace_s: seconds calls in flight may still take after Ctrl-C.
        min_free_mb: free disk space, in megabytes, below which no call starts.
    """

    items_in_flight: int = 64
    budget_usd: float = 0.0
    tries: int = 8
    max_wait_s: float = 120.0
    longest_pause_s: float = 900.0
    allow_model_change: bool = False
    stop_grace_s: float = 300.0
    min_free_mb: int = 200
