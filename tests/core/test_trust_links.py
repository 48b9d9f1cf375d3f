"""What an index, a link and a redirect may not do. See docs/security.md."""

from __future__ import annotations

import contextlib
import http.server
import re
import threading
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from core_rows import edit, mirror_of
from fsspec import filesystem

import pico_banana as pb
from pico_banana.errors import GoneError, MirrorError, PictureCorruptError, RequestRefusedError, UnknownNameError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.mirrors.known import remember
from pico_banana.mirrors.store import area
from pico_banana.pictures import packed
from pico_banana.pictures.jobs.interchange import adopt
from pico_banana.pictures.sources.places import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = "images/positive-edit/1.png"


def sample_png() -> bytes:
    """Give a whole PNG."""
    return pb.load(mirror="sample")[0].edited.bytes()


def indexed(folder: Path, **changes: Any) -> pb.SingleTurn:
    """Write a mirror whose index names a place for its one picture, and give its row."""
    place = {"path": PNG, "file": "single_turn/0.parquet", "offset": 0, "size": 4} | changes
    root = mirror_of(folder, single_turn=[edit(1)])
    (root / "index").mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist([place]), root / packed.INDEX)
    packed._index.cache_clear()
    row: pb.SingleTurn = pb.load(mirror=root)[0]
    return row


@pytest.mark.parametrize(
    "file",
    [
        "../secret",
        "/etc/passwd",
        "file:///etc/passwd",
        "x::http://127.0.0.1:1/r",
        "http://127.0.0.1:1/x",
        "link",
    ],
)
def test_an_index_names_files_of_its_own_mirror_alone(tmp_path: Path, file: str) -> None:
    (tmp_path / "secret").write_bytes(sample_png())
    row = indexed(tmp_path / "m", file=file, size=50)
    (tmp_path / "m" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(MirrorError, match="nothing was read"):
        row.edited.bytes()


@pytest.mark.parametrize(("offset", "size"), [(-1, 5), (0, 0), (0, -1), (0, 1 << 50)])
def test_an_index_names_no_impossible_length(tmp_path: Path, offset: int, size: int) -> None:
    with pytest.raises(MirrorError, match="nothing was read"):
        indexed(tmp_path / "m", offset=offset, size=size).edited.bytes()


def test_bytes_that_an_index_leads_to_are_a_picture(tmp_path: Path) -> None:
    row = indexed(tmp_path / "m", size=64)
    (tmp_path / "m" / "single_turn").mkdir()
    (tmp_path / "m" / "single_turn" / "0.parquet").write_bytes(b"k" * 64)
    with pytest.raises(PictureCorruptError):
        row.edited.bytes()
    assert not (area(resolve_mirror(tmp_path / "m").name) / PNG).exists()


def test_an_index_that_is_none_is_one_clear_error(tmp_path: Path) -> None:
    row = indexed(tmp_path / "m")
    (tmp_path / "m" / packed.INDEX).write_bytes(b"<html>")
    packed._index.cache_clear()
    with pytest.raises(MirrorError, match="no index of pictures"):
        row.edited.bytes()


@contextlib.contextmanager
def redirecting(to: str) -> Iterator[tuple[str, list[Any]]]:
    """Serve a redirect on this machine; gives the URL and the headers of the requests."""
    asked: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            self.send_response(302 if to else 404)
            if to:
                self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "to",
    ["file:///etc/passwd", "ftp://example.org/x", "s3://b/x", "http://me:pw@127.0.0.1:1/x", "javascript:1"],
)
def test_a_redirect_leads_to_web_servers_alone(to: str) -> None:
    with redirecting(to) as (url, asked), pytest.raises(RequestRefusedError):
        Transport(timeout_s=2).get(f"{url}/x")
    assert len(asked) == 1


@pytest.mark.parametrize("by_row", [False, True])
def test_a_redirect_does_not_lead_inside(by_row: bool) -> None:
    with redirecting("") as (inner, inner_asked), redirecting(f"{inner}/admin") as (url, asked):
        # The outer server stands for a public host; only the first request is led to it.
        transport = Transport(hosts={"mirror.invalid": url}, timeout_s=2)
        with pytest.raises(RequestRefusedError, match="may not lead there"):
            transport.get("http://mirror.invalid/x", by_row=by_row)
    assert (len(asked), inner_asked) == (1, [])


def test_a_password_is_for_its_own_server_alone() -> None:
    with redirecting("") as (other, other_asked), redirecting(f"{other}/x") as (url, asked), pytest.raises(GoneError):
        Transport(timeout_s=2).get(url.replace("://", "://me:pw@") + "/x")
    assert asked[0]["Authorization"] == f"Basic {b64encode(b'me:pw').decode()}"
    assert "@" not in asked[0]["Host"]
    assert [headers.get("Authorization") for headers in other_asked] == [None]


def test_links_out_of_a_folder_are_not_adopted_listed_or_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.png").write_bytes(sample_png())
    root = mirror_of(tmp_path / "m", single_turn=[edit(1)])
    folder = root / "images" / "positive-edit"
    folder.mkdir(parents=True)
    (folder / "2.png").write_bytes(sample_png())
    (folder / "1.png").symlink_to(tmp_path / "secret.png")
    (folder / "3.png").symlink_to(tmp_path / "nothing.png")
    (folder / "4.png").symlink_to(folder / "2.png")
    (root / "images" / "out").symlink_to(tmp_path)
    pb.load(mirror=root)  # so that its name is known
    prefix = f"picobanana://{resolve_mirror(root).name}/edited"
    files = filesystem("picobanana")
    assert [name.rpartition("/")[2] for name in files.ls(f"{prefix}/positive-edit", detail=False)] == ["2.png", "4.png"]
    assert [name.rpartition("/")[2] for name in files.ls(prefix, detail=False)] == ["positive-edit"]
    with pytest.raises(FileNotFoundError):
        files.ls(f"{prefix}/out")
    done = adopt(root)
    assert (done.adopted, sorted(path.rpartition("/")[2] for path in done.rejected)) == (2, ["1.png", "3.png"])
    assert not (area("release") / PNG).exists()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").symlink_to(tmp_path / "secret.png")
    assert Folder(tmp_path / "photos").find("https://h/a.jpg") is None
    monkeypatch.setenv("PICO_BANANA_ALLOW", str(tmp_path))
    assert Folder(tmp_path / "photos").find("https://h/a.jpg") is not None
    assert len(files.ls(f"{prefix}/positive-edit")) == 3
    assert adopt(root).adopted == 1


def test_a_file_address_is_a_folder(tmp_path: Path) -> None:
    root = mirror_of(tmp_path / "a folder", single_turn=[edit(1)])
    assert resolve_mirror(root.as_uri()).folder == root
    assert resolve_mirror(f"local://{root}") == resolve_mirror(root)


def test_a_password_is_kept_in_one_file_of_the_owners(tmp_path: Path) -> None:
    mirror = resolve_mirror("https://me:s3cr3t-word@h.invalid/m?X-Amz-Signature=s3cr3t-word")
    remember(mirror)
    assert "s3cr3t" not in mirror.name
    note = area(mirror.name) / "mirror.json"
    assert note.stat().st_mode & 0o777 == 0o600
    with pytest.raises(pb.PicoBananaError) as told:
        pb.load(mirror=mirror)
    assert "s3cr3t" not in f"{told.value} {vars(told.value)}"
    kept = [path for path in area(mirror.name).rglob("*") if path.is_file() and b"s3cr3t" in path.read_bytes()]
    assert kept == [note]


def test_the_page_names_tests_that_exist() -> None:
    tests = Path(__file__).parents[1]
    named = set(re.findall(r"`(test_\w+)`", (tests.parent / "docs" / "security.md").read_text("utf-8")))
    found = {
        name for path in tests.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    assert len(named) > 20
    assert named - found == set()


@pytest.mark.parametrize(
    "root", ["https://[::1", "http://u:secret@[::1/x", "http://h:99999/x", "http://h:abc/", "http://", "https:///x"]
)
def test_a_mirror_that_is_no_address_is_told_without_its_password(root: str) -> None:
    with pytest.raises(MirrorError, match="no mirror at http") as told:
        pb.load("single_turn", mirror=root)
    assert "secret" not in str(told.value) + str(told.value.mirror)


def test_an_id_that_is_no_text_names_no_row() -> None:
    rows = pb.load("single_turn", mirror="sample")
    with pytest.raises(UnknownNameError, match="no row has such an id"):
        rows["single_turn/\udcff"]
