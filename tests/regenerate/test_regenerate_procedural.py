"""The procedural backend: at least fifteen types, each really done; a judge that says no; declines instead of fakes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pico_banana.regenerate.backends.base import EditRequest, JudgeRequest, ModelSettings, ShortenRequest, WriteRequest
from pico_banana.regenerate.backends.procedural import backend
from pico_banana.regenerate.backends.procedural.pixels import decode, encode, from_image, resized
from pico_banana.regenerate.plan.photos import _things
from pico_banana.regenerate.settings.policy import Policy, parse_verdict, verdict_schema
from pico_banana.regenerate.values import Instruction, KnownObject, Outcome, Picture
from pico_banana.regenerate.work.stages import parse_written
from pico_banana.taxonomy import edit_type, edit_types
from tests.regenerate.scenes import draw_scene

CRAFTS = sorted(backend(ModelSettings()).edit_types)
POLICY = Policy()


@pytest.fixture(scope="module")
def photo() -> Picture:
    return encode(from_image(draw_scene(2)[0]))


@pytest.fixture(scope="module")
def objects() -> tuple[KnownObject, ...]:
    entries = draw_scene(2)[1]
    return tuple(thing for entry in entries for thing in _things(entry, [320, 240]))


def written(kind: str, photo: Picture, objects: tuple[KnownObject, ...], seed: int = 1) -> Instruction:
    reply = backend(ModelSettings()).write(WriteRequest(photo, edit_type(kind), "", (), objects, seed))
    assert reply.outcome is Outcome.OK, reply.reason
    return parse_written(reply.text)


def score(kind: str, before: Picture, after: Picture, instruction: Instruction) -> float:
    request = JudgeRequest(after, (before,), instruction, edit_type(kind), "", verdict_schema(with_drift=False))
    reply = backend(ModelSettings()).judge(request)
    return POLICY.score(parse_verdict(reply.text, with_drift=False))


def edited(kind: str, photo: Picture, instruction: Instruction, seed: int) -> Picture:
    reply = backend(ModelSettings()).edit(EditRequest(photo, instruction, edit_type(kind), "", seed))
    assert reply.picture is not None
    return reply.picture


def test_at_least_fifteen_types_in_at_least_five_categories():
    assert len(CRAFTS) >= 15
    assert len({edit_type(kind).category for kind in CRAFTS}) >= 5


@pytest.mark.parametrize("kind", CRAFTS)
def test_each_type_is_done_seen_and_missed(kind, photo, objects):
    instruction = written(kind, photo, objects)
    assert 12 <= len(instruction.text.split()) <= 80
    best = max(score(kind, photo, edited(kind, photo, instruction, seed), instruction) for seed in range(6))
    assert best > 0.7, "some attempt in six must be good enough"
    nothing = score(kind, photo, photo, instruction)
    assert nothing <= 0.7, "an unchanged photo must be rejected"
    noise = np.random.default_rng(0).random((240, 320, 3)).astype(np.float32)
    assert score(kind, photo, encode(noise), instruction) <= 0.7, "another picture altogether must be rejected"


@pytest.mark.parametrize("kind", CRAFTS)
def test_an_edit_of_another_place_or_kind_is_rejected(kind, photo, objects):
    other = "color_tone" if kind != "color_tone" else "add_text"
    wrong = edited(other, photo, written(other, photo, objects), 0)
    instruction = written(kind, photo, objects)
    done = score(kind, photo, edited(kind, photo, instruction, 0), instruction)
    assert score(kind, photo, wrong, instruction) < max(done, 0.71)


def test_the_same_seed_gives_the_same_picture_and_another_one_another(photo, objects):
    instruction = written("film_grain", photo, objects)
    first = edited("film_grain", photo, instruction, 3)
    assert first.sha256 == edited("film_grain", photo, instruction, 3).sha256
    assert first.sha256 != edited("film_grain", photo, instruction, 4).sha256


@pytest.mark.parametrize("kind", sorted({str(kind) for kind in edit_types()} - set(CRAFTS)))
def test_what_it_cannot_do_is_declined(kind, photo, objects):
    reply = backend(ModelSettings()).write(WriteRequest(photo, edit_type(kind), "", (), objects, 1))
    assert reply.outcome is Outcome.DECLINED
    assert kind in reply.reason


@pytest.mark.parametrize("kind", ["remove_object", "relocate_object", "replace_text", "translate_text"])
def test_without_known_objects_types_that_need_them_are_declined(kind, photo):
    assert backend(ModelSettings()).write(WriteRequest(photo, edit_type(kind), "")).outcome is Outcome.DECLINED


@pytest.mark.parametrize("kind", CRAFTS)
def test_a_result_of_another_size_is_judged_like_one_of_the_photo_s(kind, photo, objects):
    """Models paint at sizes of their own: 1024 x 858 in, 1152 x 896 out."""
    instruction = written(kind, photo, objects)
    same = edited(kind, photo, instruction, seed=3)
    pixels = decode(same)
    larger = encode(resized(pixels, pixels.shape[1] * 9 // 8, pixels.shape[0] * 17 // 16))
    assert 0.0 <= score(kind, photo, larger, instruction) <= 1.0
    if edit_type(kind).scope != "geometry" and kind != "film_grain":  # resizing wipes grain off
        assert score(kind, photo, larger, instruction) == pytest.approx(score(kind, photo, same, instruction), abs=0.25)


def test_an_instruction_without_a_recipe_is_declined_by_editor_and_judge(photo):
    plain = Instruction("Make it warmer.")
    kind = edit_type("color_tone")
    assert backend(ModelSettings()).edit(EditRequest(photo, plain, kind, "")).outcome is Outcome.DECLINED
    request = JudgeRequest(photo, (photo,), plain, kind, "", {})
    assert backend(ModelSettings()).judge(request).outcome is Outcome.DECLINED


def test_a_picture_that_is_none_is_declined(photo):
    reply = backend(ModelSettings()).write(WriteRequest(Picture.of(b"no picture"), edit_type("color_tone"), ""))
    assert reply.outcome is Outcome.DECLINED


def test_a_later_turn_refers_back_and_is_judged_against_the_source_photo(photo, objects):
    request = WriteRequest(photo, edit_type("color_tone"), "", ("Zoom in.",), objects, 1)
    instruction = parse_written(backend(ModelSettings()).write(request).text)
    assert instruction.text.split()[0] in {"Now", "With", "Building", "After"}
    after = edited("color_tone", photo, instruction, 0)
    schema = verdict_schema(with_drift=True)
    judged = backend(ModelSettings()).judge(
        JudgeRequest(after, (photo, photo), instruction, edit_type("color_tone"), "", schema)
    )
    assert parse_verdict(judged.text, with_drift=True).drift > 0.8
    assert "likeness" in json.loads(judged.text)["drift"]["reason"]


def test_short_form_is_shorter(photo, objects):
    instruction = written("weather", photo, objects)
    short = backend(ModelSettings()).shorten(ShortenRequest(instruction, "")).text
    assert 2 <= len(short.split()) < len(instruction.text.split()) / 2
