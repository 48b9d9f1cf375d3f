"""The drawing room: coverage, views, changes, and every thing and backdrop in every look."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np
import pytest

from pico_banana.errors import ConfigError, UnknownNameError
from tests.sample_maker.studio.backdrops.registry import BACKDROPS, backdrop
from tests.sample_maker.studio.curves import ellipse, points
from tests.sample_maker.studio.lettering import HANDS, write
from tests.sample_maker.studio.painter import Painter
from tests.sample_maker.studio.paints import Blend
from tests.sample_maker.studio.people.figurines import FIGURINES
from tests.sample_maker.studio.people.manner import MANNERS
from tests.sample_maker.studio.people.person import Person
from tests.sample_maker.studio.raster import filled, softened, stroked
from tests.sample_maker.studio.render import render
from tests.sample_maker.studio.scene import Look, Scene, Thing
from tests.sample_maker.studio.shots import Shot, editor_size, fitted, photos
from tests.sample_maker.studio.things.registry import KINDS, kind

LOOKS = (
    *(Look(season=season) for season in ("spring", "summer", "autumn", "winter")),
    *(Look(weather=weather) for weather in ("cloudy", "rain", "snow", "fog", "storm")),
    *(Look(light=light) for light in ("golden", "sunset", "night", "fluorescent")),
    Look("winter", "storm", "night"),
)
RED, WHITE = (1.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def test_a_filled_outline_covers_its_area():
    mask = filled(ellipse(50.3, 40.7, 20, steps=200), (100, 80))
    assert mask.cover.sum() == pytest.approx(pi * 400, rel=0.002)
    assert mask.cover.max() == 1


def test_a_line_covers_its_length_times_its_width_and_two_round_ends():
    mask = stroked(points([(20, 30), (70, 45)]), 6, (100, 80))
    length = np.hypot(50, 15)
    assert mask.cover.sum() == pytest.approx(length * 6 + pi * 9, rel=0.02)


def test_a_line_thinner_than_a_pixel_is_faint():
    mask = stroked(points([(10, 20), (90, 20)]), 0.25, (100, 40))
    assert mask.cover.sum() == pytest.approx(80 * 0.25, rel=0.1)


def test_blurring_keeps_the_amount_of_paint():
    mask = filled(ellipse(50, 50, 10), (100, 100))
    soft = softened(mask, 4, (100, 100))
    assert soft.cover.sum() == pytest.approx(mask.cover.sum(), rel=0.001)
    assert soft.cover.shape > mask.cover.shape


@pytest.mark.parametrize("x", [-50, 150])
def test_what_is_outside_the_picture_is_not_painted(x):
    assert filled(ellipse(x, 40, 20), (100, 80)) is None
    assert stroked(points([(x, 10), (x, 60)]), 4, (100, 80)) is None


def test_colours_that_change_go_over_the_whole_shape_also_where_it_is_not_seen():
    """A part of a sky has the same colours whether the rest of it is in the picture or not."""
    whole, part = Painter((0, 0, 100, 100), (100, 100)), Painter((0, 40, 100, 60), (100, 20))
    for p in (whole, part):
        p.box(-10, 0, 110, 100, Blend((RED, WHITE)))
    assert np.allclose(whole.picture[40:60], part.picture, atol=1e-6)


@pytest.mark.parametrize("hand", HANDS)
def test_a_text_keeps_to_its_width(hand):
    p = Painter((0, 0, 200, 60), (400, 120))
    write(p, "BOULANGERIE", 100, 30, height=40, colour=WHITE, hand=hand, width=120)
    left, top, right, bottom = p.texts[0].box
    slack = 24 * HANDS[hand].slant + 12
    assert 80 - slack <= left < right <= 320 + slack
    assert 0 < top < bottom < 120


@pytest.mark.parametrize("name", sorted(BACKDROPS))
def test_a_backdrop_fills_every_view(name):
    p = Painter((-120, -40, 520, 380), (64, 42))
    p.picture[:] = -9
    backdrop(name)(p, Look())
    assert p.picture.min() > -0.001


def drawn_in(look):
    return render(Scene("park", (Thing("tree", "tree", 100, 220),), look=look), (40, 30)).picture


@pytest.fixture(scope="module")
def usual():
    return drawn_in(Look())


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.season} {look.weather} {look.light}")
def test_every_look_can_be_drawn_and_differs_from_the_usual_one(look, usual):
    drawn = drawn_in(look)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert (np.abs(usual - drawn).mean() > 0.01) == (look != Look())


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"person"}))
def test_every_kind_of_thing_is_drawn_where_it_stands(name):
    scene = Scene("white paper", (Thing("it", name, 200, 200, colour="blue", text="A", ink="black"),))
    drawn = render(scene, (320, 240))
    left, top, right, bottom = drawn.boxes["it"]
    assert left < 160 < right
    assert bottom - top > 5
    plain = render(Scene("white paper"), (320, 240)).picture
    changed = np.abs(drawn.picture - plain).max(axis=2) > 0.1
    assert changed[top:bottom, left:right].mean() > 0.08


@pytest.mark.parametrize("manner", [*MANNERS, *FIGURINES])
def test_every_manner_draws_the_same_person_differently(manner):
    def drawn(how):
        who = Person(hair="auburn", style="long", cloth="emerald", beard="moustache", manner=how)
        return render(Scene("studio", (Thing("she", "person", 200, 280, person=who),)), (80, 60)).picture

    assert (np.abs(drawn(manner) - drawn("photo")).mean() > 0.01) == (manner != "photo")


def test_zooming_in_shows_the_same_thing_larger():
    scene = photos()["harbour"].shot.scene
    far = render(scene, (400, 300)).boxes["rowing boat"]
    near = render(replace(scene, view=(200, 150, 400, 300)), (400, 300)).boxes["rowing boat"]
    expected = [2 * (far[0] - 200), 2 * (far[1] - 150), 2 * (far[2] - 200), 2 * (far[3] - 150)]
    assert np.abs(np.array(near) - expected).max() <= 3


def test_removing_a_thing_changes_nothing_beyond_it_and_its_shadow():
    scene = photos()["beach"].shot.scene
    before, after = render(scene, (200, 150)), render(scene.without("beach ball"), (200, 150))
    changed = np.argwhere(np.abs(before.picture - after.picture).max(axis=2) > 0.02)
    left, top, right, bottom = before.boxes["beach ball"]
    assert len(changed) > 100
    assert changed[:, 1].min() >= left - 4
    assert changed[:, 1].max() <= right + 6
    assert changed[:, 0].min() >= top - 2
    assert changed[:, 0].max() <= bottom + 8


def test_a_wider_canvas_keeps_what_was_there():
    scene = photos()["lake"].shot.scene
    left, top, right, bottom = scene.view
    wide = render(replace(scene, view=(left - 100, top, right + 100, bottom)), (600, 267))
    narrow = render(replace(scene, view=(left, top, right, bottom)), (400, 267))
    assert np.abs(wide.picture[:, 100:500] - narrow.picture)[:120].mean() < 0.01


def test_an_editor_gives_back_a_size_of_about_the_same_ratio():
    for photo in photos().values():
        view = photo.shot.scene.view
        width, height = editor_size(view)
        assert width / height == pytest.approx(photo.size[0] / photo.size[1], rel=0.06)
        left, top, right, bottom = fitted(view, (width, height))
        assert (right - left) / (bottom - top) == pytest.approx(width / height)
        assert (right - left) * (bottom - top) == pytest.approx((view[2] - view[0]) * (view[3] - view[1]))


def test_a_change_that_names_nothing_known_says_what_there_is():
    shot = photos()["park"].shot
    with pytest.raises(ConfigError, match="tree, kite, bench, bicycle, dog"):
        shot.changed([{"remove": "cat"}])
    with pytest.raises(ConfigError, match="no verb"):
        shot.changed([{"paint": "dog"}])
    with pytest.raises(ConfigError, match="not a person"):
        shot.changed([{"person": "dog", "hat": "cap"}])
    with pytest.raises(UnknownNameError, match="bicycle"):
        kind("bicicle")
    with pytest.raises(UnknownNameError, match="harbour"):
        backdrop("harbor")


def test_changes_leave_the_photo_alone():
    shot = photos()["park"].shot
    changed = shot.changed([{"change": "dog", "colour": "red"}, {"filter": "warm"}, {"look": {"season": "winter"}}])
    assert isinstance(changed, Shot)
    assert (shot.scene.thing("dog").colour, shot.filters, shot.scene.look.season) == ("tan", (), "summer")
    assert (changed.scene.thing("dog").colour, changed.filters, changed.scene.look.season) == (
        "red",
        ("warm",),
        "winter",
    )
