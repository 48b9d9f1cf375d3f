"""The side of Open Images: the table of photos as a CSV, one object a photo, and the tars, for a synthetic mirror.

Columns, shapes and oddities are those of `train-images-boxable-with-rotation.csv`; the people in it are invented.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import tarfile
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import atomic_path, write_atomic
from pico_banana.rehearsal.making.dice import Dice, Scatter
from pico_banana.rehearsal.making.names import Names, photo_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pico_banana.rehearsal.making.plan import MirrorPlan

TABLE = "open_images/train-images-boxable-with-rotation.csv"
OBJECTS = "open_images/train"
TARS = "open_images/tar"
COLUMNS = (
    "ImageID", "Subset", "OriginalURL", "OriginalLandingURL", "License", "AuthorProfileURL", "Author", "Title",
    "OriginalSize", "OriginalMD5", "Thumbnail300KURL", "Rotation",
)  # fmt: skip
LICENCE = "https://creativecommons.org/licenses/by/2.0/"
LONGEST_SIDE = 1024
_ENTRY, _UNUSED_SHARE = 41, 2

FIRST_NAMES = ("Ada", "Björn", "Chiara", "Dmitri", "Elif", "Farid", "Grace", "Hana", "Íñigo", "Jun", "Klára", "Lwazi")
LAST_NAMES = ("Abbott", "Baran", "Castro", "Dvořák", "Eze", "Fischer", "Grau, Jr.", 'O"Neill', "Ito", "Jensen", "Kowal")
TITLES = (
    "Harbour, early", "IMG_2041", 'The "old" mill', "Two dogs, one ball", "", "Sunday market\nin the rain", "my desk",
    "Blick über den See", "street; no name", "DSC00417", "Garden party, 3 of 7", "猫", 'what is left of "summer"',
)  # fmt: skip
ROTATIONS = ("0.0",) * 12 + ("90.0", "180.0", "270.0", "nan", "")


@dataclass(frozen=True, slots=True)
class Photo:
    """A row of the table, before it is known what the file holds.

    Attributes:
        image_id: 16 hexadecimal digits.
        url: where the original seems to lie.
        number: the photo's number in its mirror.
    """

    image_id: str
    url: str
    number: int


def table_row(photo: Photo, *, seed: int, host: str, original: bytes | None) -> tuple[str, ...]:
    """Make the table's row for a photo.

    Args:
        photo: which photo.
        seed: the mirror's seed.
        host: where photos seem to lie, without `farmN.`.
        original: the photo's file, for its size and hash; invented when None.

    Returns:
        The values of `COLUMNS`.
    """
    dice = Dice(seed, _ENTRY, photo.number)
    author = f"{dice.pick(FIRST_NAMES)} {dice.pick(LAST_NAMES)}"
    page = f"https://www.{host}/people/{author.split(maxsplit=1)[0].lower()}{dice.roll(90) + 10}"
    content = photo.url.encode() if original is None else original
    size = 400_000 + dice.roll(5_000_000) if original is None else len(original)
    # a fingerprint that the published table carries, not a safeguard
    digest = b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    thumbnail = "" if dice.roll(9) == 0 else photo.url.replace("_o.jpg", "_z.jpg")
    landing = f"{page}/{photo.url.rsplit('/', 1)[1].split('_', 1)[0]}"
    return (
        photo.image_id, "train", photo.url, landing, LICENCE, page, author, dice.pick(TITLES),
        str(size), digest, thumbnail, dice.pick(ROTATIONS),
    )  # fmt: skip


def photos_of(plan: MirrorPlan) -> Callable[[int], Photo]:
    """Give what makes the table's entry from a photo's number.

    Args:
        plan: the mirror's plan.

    Returns:
        A function of the photo's number; numbers from `plan.spec.photos` on are photos that no row uses.
    """
    names: Names = plan.names
    return lambda number: Photo(names.image_id(number), names.photo(number), number)


def write_table(folder: Path, plan: MirrorPlan) -> None:
    """Write the table of all photos, in no order, with as many again by half that no row of the mirror uses.

    Args:
        folder: the mirror's root; where it holds a photo, its hash is true.
        plan: the mirror's plan.

    Raises:
        StoreError: the file cannot be written.
    """
    photo_of = photos_of(plan)
    total = plan.spec.photos + plan.spec.photos // _UNUSED_SHARE
    order = Scatter.of(total, plan.spec.seed + 9)
    with atomic_path(folder / TABLE) as path, path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for index in range(total):
            photo = photo_of(order.at(index))
            original = _stored(folder, photo) if photo.number < plan.spec.photos else None
            writer.writerow(table_row(photo, seed=plan.spec.seed, host=plan.spec.photo_host, original=original))


def _stored(folder: Path, photo: Photo) -> bytes | None:
    path = folder / photo_path(photo.url)
    return path.read_bytes() if path.is_file() else None


def write_copies(folder: Path, plan: MirrorPlan) -> int:
    """Write the copies that Open Images keeps: one object a photo, and the same files in two tars.

    Args:
        folder: the mirror's root, its photos written.
        plan: the mirror's plan.

    Returns:
        How many objects were written.

    Raises:
        StoreError: a file cannot be written.
    """
    photo_of = photos_of(plan)
    photos = [photo_of(number) for number in range(plan.spec.photos)]
    for photo in photos:
        write_atomic(folder / OBJECTS / f"{photo.image_id}.jpg", copy_of((folder / photo_path(photo.url)).read_bytes()))
    for digit in "01":
        _write_tar(folder, digit, sorted(photo.image_id for photo in photos if photo.image_id.startswith(digit)))
    return len(photos)


def copy_of(original: bytes) -> bytes:
    """Make the copy of a photo: longest side at most 1024 pixels, other bytes than the original.

    Args:
        original: the photo's JPEG file.

    Returns:
        The copy's JPEG file.
    """
    from PIL import Image

    from pico_banana.records.decoding.pillow import border

    with border("the photo"), Image.open(io.BytesIO(original)) as picture:
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _write_tar(folder: Path, digit: str, image_ids: list[str]) -> None:
    """Write `train_0/<id>.jpg` and so on; no dates in it, so that the same photos give the same bytes."""
    with (
        atomic_path(folder / TARS / f"train_{digit}.tar.gz") as path,
        path.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=1, mtime=0) as packed,
        tarfile.open(mode="w", fileobj=packed) as tar,
    ):
        for image_id in image_ids:
            content = (folder / OBJECTS / f"{image_id}.jpg").read_bytes()
            member = tarfile.TarInfo(f"train_{digit}/{image_id}.jpg")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
