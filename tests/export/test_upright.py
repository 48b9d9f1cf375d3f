"""One policy for photos that lie on their side: whoever reads a picture of ours, in whatever form, sees it upright."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageOps

import pico_banana as pb
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.sharing.export import export, find_format, formats
from pico_banana.sharing.export.options import export_options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESSES = {"csv", "jsonl"}  # no pictures in them
UNREAD = {"lance": "lance", "mds": "streaming"}  # their shards are searched for tags and not read
WAYS = (
    {},
    {"codec": "png"},
    {"codec": "jpeg"},
    {"geometry": "match_source"},
    {"geometry": "register"},
    {"geometry": "register", "codec": "jpeg"},
)


def lying() -> bytes:
    """A JPEG stored on its side: four colours, so that every turn shows."""
    drawn = Image.new("RGB", (96, 64), (200, 30, 30))
    for box, colour in (((48, 0, 96, 32), (30, 200, 30)), ((0, 32, 48, 64), (30, 30, 200))):
        drawn.paste(colour, box)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    drawn.save(buffer, "JPEG", exif=exif, quality=95)
    return buffer.getvalue()


LYING = lying()
STORED = np.asarray(Image.open(io.BytesIO(LYING)).convert("RGB"), float)
UPRIGHT = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(LYING))).convert("RGB"), float)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory) -> str:
    """A mirror all of whose photos lie on their side."""
    root = tmp_path_factory.mktemp("mirror")
    make_mirror(root, rows=3, preferences=2, sessions=2, pictures=True, size=(96, 64), traps=False)
    for path in (root / "source").rglob("*.jpg"):
        path.write_bytes(LYING)
    return str(root)


def alike(pixels: np.ndarray, right: np.ndarray) -> bool:
    return pixels.shape == right.shape and np.abs(pixels.astype(float) - right).mean() < 8


def blobs(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from blobs(one)
    elif isinstance(value, dict):
        yield from blobs(list(value.values()))


def pictures_in(folder: Path) -> Iterator[bytes]:
    """Every picture of an export, out of whatever holds it."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".jpg", ".png"}:
            yield path.read_bytes()
        elif path.suffix == ".parquet":
            yield from blobs(pq.read_table(path).to_pylist())
        elif path.suffix == ".zip":
            with ZipFile(path) as archive:
                yield from (archive.read(name) for name in archive.namelist() if name.endswith(("jpg", "png")))
        elif path.suffix == ".tar":
            with tarfile.open(path) as tar:
                yield from (tar.extractfile(one).read() for one in tar if one.name.endswith(("jpg", "png")))


@pytest.mark.parametrize("form", formats())
def test_every_export_gives_upright_pixels_without_a_tag(form, mirror, tmp_path):
    if form in UNREAD:
        pytest.importorskip(UNREAD[form])
    subsets = find_format(form).subsets
    rows = pb.load("single_turn" if pb.Subset.SINGLE_TURN in subsets else "preference", mirror=mirror)
    for number, way in enumerate(WAYS):
        if way.get("geometry") == "register":
            pytest.importorskip("cv2")
        folder = tmp_path / str(number)
        assert export(rows, form, folder, options=export_options(**way)).failed == {}
        assert not any(b"Exif\0\0" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
        if form not in ADDRESSES | {*UNREAD}:
            found = [np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in pictures_in(folder)]
            assert sum(alike(pixels, UPRIGHT) for pixels in found) >= 1
            assert not any(alike(pixels, STORED) for pixels in found)


@pytest.mark.parametrize("geometry", ["none", "match_source", "register"])
def test_loader_and_pack_see_the_same(mirror, tmp_path, geometry):
    if geometry == "register":
        pytest.importorskip("cv2")
    rows = pb.load("single_turn", mirror=mirror)
    for batch in rows.loader(batch_size=1, geometry=geometry):
        assert alike(batch["source"][0], UPRIGHT)
    from pico_banana.training.loader import Loader
    from pico_banana.training.packs import PackExamples

    rows.pack(tmp_path / "pack", geometry=geometry)
    for example in Loader(PackExamples(tmp_path / "pack"), batch_size=None):
        assert alike(example["source"], UPRIGHT)


def test_records_pages_and_datasets_see_the_same(mirror, tmp_path):
    rows = pb.load("single_turn", mirror=mirror)
    picture = rows[0].source.image()
    assert picture.size == rows[0].source.size == (64, 96)
    assert alike(np.asarray(picture), UPRIGHT)
    assert picture.getexif().get(0x0112) is None  # whoever turns by the tag again leaves it as it is
    rows.gallery(tmp_path / "look", height=96)
    shown = np.asarray(Image.open(tmp_path / "look/pictures/00000-0.jpg").convert("RGB"))
    assert alike(shown, UPRIGHT)
    for made in (
        rows.to_datasets(),
        rows.to_datasets(embed=True),
    ):  # the tag stays with the bytes, and `datasets` obeys it
        assert alike(np.asarray(made[0]["source_image"].convert("RGB")), UPRIGHT)
