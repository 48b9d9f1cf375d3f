"""Tables, indexes and tars that are damaged, or lie about their length: a clear error, and nothing of them is kept."""

from __future__ import annotations

import io
import tarfile
import tracemalloc
import zlib

import numpy as np
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, RowError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.fetch.hosts import hosts_from_environment, parse_hosts
from pico_banana.mirrors.fetch.item import FetchItem
from pico_banana.mirrors.fetch.report import Ledger
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.pictures.jobs.index import install_index
from pico_banana.pictures.sources.index import PhotoIndex
from pico_banana.pictures.sources.index_build import build_index
from pico_banana.pictures.sources.index_file import NUMBERS, IndexFile
from pico_banana.pictures.sources.index_sums import STRETCH_ROWS, Summer, Sums
from pico_banana.pictures.sources.tars import take_from_tars
from tests.fetch.conftest import jpeg

HEAD = (
    b"ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,OriginalSize,OriginalMD5,"
    b"Thumbnail300KURL,Rotation\n"
)
ROW = b"%016x,train,https://h/%d.jpg,l,l,p,A,%s,1,AAAAAAAAAAAAAAAAAAAAAA==,t,0.0\n"


def table(*titles):
    return HEAD + b"".join(ROW % (number, number, title) for number, title in enumerate(titles, 1))


@pytest.mark.parametrize(
    ("data", "title"),
    [(b"\xef\xbb\xbf" + table(b"T"), "T"), (table(b"Bj\xf6rn"), "Bj\ufffdrn"), (table(b'"a\nb"', b"x"), "a\nb")],
)
def test_odd_tables_are_read(tmp_path, data, title):
    build_index(io.BytesIO(data), tmp_path / "i")
    assert PhotoIndex(tmp_path / "i").get("https://h/1.jpg").title == title


@pytest.mark.parametrize(
    "data", [table(b"x" * 131_073), table(b'"T', *[b"T"] * 7), table(b"T").replace(b"0001", b"zz")]
)
def test_a_broken_table_is_one_error_with_its_line(tmp_path, data):
    with pytest.raises(RowError, match="photo table, line"):
        build_index(io.BytesIO(data), tmp_path / "i")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (b"%016x" % 1, b""),
        (b"%016x" % 1, b"-1"),
        (b"%016x" % 1, b"1" * 17),
        (b"https://h/1.jpg", b""),
        (b",1,AAAAAAAAAAAAAAAAAAAAAA==", b",-5,AAAAAAAAAAAAAAAAAAAAAA=="),
        (b"AAAAAAAAAAAAAAAAAAAAAA==", b"d41d8cd98f00b204e9800998ecf8427e"),  # hexadecimal, which Base64 takes, too
        (b"AAAAAAAAAAAAAAAAAAAAAA==", b"AAAA"),
        (b",train,https://h/1.jpg,l,l,p,A,T,1,AAAAAAAAAAAAAAAAAAAAAA==,t,0.0", b""),
    ],
)
def test_a_row_that_is_of_no_photo_is_one_error_with_its_line(tmp_path, column, value):
    data = table(b"T", b"U")
    assert data.count(column) in {1, 2}
    with pytest.raises(RowError, match=r"photo table, line 2: .* are those of no photo"):
        build_index(io.BytesIO(data.replace(column, value, 1)), tmp_path / "i")
    assert not list(tmp_path.iterdir())


def test_a_shared_index_that_names_no_licence_or_unpacks_without_end_is_damaged(tmp_path):
    build_index(io.BytesIO(table(b"T")), tmp_path / "i")
    data = (tmp_path / "i").read_bytes()
    for old, new in ((b'["l"]', b"[  ] "), (b'["l"]', b"[ 5 ]"), (b'"about": {', b'"about": [')):
        (tmp_path / "odd").write_bytes(data.replace(old, new))
        with pytest.raises(ConfigError, match="damaged"):
            PhotoIndex(tmp_path / "odd").get("https://h/1.jpg")
    bomb = zlib.compress(bytes(200 << 20), 9)
    index = IndexFile(tmp_path / "i")
    start, end = (int(place) for place in index._places)
    places = data.index(index._places.tobytes())
    moved = np.array([start, start + len(bomb)], "<u8").tobytes()
    (tmp_path / "bomb").write_bytes(data[:places] + moved + data[places + 16 : start] + bomb + data[end:])
    tracemalloc.start()
    with pytest.raises(ConfigError, match="its block 0 cannot be unpacked"):
        PhotoIndex(tmp_path / "bomb").get("https://h/1.jpg")
    assert tracemalloc.get_traced_memory()[1] < 150 << 20
    tracemalloc.stop()


def test_a_damaged_index_is_not_installed(tmp_path):
    build_index(io.BytesIO(table(b"T", b"U")), tmp_path / "i")
    whole = (tmp_path / "i").read_bytes()
    for number in range(8, len(whole)):
        (tmp_path / "cut").write_bytes(whole[:number])
        with pytest.raises(ConfigError, match="damaged"):
            install_index(resolve_mirror("sample"), source=str(tmp_path / "cut"), target=tmp_path / "o")
        assert not (tmp_path / "o").exists()


def photo(tmp_path):
    return {"0" * 16: FetchItem("picobanana://source/x", tmp_path / "x.jpg", (), kind="jpeg")}


def tar_of(path, data, *, claims=None):
    info = tarfile.TarInfo("train/" + "0" * 16 + ".jpg")
    info.size = len(data) if claims is None else claims
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512 + 1024))


def test_a_cut_photo_in_a_tar_is_not_kept(tmp_path):
    tar_of(tmp_path / "t.tar", jpeg(1)[:-20])
    report = take_from_tars([str(tmp_path / "t.tar")], photo(tmp_path), transport=Transport(), ledger=Ledger(None))
    assert report.failed == {"gone": 1}
    assert not (tmp_path / "x.jpg").exists()


def test_a_claimed_length_is_bounded(tmp_path):
    tar_of(tmp_path / "t.tar", jpeg(1), claims=10**15)
    report = take_from_tars([str(tmp_path / "t.tar")], photo(tmp_path), transport=Transport(), ledger=Ledger(None))
    assert "claims 1,000,000,000,000,000 bytes" in report.unread[str(tmp_path / "t.tar")]
    assert report.failed == {"refused": 1}


def test_hosts_are_separated_by_commas_and_spaces(monkeypatch):
    monkeypatch.setenv("PICO_BANANA_HOSTS", "a=http://127.0.0.1:1,b=http://127.0.0.1:2 c=http://127.0.0.1:3, ")
    right = {"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:2", "c": "http://127.0.0.1:3"}
    assert hosts_from_environment() == parse_hosts(
        ["a=http://127.0.0.1:1, b=http://127.0.0.1:2", "c=http://127.0.0.1:3"]
    )
    assert hosts_from_environment() == right


@pytest.mark.parametrize("name", NUMBERS)
def test_a_flipped_number_of_an_index_is_noticed(tmp_path, name):
    build_index(io.BytesIO(table(b"T", b"U")), tmp_path / "i")
    data = bytearray((tmp_path / "i").read_bytes())
    whole = IndexFile(tmp_path / "i")
    assert whole.damaged() == []
    data[place_of(whole, name)] ^= 0x40
    (tmp_path / "flipped").write_bytes(data)
    flipped = PhotoIndex(tmp_path / "flipped")
    with pytest.raises(ConfigError, match=rf"its numbers \({name}\) are not what was written; build it again"):
        list(flipped.photos(["https://h/1.jpg", "https://h/2.jpg"]))
    assert flipped.damaged() == [name]


def test_an_index_of_before_the_checksums_is_read(tmp_path):
    build_index(io.BytesIO(table(b"T", b"U")), tmp_path / "i")
    data = (tmp_path / "i").read_bytes().replace(b', "summed": true', b" " * 16)[: -4 * len(NUMBERS)]
    (tmp_path / "old").write_bytes(data)
    assert PhotoIndex(tmp_path / "old").get("https://h/2.jpg").title == "U"
    assert PhotoIndex(tmp_path / "old").damaged() == []


def place_of(index: IndexFile, name: str) -> int:
    """Say where a column's second value begins in the file."""
    columns = dict(zip(NUMBERS, index._sums._columns.values(), strict=True))
    starts = {one: column.__array_interface__["data"][0] for one, column in columns.items()}
    first = bytes(index._map).index(index.keys.tobytes())
    return first + starts[name] - starts["key"] + columns[name].itemsize


def test_stretches_are_summed_apart():
    summer = Summer({"a": 8})
    values = np.arange(3 * STRETCH_ROWS - 5, dtype="<u8")
    for start in range(0, len(values), 50_000):
        summer.add("a", values[start : start + 50_000].tobytes())
    data = bytearray(summer.tobytes())
    assert Sums(data, {"a": values}, 0).is_sound("a")
    values[STRETCH_ROWS + 7] += 1
    sums = Sums(data, {"a": values}, 0)
    assert [sums.is_sound("a", row) for row in (0, STRETCH_ROWS, 2 * STRETCH_ROWS)] == [True, False, True]


def test_doctor_deep_names_damaged_tables(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path))
    pb.load(mirror="sample")
    assert main(["doctor", "--deep", "--mirror", "sample"]) == 0
    assert "rows single_turn" in capsys.readouterr().out
    (store,) = tmp_path.rglob("single_turn*.arrow")
    data = bytearray(store.read_bytes())
    data[len(data) // 2] ^= 0xFF
    store.write_bytes(data)
    assert main(["doctor", "--deep", "--mirror", "sample"]) == 1
    assert "damaged:" in capsys.readouterr().out
    assert main(["doctor", "--mirror", "sample"]) == 0
