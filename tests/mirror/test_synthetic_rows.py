"""The rows of a synthetic mirror, read from the raw files."""

from __future__ import annotations

import hashlib
import statistics
import tracemalloc
from collections import Counter
from itertools import groupby, pairwise

import published_files as published
import pytest

from pico_banana.errors import ConfigError, UnknownNameError
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rehearsal.making.traps import Trap
from pico_banana.taxonomy import edit_types

ROWS = 2_000
LABELS = {kind.label for kind in edit_types()}


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    return make_mirror(tmp_path_factory.mktemp("mirror"), rows=ROWS, seed=3)


def digests(root):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_counts_are_those_asked_for_and_told(mirror):
    assert len(published.rows(mirror.folder, "sft")) == mirror.rows == ROWS
    assert len(published.rows(mirror.folder, "preference")) == mirror.preferences == round(ROWS * 56_473 / 257_730)
    assert len(published.rows(mirror.folder, "multi-turn")) == mirror.sessions == round(ROWS * 72_000 / 257_730)


@pytest.mark.parametrize("order", ["release", "blocks"])
def test_types_have_the_published_proportions(tmp_path, order):
    make_mirror(tmp_path, rows=ROWS, seed=3, order=order)
    labels = [row["edit_type"] for row in published.rows(tmp_path, "sft") if row["edit_type"] in LABELS]
    assert Counter(labels).keys() == LABELS
    for kind in edit_types():
        assert abs(labels.count(kind.label) - ROWS * kind.published_count / 257_730) < 3, kind


def test_the_usual_order_is_the_releases(tmp_path):
    """General types mixed, then the human ones, then the text ones; each stretch starts over with the sources."""
    make_mirror(tmp_path, rows=ROWS, seed=3, traps=False)
    rows = published.rows(tmp_path, "sft")
    category = {kind.label: str(kind.category) for kind in edit_types()}
    groups = [category[row["edit_type"]] for row in rows]
    groups = [group if group in {"human_centric", "text_symbol"} else "general" for group in groups]
    assert [group for group, _ in groupby(groups)] == ["general", "human_centric", "text_symbol"]
    neighbours = sum(one["edit_type"] != other["edit_type"] for one, other in pairwise(rows))
    assert neighbours > 0.9 * ROWS
    numbers = [int(name[21:-4]) for row in rows if published.PLAIN_NAME.fullmatch(name := row["output_image"])]
    assert numbers == sorted(numbers)
    ids = {row["OriginalURL"]: row["ImageID"] for row in published.photo_table(tmp_path)}
    for group in ("general", "human_centric", "text_symbol"):
        sources = [ids[row["open_image_input_url"]] for row, own in zip(rows, groups, strict=True) if own == group]
        assert sources == sorted(sources)
        assert {source[0] for source in sources} == {"0", "1"}  # both tars


def test_rows_can_lie_in_blocks_of_one_type(tmp_path):
    make_mirror(tmp_path, rows=ROWS, seed=3, order="blocks", traps=False)
    labels = [row["edit_type"] for row in published.rows(tmp_path, "sft")]
    assert [label for label, _ in groupby(labels)] == [kind.label for kind in edit_types()]


def test_there_are_two_orders(tmp_path):
    with pytest.raises(UnknownNameError, match=r"unknown order of rows 'random'.*release, blocks"):
        make_mirror(tmp_path, rows=10, order="random")


def test_texts_are_as_long_as_in_the_release(mirror):
    rows = published.rows(mirror.folder, "sft")
    assert 240 < statistics.mean(len(row["text"]) for row in rows) < 330
    bytes_a_row = (mirror.folder / "jsonl/sft.jsonl").stat().st_size / ROWS
    assert 520 < bytes_a_row < 680
    assert len({row["text"] for row in rows}) > 0.99 * ROWS


def test_file_names_are_of_the_two_published_kinds_and_are_not_row_numbers(mirror):
    names = [row["output_image"] for row in published.rows(mirror.folder, "sft")]
    retries = [name for name in names if published.RETRY_NAME.fullmatch(name)]
    plain = [name for name in names if published.PLAIN_NAME.fullmatch(name)]
    assert len(retries) + len(plain) == ROWS
    numbers = sorted(int(name.split("/")[-1].removesuffix(".png")) for name in plain)
    assert numbers[-1] > len(numbers)  # gaps
    assert {name[-5] for name in retries} == {"1", "2"}


def test_preference_rows_are_exactly_the_retries(mirror):
    retries = [
        row for row in published.rows(mirror.folder, "sft") if published.RETRY_NAME.fullmatch(row["output_image"])
    ]
    preferences = published.rows(mirror.folder, "preference")
    assert list(preferences[0]) == [
        "output_image", "rejected_images", "text", "edit_type", "open_image_input_url", "summarized_text",
    ]  # fmt: skip
    without = [{key: value for key, value in row.items() if key != "rejected_images"} for row in preferences]
    assert without == retries
    for row in preferences:
        attempts = int(row["output_image"][-5])
        assert len(row["rejected_images"]) in {attempts, 0}


def test_rejected_pictures_belong_to_one_row_each(mirror):
    rows = {row["output_image"]: row["rejected_images"] for row in published.rows(mirror.folder, "preference")}
    paths = [published.rejected_path(path) for paths in rows.values() for path in paths]
    assert len(paths) == len(set(paths))


def test_sessions_have_the_published_shape(mirror):
    for row in published.rows(mirror.folder, "multi-turn"):
        assert list(row) == ["files", "metadata_edit_turn_prompts"]
        ids = [file["id"] for file in row["files"]]
        turns = len(row["metadata_edit_turn_prompts"])
        assert ids == sorted(ids)
        assert f"edit_turn{turns}" not in ids
        pictures = published.pictures_of(row)
        assert pictures["final_image"].endswith(f"_turn{turns}.png")
        assert pictures["original_input_image"].startswith("https://")


def test_turn_counts_are_spread_over_two_to_five(mirror):
    counts = Counter(len(row["metadata_edit_turn_prompts"]) for row in published.rows(mirror.folder, "multi-turn"))
    assert all(counts[turns] > 0.2 * mirror.sessions for turns in (2, 3, 4, 5))


def test_every_trap_is_there_and_counted(mirror):
    found = published.traps(mirror.folder, LABELS)
    assert set(mirror.traps) == {trap.value for trap in Trap}
    assert {name: found[name] for name in mirror.traps} == mirror.traps
    assert found["raw_utf8"] > 0


def test_a_small_mirror_still_has_every_trap(tmp_path):
    mirror = make_mirror(tmp_path, rows=72)
    assert set(mirror.traps) == {trap.value for trap in Trap}


def test_without_traps_there_are_none(tmp_path):
    mirror = make_mirror(tmp_path, rows=300, traps=False)
    found = published.traps(tmp_path, LABELS)
    assert mirror.traps == {}
    assert {name for name, count in found.items() if count} == {"rejected_relative", "raw_utf8"}
    assert len({row["output_image"] for row in published.rows(tmp_path, "sft")}) == 300


def test_no_address_can_be_reached(mirror):
    hosts = {row["open_image_input_url"].split("/")[2] for row in published.rows(mirror.folder, "sft")}
    hosts |= {address.split("/")[2] for address in published.manifest(mirror.folder, "sft")}
    assert all(host.endswith(".invalid") for host in hosts)
    assert len(hosts) > 10


def test_manifests_list_every_picture_once_and_in_another_order(mirror):
    paths = list(dict.fromkeys(row["output_image"] for row in published.rows(mirror.folder, "sft")))
    listed = [address.partition("/nb/")[2] for address in published.manifest(mirror.folder, "sft")]
    assert sorted(listed) == sorted(paths)
    assert listed != paths
    turns = {
        path
        for row in published.rows(mirror.folder, "multi-turn")
        for name, path in published.pictures_of(row).items()
        if name != "original_input_image"
    }
    assert {address.partition("/nb/")[2] for address in published.manifest(mirror.folder, "multi_turn")} == turns
    rejected = {
        published.rejected_path(path)
        for row in published.rows(mirror.folder, "preference")
        for path in row["rejected_images"]
    }
    listed = {address.partition("/nb/")[2] for address in published.manifest(mirror.folder, "preference")}
    assert {path for path in listed if "rejected" in path} == rejected


def test_rows_and_subsets_share_photos(mirror):
    single = Counter(row["open_image_input_url"] for row in published.rows(mirror.folder, "sft"))
    assert len(single) == mirror.photos == ROWS // 4
    kinds: dict[str, set[str]] = {}
    for row in published.rows(mirror.folder, "sft"):
        kinds.setdefault(row["open_image_input_url"], set()).add(row["edit_type"])
    assert sum(len(types) > 1 for types in kinds.values()) > 0.5 * mirror.photos
    sessions = {
        published.pictures_of(row)["original_input_image"] for row in published.rows(mirror.folder, "multi-turn")
    }
    assert len(sessions & single.keys()) == len(sessions) > 0.9 * mirror.photos


def test_photos_can_be_kept_apart(tmp_path):
    make_mirror(tmp_path, rows=200, shared_photos=False, traps=False)
    photos = [row["open_image_input_url"] for row in published.rows(tmp_path, "sft")]
    assert len(set(photos)) == 200


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        make_mirror(tmp_path / name, rows=60, pictures=True, photo_copies=True, seed=seed)
    assert digests(tmp_path / "one") == digests(tmp_path / "same")
    assert not set(digests(tmp_path / "one").values()) & set(digests(tmp_path / "other").values())


def test_memory_does_not_grow_with_the_rows(tmp_path):
    make_mirror(tmp_path / "first", rows=100)  # imports and word lists are not what is measured
    tracemalloc.start()
    make_mirror(tmp_path / "large", rows=6_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    written = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert most < 2_000_000  # the interpreter's free lists, the words, the buffers
    assert written > 3 * most


def test_preferences_and_sessions_can_be_chosen(tmp_path):
    mirror = make_mirror(tmp_path, rows=50, preferences=50, sessions=0)
    assert len(published.rows(tmp_path, "preference")) == mirror.preferences == 50
    assert published.rows(tmp_path, "multi-turn") == []


@pytest.mark.parametrize("wrong", [{"preferences": 11}, {"rows": -1}, {"size": (0, 5)}, {"photo_copies": True}])
def test_contradictions_are_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(ConfigError):
        make_mirror(tmp_path, **{"rows": 10, **wrong})
    assert list(tmp_path.iterdir()) == []


def test_a_large_mirror_is_described_without_being_made(tmp_path):
    from pico_banana.rehearsal.making.plan import MirrorPlan, MirrorSpec
    from pico_banana.rehearsal.making.synthetic import single_turn

    spec = MirrorSpec(10_000_000, 2_000_000, 1_000_000, 0, (8, 8), True, True, "https://m.invalid/", "p.invalid")
    plan = MirrorPlan(spec)
    last = single_turn(plan, 9_999_999).row
    assert last["edit_type"] in {kind.label for kind in edit_types() if kind.category == "text_symbol"}
    assert str(last["output_image"]).startswith("images/positive-edit/")


@pytest.mark.parametrize("rows", [0, 1, 2, 5, 34, 35, 36])
def test_the_smallest_mirrors_are_mirrors_too(tmp_path, rows):
    mirror = make_mirror(tmp_path, rows=rows)
    assert len(published.rows(tmp_path, "sft")) == rows
    assert len(published.rows(tmp_path, "preference")) == mirror.preferences
    assert (len({row["edit_type"] for row in published.rows(tmp_path, "sft")} & LABELS) >= 33) == (rows >= 35)
