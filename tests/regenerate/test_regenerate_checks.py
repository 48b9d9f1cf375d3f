"""Pixel checks: what no judge need see, by edit type."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageOps

from pico_banana.regenerate.settings.checks import CheckSettings, check
from pico_banana.regenerate.values import Picture
from pico_banana.taxonomy import edit_type
from tests.regenerate.scenes import draw_scene

SCENE = draw_scene(1)[0]


def picture(image: Image.Image, kind: str = "PNG", **options) -> Picture:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return Picture.of(buffer.getvalue())


def failure(edited: Picture, kind: str = "remove_object") -> str:
    return check(picture(SCENE), edited, edit_type=edit_type(kind), settings=CheckSettings()).failure


def patched(share: float) -> Image.Image:
    image = SCENE.copy()
    box = (0, 0, int(image.width * share), image.height)
    image.paste(ImageOps.invert(image.crop(box)), box)
    return image


def test_a_fair_edit_passes_with_its_sizes():
    found = check(picture(SCENE), picture(patched(0.2)), edit_type=edit_type("remove_object"), settings=CheckSettings())
    assert (found.failure, found.source_size, found.edited_size) == ("", (320, 240), (320, 240))
    assert found.changed == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("data", [b"", b"not a picture", picture(SCENE).data[:400]])
def test_undecodable(data):
    assert failure(Picture.of(data)) == "undecodable"


def test_unchanged_even_through_jpeg():
    assert failure(picture(SCENE)) == "unchanged"
    assert failure(picture(SCENE, "JPEG", quality=80)) == "unchanged"


def test_blank_as_some_tools_write_for_a_refusal():
    assert failure(picture(Image.new("RGB", (1024, 1024)))) == "blank"
    assert failure(picture(Image.new("RGB", SCENE.size, (128, 128, 128)))) == "blank"


def test_border_padding_but_not_where_a_plain_ground_is_asked_for():
    padded = ImageOps.expand(patched(0.2).resize((320, 200)), (0, 20), fill=(0, 0, 0))
    assert failure(picture(padded), "new_background") == "border padding"
    assert failure(picture(padded), "sticker") == ""


def test_a_local_edit_that_changed_almost_everywhere():
    assert failure(picture(ImageOps.invert(SCENE)), "remove_object") == "changed almost everywhere"
    assert failure(picture(ImageOps.invert(SCENE)), "artistic_style") == ""


def test_aspect_ratio_may_change_a_little_and_with_the_frame_at_will():
    taller = patched(0.2).resize((320, 258))
    much_taller = patched(0.2).resize((320, 400))
    assert failure(picture(taller)) == ""
    assert failure(picture(much_taller)) == "aspect ratio changed"
    assert failure(picture(much_taller), "outpainting") == ""


def test_switched_off_only_decoding_is_checked():
    off = CheckSettings(enabled=False)
    kind = edit_type("remove_object")
    assert check(picture(SCENE), picture(SCENE), edit_type=kind, settings=off).failure == ""
    assert check(picture(SCENE), Picture.of(b"no"), edit_type=kind, settings=off).failure == "undecodable"
