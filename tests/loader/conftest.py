"""The small mirror that the loader's tests read."""

from tests.small_mirror import home_elsewhere, mirror_root, preferences, sessions, singles

__all__ = ["home_elsewhere", "mirror_root", "preferences", "sessions", "singles"]
