"""What one row is, as values: the four records, the picture in them, and their texts.

Nothing goes in but values; records come out. No picture is read here until one is asked for.
"""

from __future__ import annotations

from pico_banana.records.image_ref import ImageRef, Role
from pico_banana.records.values import (
    Flag,
    InstructionPair,
    MultiTurn,
    Preference,
    Record,
    SingleTurn,
    Subset,
    Turn,
)

__all__ = [
    "Flag",
    "ImageRef",
    "InstructionPair",
    "MultiTurn",
    "Preference",
    "Record",
    "Role",
    "SingleTurn",
    "Subset",
    "Turn",
]
