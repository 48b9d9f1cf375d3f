"""Nothing of the benchmark is left to train on, also at the release's size; no file says which edit was chosen."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
from PIL import Image

import pico_banana as pb
from pico_banana import benchmark
from pico_banana.benchmark.runs.alike import alike
from pico_banana.regenerate.values import Picture
from pico_banana.rehearsal.making.make import make_mirror

SUBSETS = {"single_turn": "sft", "preference": "preference", "multi_turn": "multi-turn"}


def photos_in_the_file(root, name):
    """Give the photo of every line as it stands there, without the library: (edit's path, the photo's address)."""
    found = []
    for line in (root / "jsonl" / f"{name}.jsonl").read_bytes().split(b"\n"):
        try:
            row = json.loads(line)
            if "files" in row:
                urls = {one["id"]: one["url"] for one in row["files"]}
                found.append((urls["final_image"].rpartition("/images/")[2], urls["original_input_image"]))
            else:
                found.append((row["output_image"].rpartition("images/")[2], row["open_image_input_url"]))
        except (ValueError, KeyError, TypeError):
            continue  # the lines that the mirror breaks on purpose
    return found


@pytest.mark.slow
def test_no_photo_of_the_benchmark_is_in_training_at_the_release_s_size(tmp_path):
    summary = make_mirror(tmp_path, rows=257_730)
    definition = benchmark.make(mirror=tmp_path)
    assert len(definition.single_turn) == 1750
    assert (len(definition.multi_turn), len(definition.preference)) == (200, 500)
    photos = {subset: photos_in_the_file(tmp_path, name) for subset, name in SUBSETS.items()}
    held = set()
    for subset in ("single_turn", "preference"):
        drawn = {identity.partition("/")[2] + ".png" for identity in getattr(definition, subset)}
        found = [(path, photo) for path, photo in photos[subset] if path in drawn]
        assert sorted(path for path, _ in found) == sorted(drawn)  # each names one line: colliding paths are not drawn
        held |= {photo for _, photo in found}
    sessions = pb.load("multi_turn", mirror=tmp_path, ids=definition.multi_turn)
    held |= {"https://" + record.source.address.partition("source/")[2] for record in sessions}
    assert len(held) == len(definition.photos)
    for subset in SUBSETS:
        rest = pb.load(subset, mirror=tmp_path, exclude="benchmark", on_bad_rows="skip")
        assert len(rest) > 0.9 * getattr(
            summary, {"single_turn": "rows", "preference": "preferences", "multi_turn": "sessions"}[subset]
        )
        left = {"https://" + record.source.address.partition("source/")[2] for record in rest}
        assert left <= {photo for _, photo in photos[subset]}
        assert not left & held


@pytest.mark.parametrize("subset", ["single_turn", "multi_turn", "preference"])
def test_load_dataset_leaves_the_benchmark_out(subset, tmp_path):
    wanted = pb.load(subset, mirror="sample", exclude="benchmark").ids
    found = pb.load_dataset(subset, split="train", mirror="sample", exclude="benchmark", cache_dir=str(tmp_path))
    assert found["id"] == list(wanted)
    assert 0 < len(wanted) < len(pb.load(subset, mirror="sample"))
    streamed = pb.load_dataset(subset, split="train", mirror="sample", exclude="benchmark", streaming=True)
    assert [row["id"] for row in streamed] == list(wanted)


def statistics(data):
    """Give what a file says without being looked at: length, size, codec, mode, tables, metadata, chunks, head."""
    with Image.open(io.BytesIO(data)) as image:
        tables = getattr(image, "quantization", {}) or {}
        told = [
            len(data),
            *image.size,
            image.format == "PNG",
            len(image.getbands()),
            image.mode == "P",
            len(image.info),
        ]
        told += [len(data) / (image.width * image.height), len(image.getexif()), image.info.get("progressive", 0)]
        told += [len(tables), sum(map(sum, tables.values())), *image.info.get("dpi", (0, 0))]
    chunks, place = [], 8
    while data.startswith(b"\x89PNG") and place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        chunks.append((kind, length))
        place += length + 12
    lengths = [length for kind, length in chunks if kind == b"IDAT"]
    return [*told, len(chunks), len(lengths), max(lengths, default=0), *data[:48]]


def accuracy(pairs, measured, folds=5):
    """Give the cross-validated accuracy of a logistic classifier that sees both edits and says which is the chosen one.

    Each pair is shown in one of its two orders, drawn by lot; what knows nothing of a pair has half of it right.
    """
    gaps = np.array([np.subtract(measured(one.data), measured(other.data), dtype=float) for one, other in pairs])
    order = np.random.default_rng(0).permutation(np.arange(len(gaps)) % 2) * 2 - 1
    gaps, truth, group = gaps * order[:, None], order > 0, np.arange(len(gaps)) // 2 % folds
    right = 0.0
    for fold in range(folds):
        train, test = group != fold, group == fold
        spread = gaps[train].std(axis=0)
        scaled = gaps / np.where(spread > 0, spread, 1.0)
        weights = np.zeros(gaps.shape[1])
        for _ in range(300):
            wrong = 1 / (1 + np.exp(-np.clip(scaled[train] @ weights, -30, 30))) - truth[train]
            weights -= 0.1 * (scaled[train].T @ wrong / len(wrong) + 0.01 * weights)
        said = scaled[test] @ weights
        right += np.where(said == 0, 0.5, (said > 0) == truth[test]).sum()
    return right / len(truth)


def awkward(image, number):
    """Write a rejected edit in one of the ways in which files of a set differ, none of which is to be seen."""
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "edited"
    ways = [
        ("PNG", {}),
        ("PNG", {"compress_level": 1, "dpi": (300, 300)}),
        ("JPEG", {"quality": 98, "subsampling": 0}),
        ("JPEG", {"quality": 95, "progressive": True, "exif": exif}),
        ("PNG", {"optimize": True}),
    ]
    form, told = ways[number % len(ways)]
    if number % 2:
        image = image.resize((image.width - 8, image.height - 6))
    (image.convert("RGBA") if number % len(ways) == 1 else image).save(file, form, **told)
    return file.getvalue()


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Pairs whose files tell: rejected edits are smaller, of another codec, mode or compression, or hold metadata."""
    root = tmp_path_factory.mktemp("mirror")
    make_mirror(root, rows=400, preferences=120, sessions=4, pictures=True, size=(64, 48), traps=False)
    found = []
    for number, record in enumerate(pb.load("preference", mirror=root)):
        one, other = (ref.path.read_bytes() for ref in (record.chosen, record.rejected[0]))
        image = Image.open(io.BytesIO(other)).convert("RGB")
        found.append((Picture.of(one), Picture.of(awkward(image, number))))
    return found


def test_a_classifier_of_files_knows_no_more_than_a_coin(pairs):
    assert accuracy(pairs, statistics) > 0.8  # it can tell files apart where they differ
    assert accuracy([alike(one, other) for one, other in pairs], statistics) <= 0.55
