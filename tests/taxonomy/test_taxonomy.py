"""The taxonomy: every name leads to its type, nothing in data is lost, and a type behaves like its slug."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from pico_banana import taxonomy
from pico_banana.errors import UnknownNameError
from pico_banana.taxonomy import Category, EditType, categories, category, edit_type, edit_type_from_label, edit_types

# Rows by category of the released sft.jsonl, counted by others.
ROWS_BY_CATEGORY = {
    "Object-Level Semantic": 75_055,
    "Scene Composition & Multi-Subject": 52_691,
    "Stylistic": 42_875,
    "Pixel & Photometric": 30_188,
    "Human-Centric": 20_102,
    "Scale": 13_729,
    "Spatial/Layout": 12_402,
    "Text & Symbol": 10_688,
}


def test_counts_add_up_to_the_release():
    assert len(edit_types()) == 35
    assert {c.label: sum(t.published_count for t in c.edit_types) for c in categories()} == ROWS_BY_CATEGORY
    assert sum(t.published_count for t in edit_types()) == 257_730


def test_order_is_as_published():
    assert [str(c) for c in categories()][:3] == ["pixel_photometric", "object_level", "scene_composition"]
    assert (edit_types()[0], edit_types()[9], edit_types()[-1]) == ("color_tone", "season", "outpainting")


def test_labels_with_non_ascii_are_exact():
    assert {t.label for t in edit_types() if not t.label.isascii()} == {
        "Change overall color tone (warm \u2194 cool)",
        "Apply seasonal transformation (summer \u2194 winter)",
        "Modern \u2194 historical style/look",
        "Funko-Pop\u2013style toy figure of the person",
    }


@pytest.mark.parametrize("members", [edit_types(), categories()], ids=["edit types", "categories"])
def test_no_name_leads_to_two_members(members):
    keys = [{taxonomy._key(n) for n in m.names} for m in members]
    assert sum(map(len, keys)) == len(set().union(*keys))


@pytest.mark.parametrize("member", edit_types(), ids=str)
def test_every_name_of_a_type_finds_it(member):
    for name in member.names:
        for spelled in (name, name.upper(), f" {name}. ", name.replace(" ", "_"), name.replace("'", "\u2019")):
            assert edit_type(spelled) is member
        assert edit_type_from_label(name) is member


@pytest.mark.parametrize(
    ("spelled", "slug"),
    [
        ("change overall colour tone (warm <-> cool)", "color_tone"),
        ("Modern -> historical style/look", "modern_historical"),
        ("Photo \u2192 cartoon/sketch/comic", "photo_to_cartoon"),
        ("funko-pop-style toy figure of the person", "funko_pop"),
        ("Change an object\u2019s attribute (e.g., color/material)", "change_attribute"),
        ("\u201cSimpsonize\u201d the person (yellow-skin cartoon style)", "simpsons"),
        ("Add new (handwritten/printed/etc.) text", "add_text"),
        ("Change age/gender", "age_gender"),
        ("ZOOM-IN", "zoom_in"),
        ("zoomIn", "zoom_in"),
    ],
)
def test_spelling_does_not_matter(spelled, slug):
    assert edit_type(spelled) == slug


@pytest.mark.parametrize(
    ("spelled", "slug"),
    [
        ("Object-Level", "object_level"),
        ("Scale & Perspective", "scale"),
        ("human centric", "human_centric"),
        ("Text and Symbol", "text_symbol"),
        ("spatial / layout", "spatial_layout"),
    ],
)
def test_readme_names_of_categories(spelled, slug):
    assert category(spelled) == slug


def test_unknown_type_suggests_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        edit_type("zoom")
    assert str(caught.value) == "unknown edit type 'zoom'. Did you mean 'zoom_in'? See `pico-banana types`."
    assert (caught.value.kind, caught.value.name, caught.value.suggestions) == ("edit type", "zoom", ("zoom_in",))


def test_a_near_alias_suggests_the_slug():
    with pytest.raises(UnknownNameError) as caught:
        edit_type("funko pop figures")
    assert caught.value.suggestions[0] == "funko_pop"


def test_unknown_category_far_from_all_lists_them():
    with pytest.raises(UnknownNameError, match=r"Known: pixel_photometric, .*spatial_layout\. See `pico-banana types`"):
        category("xyzzy")


def test_an_unknown_label_is_kept():
    kept = edit_type_from_label("Swap two faces (beta)")
    assert (kept, kept.label, kept.known) == ("unknown_swap_two_faces_beta", "Swap two faces (beta)", False)
    assert (kept.category, kept.category.known, kept.category.edit_types) == ("unknown", False, ())
    assert (kept.scope, kept.published_count) == ("global", 0)
    assert edit_type(kept) is kept


@pytest.mark.parametrize("label", ["", "   ", "???", "\u63db\u9854", "unknown", "unknown_swap_faces"])
def test_no_label_raises_and_slugs_tell_them_apart(label):
    kept = edit_type_from_label(label)
    assert kept.startswith("unknown")
    assert (kept.label, kept.known) == (label, False)
    assert edit_type_from_label(str(kept)) == kept
    assert label.strip() in {"", "unknown"} or kept != edit_type_from_label("another")


def test_a_type_is_its_slug():
    zoom = edit_type("zoom_in")
    assert zoom == "zoom_in"
    assert {zoom: 1}["zoom_in"] == 1
    assert (repr(zoom), str(zoom), f"{zoom}") == ("EditType('zoom_in')", "zoom_in", "zoom_in")
    assert repr(zoom.category) == "Category('scale')"
    assert json.dumps({"type": zoom, "category": zoom.category}) == '{"type": "zoom_in", "category": "scale"}'
    assert isinstance(zoom, str)


def test_a_type_cannot_be_changed():
    with pytest.raises(AttributeError, match="shared"):
        edit_type("zoom_in").label = "Zoom"
    with pytest.raises(AttributeError, match="shared"):
        category("scale").note = "new"


@pytest.mark.parametrize("value", [edit_type("sticker"), category("stylistic")], ids=repr)
def test_copies_of_known_ones_are_the_same_object(value):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(value, protocol)) is value
    assert copy.copy(value) is value
    assert copy.deepcopy([value])[0] is value


def test_copies_of_unknown_ones_keep_everything():
    for value in (edit_type_from_label("Swap faces!"), edit_type_from_label("Swap faces!").category):
        again = pickle.loads(pickle.dumps(value))
        assert (again, again.label, again.known) == (value, value.label, False)


def _describe(value: EditType) -> tuple[EditType, Category, str]:
    return value, value.category, value.label


def test_types_travel_between_processes():
    values = [edit_type("lego"), edit_type_from_label("Swap faces!")]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(_describe, values)) == [_describe(value) for value in values]


def test_import_reads_nothing_and_loads_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules)\n"
        "import pico_banana.taxonomy as t\n"
        "assert t._published.cache_info().currsize == 0\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "assert not new & {'json', 'pathlib', 'difflib', 'importlib.resources', 'numpy', 'pyarrow', 'datasets'}, new\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_definition_is_a_sentence():
    for member in (*edit_types(), *categories()):
        assert member.definition[0].isupper(), member
        assert member.definition.endswith("."), member


def test_scopes_cover_the_geometry_types():
    assert {t for t in edit_types() if t.scope == "geometry"} == {"zoom_in", "outpainting"}
    assert {t.scope for t in edit_types()} == {"local", "global", "geometry"}
