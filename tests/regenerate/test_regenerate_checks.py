"""Pixel checks: what no judge need see, by edit type."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from pico_banana.errors import ConfigError
from pico_banana.regenerate.settings.checks import CheckSettings
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.values import Picture
from pico_banana.regenerate.work.checks import check
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


def noticed(edited: Picture, kind: str = "remove_object", source: Picture | None = None) -> list[str]:
    found = check(source or picture(SCENE), edited, edit_type=edit_type(kind), settings=CheckSettings())
    assert found.failure == ""
    return list(found.noticed)


def test_the_same_bytes_or_the_same_pixels_are_unchanged():
    assert failure(picture(SCENE)) == "unchanged"
    assert failure(picture(SCENE, "WEBP", lossless=True)) == "unchanged"
    assert failure(picture(SCENE, "PNG", compress_level=1, optimize=True)) == "unchanged"


def test_a_new_encoding_or_a_single_pixel_is_for_the_judge_to_see():
    assert noticed(picture(SCENE, "JPEG", quality=80)) == ["unchanged"]
    one_pixel = SCENE.copy()
    one_pixel.putpixel((7, 7), (255, 0, 255))
    assert noticed(picture(one_pixel)) == ["unchanged"]


def test_blank_as_some_tools_write_for_a_refusal():
    assert failure(picture(Image.new("RGB", (1024, 1024)))) == "blank"
    assert failure(picture(Image.new("RGB", SCENE.size, (128, 128, 128)))) == "blank"
    assert failure(picture(Image.new("RGB", SCENE.size, (12, 200, 7)), "JPEG")) == "blank"
    assert failure(picture(Image.new("RGBA", SCENE.size))) == "blank"


def test_a_drawing_on_a_transparent_ground_is_not_blank():
    sticker = Image.new("RGBA", SCENE.size)
    sticker.paste((255, 255, 255, 255), (100, 60, 200, 180))
    assert failure(picture(sticker), "sticker") == ""


def studio() -> Image.Image:
    """The crate of the scene in a plain white studio."""
    image = Image.new("RGB", SCENE.size, (250, 250, 250))
    image.paste(SCENE.crop((20, 130, 90, 200)), (120, 90))
    return image


def test_a_plain_studio_background_goes_to_the_judge():
    assert noticed(picture(studio()), "new_background") == ["border"]
    assert noticed(picture(padded(patched(0.2))), "new_background") == ["border"]


def test_a_subject_that_fills_the_frame_goes_to_the_judge():
    assert noticed(picture(patched(0.8))) == ["everywhere"]
    assert noticed(picture(ImageOps.invert(SCENE)), "artistic_style") == []


def test_a_smile_of_50_by_30_pixels_goes_to_the_judge():
    large = SCENE.resize((2048, 1536))
    smiling = large.copy()
    ImageDraw.Draw(smiling).chord((1000, 700, 1050, 730), 0, 180, fill=(150, 40, 50))
    assert noticed(picture(smiling), "expression", picture(large)) == ["unchanged"]


@pytest.mark.parametrize("size", [(240, 480), (960, 240), (240, 960)])
def test_a_portrait_or_a_panorama_goes_to_the_judge(size):
    assert noticed(picture(patched(0.2).resize(size))) == ["aspect"]
    assert "aspect" not in noticed(picture(patched(0.2).resize(size)), "outpainting")


def test_a_blurred_result_goes_to_the_judge():
    assert "blur" in noticed(picture(patched(0.2).filter(ImageFilter.GaussianBlur(4))))


def padded(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image.resize((320, 200)), (0, 20), fill=(0, 0, 0))


@pytest.mark.parametrize(
    ("name", "edited", "words"),
    [
        ("unchanged", picture(SCENE, "JPEG", quality=80), "hardly changed"),
        ("everywhere", picture(ImageOps.invert(SCENE)), "changed almost everywhere"),
        ("border", picture(padded(patched(0.2))), "border padding"),
        ("aspect", picture(patched(0.2).resize((320, 400))), "aspect ratio changed"),
        ("blur", picture(patched(0.2).filter(ImageFilter.GaussianBlur(4))), "less sharp"),
    ],
)
def test_a_finding_rejects_only_where_the_configuration_says_so(name, edited, words):
    kind = edit_type("remove_object")
    strict = CheckSettings(reject=(name,))
    assert check(picture(SCENE), edited, edit_type=kind, settings=strict).failure == words
    others = CheckSettings(reject=tuple({"unchanged", "everywhere", "border", "aspect", "blur"} - {name, "everywhere"}))
    found = check(picture(SCENE), edited, edit_type=kind, settings=others)
    assert found.failure != words
    assert name in found.noticed


def test_a_finding_nobody_knows_is_named():
    with pytest.raises(ConfigError, match=r"checks.reject is 'borders'; it must be one of 'unchanged'"):
        config_from({"checks": {"reject": ["borders"]}})


def test_findings_are_words_for_the_judge_and_numbers_for_the_ledger():
    found = check(
        picture(SCENE), picture(padded(patched(0.2))), edit_type=edit_type("season"), settings=CheckSettings()
    )
    assert "one plain colour, which the input has not" in found.as_text()
    kept = json.loads(found.as_json())
    assert kept["noticed"] == ["border"]
    assert kept["border"] == pytest.approx(20 / 240, abs=0.01)
    assert {"aspect_change", "sharpness"} < set(kept)
    fair = check(picture(SCENE), picture(patched(0.2)), edit_type=edit_type("season"), settings=CheckSettings())
    assert fair.as_text() == "- nothing unusual"


def test_switched_off_only_decoding_is_checked():
    off = CheckSettings(enabled=False)
    kind = edit_type("remove_object")
    assert check(picture(SCENE), picture(SCENE), edit_type=kind, settings=off).failure == ""
    assert check(picture(SCENE), Picture.of(b"no"), edit_type=kind, settings=off).failure == "undecodable"
