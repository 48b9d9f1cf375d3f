"""The small mirror that exports read."""

from tests.small_mirror import home_elsewhere, mirror_root, preferences, sessions, singles

__all__ = ["home_elsewhere", "mirror_root", "preferences", "sessions", "singles"]
