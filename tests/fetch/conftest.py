"""Small mirrors of our own drawing, and the rehearsal server over them."""

from __future__ import annotations

import io
import random
import subprocess
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from pico_banana.mirrors.fetch.item import Candidate, FetchItem
from pico_banana.mirrors.fetch.one import Fetcher
from pico_banana.mirrors.fetch.retry import RetryPolicy
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.rehearsal.making.make import make_mirror

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUICK = RetryPolicy(attempts=4, first_wait_s=0.01)
PHOTO_HOST = "farm1.staticflickr.com"


def png(number: int, *, side: int = 48) -> bytes:
    """Draw a PNG that differs from every other number's."""
    picture = Image.frombytes("RGB", (side, side), random.Random(number).randbytes(side * side * 3))
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def jpeg(number: int) -> bytes:
    """Draw a JPEG that differs from every other number's."""
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (number % 256, number // 256 % 256, 99)).save(file, "JPEG", comment=str(number).encode())
    return file.getvalue()


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror folder with twelve edits and twelve photos."""
    folder = tmp_path / "mirror"
    for number in range(12):
        edit = folder / "images" / "positive-edit" / f"{number}.png"
        photo = folder / "source" / PHOTO_HOST / "1" / f"{number}_o.jpg"
        for path, data in ((edit, png(number)), (photo, jpeg(number))):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store for this test alone."""
    folder = tmp_path / "home"
    monkeypatch.setenv("PICO_BANANA_HOME", str(folder))
    return folder


@pytest.fixture
def edit(home: Path) -> Callable[..., FetchItem]:
    """Give the item of an edit, to be fetched from a server's URL."""

    def make(url: str, number: int = 0, **more: object) -> FetchItem:
        relative = f"images/positive-edit/{number}.png"
        candidates = (Candidate("cdn", f"{url}/{relative}"),)
        return FetchItem(f"picobanana://edited/positive-edit/{number}.png", home / relative, candidates, **more)

    return make


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    """A fetcher that does not wait long between tries."""
    transport = Transport(timeout_s=2.0)
    yield Fetcher(transport, policy=QUICK, patience_s=10)
    transport.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real filesystem that holds a few pictures and no more; needs the right to mount one."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting a small filesystem is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic mirror: forty rows with pictures, photos, the photo table, objects and tars."""
    folder = tmp_path_factory.mktemp("rehearsal") / "mirror"
    make_mirror(folder, rows=40, pictures=True, photo_copies=True, size=(48, 36))
    return folder
