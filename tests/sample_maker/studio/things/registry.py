"""Every kind of thing by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.errors import unknown_name
from tests.sample_maker.studio.people import figure
from tests.sample_maker.studio.things import animals, boats, indoors, plants, streets, vehicles

if TYPE_CHECKING:
    from tests.sample_maker.studio.scene import Kind

_DRAWERS = (
    animals.butterfly, animals.cat, animals.dog, animals.duck, animals.gull, boats.buoy, boats.canoe,
    boats.fishing_boat, boats.lighthouse, boats.pier, boats.rowing_boat, boats.sailing_boat, indoors.apple,
    indoors.armchair, indoors.ball, indoors.bananas, indoors.book, indoors.bowl, indoors.cake, indoors.candle,
    indoors.floor_lamp, indoors.mug, indoors.notebook, indoors.orange, indoors.pear, indoors.picture_frame,
    indoors.sofa, indoors.teapot, indoors.vase, indoors.wall_clock, plants.bush, plants.flower_bed, plants.flower_pot,
    plants.pine, plants.reeds, plants.sunflower, plants.tree, streets.awning, streets.bench, streets.billboard,
    streets.chalk_board, streets.fountain, streets.lantern, streets.letter_box, streets.neon_sign, streets.shop_sign,
    streets.sign_board, streets.snowman, streets.street_lamp, streets.umbrella, figure.person, vehicles.balloon,
    vehicles.bicycle, vehicles.car, vehicles.kite, vehicles.racing_car, vehicles.scooter, vehicles.van,
)  # fmt: skip
KINDS: dict[str, Kind] = {drawer.__name__: drawer for drawer in _DRAWERS}


def kind(name: str) -> Kind:
    """Give the function that draws a kind of thing.

    Args:
        name: the kind, e.g. "rowing_boat".

    Returns:
        A function of painter, thing and look.

    Raises:
        UnknownNameError: there is no such kind.
    """
    if name not in KINDS:
        error = unknown_name("kind of thing", name, KINDS)
        raise error
    return KINDS[name]
