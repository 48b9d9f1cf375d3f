"""Make a definition from a mirror's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.known import remember
from pico_banana.rows.choosing.definition import PUBLISHED_SEED, Definition, Size
from pico_banana.rows.held_out import draw

if TYPE_CHECKING:
    from pico_banana.rows.opening import Place


_SEEDS = 2**64


def make(*, mirror: Place = None, size: Size = "full", seed: int = PUBLISHED_SEED) -> Definition:
    """Draw a benchmark from the rows of a mirror; no picture is read or fetched.

    Args:
        mirror: where the rows are; see `pico_banana.load`.
        size: "full": 50 edits a type, 200 sessions, 500 pairs; "mini": 5 a type, 20 and 50; fewer of a small mirror.
        seed: the published one makes results comparable; another one draws another benchmark.

    Returns:
        The definition; `write` puts it into a file of ids and nothing else.

    Raises:
        ConfigError: the seed is no number of 64 bits.
    """
    if not 0 <= seed < _SEEDS:
        raise ConfigError(f"seed is {seed}; it is a whole number from 0 to 2**64 - 1", key="seed")
    place = resolve_mirror(mirror)
    remember(place)
    return draw(place, size=size, seed=seed)
