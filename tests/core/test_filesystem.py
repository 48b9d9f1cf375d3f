"""`picobanana://` through fsspec: found by its entry point, read-only, in any process, without importing us."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import fsspec
import pytest
from core_rows import edit, mirror_of

import pico_banana as pb
from pico_banana.errors import ConfigError, MirrorError, PictureMissingError
from pico_banana.mirrors.addresses import Address, key_of_url, parse_address, url_of_key
from pico_banana.rehearsal.making.make import make_mirror

ROOT = Path(pb.__file__).parents[1]


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files") / "mirror"
    make_mirror(folder, rows=12, preferences=4, sessions=4, pictures=True, size=(48, 36))
    return folder


@pytest.fixture
def edits(pictured: Path) -> Any:
    return pb.load("single_turn", mirror=pictured)


@pytest.fixture
def files() -> Any:
    return fsspec.filesystem("picobanana")


def test_it_is_registered_by_entry_point() -> None:
    (entry,) = entry_points(group="fsspec.specs", name="picobanana")
    assert entry.load() is fsspec.get_filesystem_class("picobanana")


def test_a_picture_is_described_read_and_copied(edits: Any, files: Any, pictured: Path, tmp_path: Path) -> None:
    address = edits[0].edited.address
    content = (pictured / "images" / address.split("/edited/")[1]).read_bytes()
    name = address.removeprefix("picobanana://")
    for form in (address, name):
        assert files.info(form) == {"name": name, "size": len(content), "type": "file"}
        assert files.cat(form) == files.cat_file(form) == content
        assert files.exists(form)
        assert files.isfile(form)
        assert not files.isdir(form)
        assert files.size(form) == len(content)
        assert files.ls(form) == [files.info(form)]
        assert files.ls(form, detail=False) == [name]
        with files.open(form) as file:
            file.seek(1)
            assert file.read(3) == b"PNG"
    assert files.cat_file(address, start=1, end=4) == b"PNG"
    assert files.head(address, 4) == b"\x89PNG"
    files.get_file(address, str(tmp_path / "copy.png"))
    files.get(address, str(tmp_path / "second.png"))
    assert (tmp_path / "copy.png").read_bytes() == (tmp_path / "second.png").read_bytes() == content
    with fsspec.open(address) as file:
        assert file.read() == content
    two = [edits[0].edited.address, edits[1].source.address]
    assert sorted(files.cat(two)) == sorted(name.removeprefix("picobanana://") for name in two)


def test_folders_are_listed(edits: Any, files: Any, pictured: Path) -> None:
    root = f"picobanana://{edits.mirror.name}/edited"
    assert [entry["type"] for entry in files.ls(root)] == ["directory"] * 3
    assert files.ls(root, detail=False) == [
        f"{edits.mirror.name}/edited/{name}" for name in ("multi-turn", "positive-edit", "rejected-edit")
    ]
    assert files.info(root) == {"name": f"{edits.mirror.name}/edited", "size": 0, "type": "directory"}
    assert files.isdir(f"{root}/positive-edit")
    listed = files.ls(f"{root}/positive-edit/")
    assert {Path(entry["name"]).name: entry["size"] for entry in listed} == {
        path.name: path.stat().st_size for path in (pictured / "images" / "positive-edit").iterdir()
    }
    assert len(files.glob(f"{root}/positive-edit/*.png")) == len(listed)
    assert len(files.find(f"picobanana://{edits.mirror.name}/source")) > 0
    with pytest.raises(FileNotFoundError, match=r"nothing of picobanana://.*/nowhere is on this machine"):
        files.ls(f"{root}/nowhere")
    with pytest.raises(FileNotFoundError):
        files.ls("picobanana://unknown-mirror/edited")


def test_it_is_read_only(edits: Any, files: Any) -> None:
    for mode in ("wb", "ab", "r+b"):
        with pytest.raises(ConfigError, match="picobanana:// is read-only"):
            files.open(edits[0].edited.address, mode)


CLIMBING = [
    "picobanana://edited/../../etc/passwd",
    "picobanana://edited/a/../b.png",
    "picobanana://edited/..",
    "picobanana://../edited/a.png",
    "picobanana://sample/edited/../../../secret.png",
    "picobanana://source/../secret.jpg",
    "picobanana://edited/a\0.png",
    "picobanana://edited/",
    "picobanana://edited",
    "picobanana://",
    "picobanana://a/b/c.png",
    "picobanana:///etc/passwd",
]


@pytest.mark.parametrize("address", CLIMBING)
def test_what_is_no_address_is_refused(address: str, files: Any) -> None:
    with pytest.raises(ConfigError, match=r"is not a picture's address; it should look like picobanana://edited/"):
        parse_address(address)
    with pytest.raises((ConfigError, FileNotFoundError)):
        files.cat_file(address)
    if ".." in address:
        with pytest.raises((ConfigError, FileNotFoundError)):
            files.ls(address)


ADDRESSES = {
    "picobanana://edited/positive-edit/1.png": Address("release", "edited", "positive-edit/1.png"),
    "edited/positive-edit/1.png": Address("release", "edited", "positive-edit/1.png"),
    "picobanana://source/farm8.staticflickr.com/2915/1_a_o.jpg": Address(
        "release", "source", "farm8.staticflickr.com/2915/1_a_o.jpg"
    ),
    "picobanana://sample/edited/multi-turn/1.png": Address("sample", "edited", "multi-turn/1.png"),
    "picobanana://photos-1a2b/source/http:/host/a b?c=d": Address("photos-1a2b", "source", "http:/host/a b?c=d"),
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_are_taken_apart_and_put_together(text: str) -> None:
    address = parse_address(text)
    assert address == ADDRESSES[text]
    assert parse_address(str(address)) == address


KEYS = {
    "https://host/a.jpg": "host/a.jpg",
    "http://host/a.jpg": "http:/host/a.jpg",
    "s3://bucket/key": "s3:/bucket/key",
    "https://host/http://other": "host/http://other",
}


@pytest.mark.parametrize("url", KEYS)
def test_photos_lead_back_to_their_url(url: str) -> None:
    assert key_of_url(url) == KEYS[url]
    assert url_of_key(KEYS[url]) == url


def test_a_mirror_that_the_store_never_met(files: Any) -> None:
    with pytest.raises(
        MirrorError, match=r"does not know the mirror 'photos-1a2b'; load it once with pico_banana\.load"
    ):
        files.cat_file("picobanana://photos-1a2b/edited/positive-edit/1.png")
    assert not files.exists("picobanana://photos-1a2b/edited/positive-edit/1.png")


def test_a_picture_that_is_not_there(tmp_path: Path, files: Any) -> None:
    dataset = pb.load(mirror=mirror_of(tmp_path, single_turn=[edit(1)]))
    address = dataset[0].edited.address
    for call in (files.info, files.cat_file, files.open):
        with pytest.raises(PictureMissingError):
            call(address)
    assert not files.exists(address)
    with pytest.raises(FileNotFoundError):
        files.ls(address)


def _read(address: str) -> tuple[int, str]:
    with fsspec.open(address) as file:
        return os.getpid(), file.read(4).hex()


def test_worker_processes_read_pictures(edits: Any) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        read = pool.map(_read, [record.edited.address for record in edits], chunksize=1)
    assert [head for _, head in read] == ["89504e47"] * 12
    assert os.getpid() not in {process for process, _ in read}


def _without_us(code: str, *arguments: str) -> Any:
    """Run code in a process that never imports us by name, nor finds us but by what is installed."""
    whole = f"{code}\nprint(json.dumps(result))"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if not any(Path(path) == ROOT for path in _installed_paths()):
        environment["PYTHONPATH"] = str(ROOT)  # installed otherwise than in place: test this tree all the same
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{whole}", *arguments],
        env=environment, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _installed_paths() -> list[str]:
    code = "import sys; print('\\n'.join(sys.path))"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()


def test_a_stock_image_column_decodes_the_addresses(edits: Any) -> None:
    code = """
from datasets import Dataset, Features, Image, Value
rows = Dataset.from_dict({"image": sys.argv[1:]}, features=Features({"image": Image()}))
result = [[image.size, image.format] for image in rows["image"]] + [rows.to_pandas()["image"][0]["path"]]
"""
    wanted = [edits[0].edited, edits[1].source]
    *pictures, path = _without_us(code, *(picture.address for picture in wanted))
    assert pictures == [[list(picture.image().size), picture.image().format] for picture in wanted]
    assert path == wanted[0].address


def test_pandas_and_polars_read_addresses(tmp_path: Path, store: Path, files: Any) -> None:
    """They read any file by address; a table lies here where a picture would."""
    mirror = mirror_of(tmp_path, single_turn=[edit(1)])
    dataset = pb.load(mirror=mirror)
    table = mirror / "images" / "positive-edit" / "1.png"
    table.parent.mkdir(parents=True)
    table.write_text("a,b\n1,2\n")
    code = """
import pandas, polars, fsspec
with fsspec.open(sys.argv[1]) as file:
    frame = polars.read_csv(file.read())
result = [pandas.read_csv(sys.argv[1]).to_dict("list"), frame.to_dict(as_series=False)]
"""
    assert _without_us(code, dataset[0].edited.address) == [{"a": [1], "b": [2]}] * 2


def test_pyarrow_reads_through_it(edits: Any) -> None:
    import pyarrow.fs

    files = pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(fsspec.filesystem("picobanana")))
    name = edits[0].edited.address.removeprefix("picobanana://")
    assert files.get_file_info(name).size == len(edits[0].edited.bytes())
    with files.open_input_file(name) as file:
        assert file.read(4) == b"\x89PNG"
