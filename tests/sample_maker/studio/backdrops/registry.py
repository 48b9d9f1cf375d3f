"""Every backdrop by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.errors import unknown_name
from tests.sample_maker.studio.backdrops import landscapes, parks, rooms, towns

if TYPE_CHECKING:
    from tests.sample_maker.studio.scene import Backdrop

BACKDROPS: dict[str, Backdrop] = {
    "beach": landscapes.beach,
    "blurred beach": rooms.blurred_beach,
    "blurred city": rooms.blurred_city,
    "blurred park": rooms.blurred_park,
    "desert": landscapes.desert,
    "desk": rooms.desk,
    "garden": parks.garden,
    "harbour": landscapes.harbour,
    "kitchen": rooms.kitchen,
    "lake": landscapes.lake,
    "library": rooms.library,
    "living room": rooms.living_room,
    "meadow": landscapes.meadow,
    "mint paper": rooms.mint_paper,
    "moon": landscapes.moon_surface,
    "night city": towns.night_city,
    "park": parks.park,
    "platform": towns.platform,
    "race track": parks.race_track,
    "shop front": towns.shop_front,
    "street": towns.street,
    "studio": rooms.studio,
    "white paper": rooms.white_paper,
}


def backdrop(name: str) -> Backdrop:
    """Give the function that paints a backdrop.

    Args:
        name: its name, e.g. "harbour".

    Returns:
        A function of painter and look.

    Raises:
        UnknownNameError: there is no such backdrop.
    """
    if name not in BACKDROPS:
        error = unknown_name("backdrop", name, BACKDROPS)
        raise error
    return BACKDROPS[name]
