"""Source photos: the index, each place alone, the chain, the tars, credit."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from pathlib import Path

import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, RowError, UnknownNameError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.fetch.provenance import NOTES, recorded
from pico_banana.mirrors.fetch.stream import ResumingStream
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.mirrors.store import area
from pico_banana.pictures.jobs.attribution import photos_of
from pico_banana.pictures.jobs.download import Download, FetchOptions
from pico_banana.pictures.jobs.index import install_index
from pico_banana.pictures.jobs.needed import needed_pictures
from pico_banana.pictures.jobs.tars import take_photos
from pico_banana.pictures.sources.chain import make_chain
from pico_banana.pictures.sources.index import PhotoIndex
from pico_banana.pictures.sources.index_build import build_index, rotation_code
from pico_banana.pictures.sources.photo import UNKNOWN_ROTATION, upright
from pico_banana.rehearsal.serving.faults import Fault, Limit, Rule
from pico_banana.rehearsal.serving.serve import serve

TABLE = "open_images/train-images-boxable-with-rotation.csv"
PHOTOS = ("source",)


@pytest.fixture
def index(rehearsal, tmp_path):
    target = tmp_path / "photos.index"
    with (rehearsal / TABLE).open("rb") as file:
        build_index(file, target)
    return PhotoIndex(target)


def table_rows(rehearsal):
    with (rehearsal / TABLE).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_index_knows_every_row_of_the_table(rehearsal, index):
    rows = table_rows(rehearsal)
    assert len(index) == len(rows)
    assert index.image_ids([row["OriginalURL"] for row in rows]) == [row["ImageID"] for row in rows]
    for row, photo in zip(rows, index.photos([row["OriginalURL"] for row in rows]), strict=True):
        assert (photo.author, photo.title, photo.page) == (row["Author"], row["Title"], row["OriginalLandingURL"])
        assert (photo.size, photo.licence) == (int(row["OriginalSize"]), row["License"])
        assert photo.rotation == (int(float(row["Rotation"])) if row["Rotation"] not in {"", "nan"} else None)
        assert row["Author"] in photo.attribution
    assert index.get("https://nowhere.invalid/1_o.jpg") is None
    assert index.image_ids(["https://nowhere.invalid/1_o.jpg"]) == [None]


def test_building_streams_and_stays_small(tmp_path):
    """Twenty thousand rows, many times what is kept in memory at once."""
    import tracemalloc

    def table():
        yield b"ImageID,OriginalURL,License,Author,Title,OriginalMD5,OriginalSize,Rotation\n"
        for n in range(20_000):
            yield b'%016x,https://h/%d_o.jpg,L,Author %d,"a, title %d",,1,0.0\n' % (n, n, n, n)

    class Lines(io.RawIOBase):
        def __init__(self):
            self.lines, self.rest = table(), b""

        def readable(self):
            return True

        def readinto(self, room):
            self.rest = self.rest or next(self.lines, b"")
            count = min(len(room), len(self.rest))
            room[:count], self.rest = self.rest[:count], self.rest[count:]
            return count

    tracemalloc.start()
    build_index(io.BufferedReader(Lines()), tmp_path / "big.index")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000
    index = PhotoIndex(tmp_path / "big.index")
    assert index.image_ids([f"https://h/{n}_o.jpg" for n in range(0, 20_000, 997)]) == [
        f"{n:016x}" for n in range(0, 20_000, 997)
    ]
    assert index.get("https://h/17777_o.jpg").title == "a, title 17777"


def test_a_small_index_can_be_shared(rehearsal, tmp_path, home):
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url, limit=5)
        small = install_index(rows.mirror, source=f"{server.url}/{TABLE}", only=[rows], target=tmp_path / "small.index")
        assert len(small) == len(list(needed_pictures(rows, PHOTOS)))
        taken = install_index(resolve_mirror("release"), source=str(small.path))
    assert len(taken) == len(small)
    assert taken.path.is_relative_to(home)


def test_an_index_survives_broken_connections(rehearsal, tmp_path):
    with serve(rehearsal, faults=(Rule(Fault.CUT, times=1),)) as server:
        index = install_index(
            resolve_mirror(server.url), source=f"{server.url}/{TABLE}", target=tmp_path / "i", transport=Transport()
        )
        assert [r.status for r in server.log.requests] == [200, 206]
    assert len(index) == len(table_rows(rehearsal))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0.0", 0),
        ("90.0", 1),
        ("270", 3),
        ("nan", UNKNOWN_ROTATION),
        ("", UNKNOWN_ROTATION),
        ("45.0", UNKNOWN_ROTATION),
    ],
)
def test_rotation_as_published(text, code):
    assert rotation_code(text) == code


def test_rotation_is_applied_only_where_asked():
    from PIL import Image

    picture = Image.new("RGB", (4, 2))
    assert upright(picture, 90).size == (2, 4)
    assert upright(picture, None) is picture
    assert upright(picture, 0) is picture


def test_what_is_no_table_says_so(tmp_path):
    with pytest.raises(RowError, match="OriginalURL"):
        build_index(io.BytesIO(b"a,b\n1,2\n"), tmp_path / "x")
    with pytest.raises(RowError, match="line 2"):
        build_index(io.BytesIO(b"ImageID,OriginalURL\nnot-hex,u\n"), tmp_path / "x")
    (tmp_path / "y").write_bytes(b"something else")
    with pytest.raises(ConfigError, match="no photo index"):
        PhotoIndex(tmp_path / "y")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("place", ["objects", "flat", "parted", "by_name", "mirror", "flickr"])
def test_each_place_is_usable_alone(rehearsal, tmp_path, index, place):
    ids = {path.stem: path for path in (rehearsal / "open_images/train").iterdir()}
    folder = tmp_path / "photos"
    folder.mkdir()
    urls = {row["ImageID"]: row["OriginalURL"] for row in table_rows(rehearsal)}
    for image_id, path in ids.items():
        part = folder / f"train_{image_id[0]}"
        part.mkdir(exist_ok=True)
        named = {
            "flat": folder / path.name,
            "parted": part / path.name,
            "by_name": folder / urls[image_id].rsplit("/", 1)[-1],
        }
        if place in named:
            named[place].write_bytes(path.read_bytes())
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url)
        target = area(rows.mirror.name) / "open_images/photos.index"
        target.parent.mkdir(parents=True)
        target.write_bytes(index.path.read_bytes())
        sources = {"objects": "open_images", "mirror": "mirror", "flickr": "flickr"}.get(place, str(folder))
        hosts = server.hosts("*.s3.amazonaws.com", "*.photos.invalid")
        report = rows.download(FetchOptions(roles=PHOTOS, sources=(sources,), hosts=hosts))
        assert (report.done, report.failures) == (len(list(needed_pictures(rows, PHOTOS))), 0)
        notes = recorded(area(rows.mirror.name) / NOTES)
    variants = {"objects": "1024", "flat": "1024", "parted": "1024", "by_name": "original", "flickr": "original"}
    assert {note.variant for note in notes.values()} == ({variants[place]} if place in variants else set())


def test_the_chain_goes_on_where_a_place_has_nothing(rehearsal, index):
    faults = (Rule(Fault.MISSING_404, where="open-images-dataset*", share=0.5),)
    with serve(rehearsal, faults=faults) as server:
        rows = pb.load("single_turn", mirror=server.url)
        target = area(rows.mirror.name) / "open_images/photos.index"
        target.parent.mkdir(parents=True)
        target.write_bytes(index.path.read_bytes())
        options = FetchOptions(
            roles=PHOTOS,
            sources=("open_images", "flickr"),
            hosts=server.hosts("*.s3.amazonaws.com", "*.photos.invalid"),
        )
        report = rows.download(options)
    assert report.failures == 0
    assert report.sources.keys() == {"open_images", "flickr"}


def test_an_original_is_checked_against_its_published_hash(rehearsal, index):
    with serve(rehearsal, faults=(Rule(Fault.FLIPPED, where="*.photos.invalid/*"),)) as server:
        rows = pb.load("single_turn", mirror=server.url, limit=1)
        target = area(rows.mirror.name) / "open_images/photos.index"
        target.parent.mkdir(parents=True)
        target.write_bytes(index.path.read_bytes())
        options = FetchOptions(roles=PHOTOS, sources=("flickr",), hosts=server.hosts("*.photos.invalid"), attempts=1)
        report = rows.download(options)
    assert report.failed == {"corrupt": 1}
    assert "MD5" in report.path.read_text()


def test_the_size_of_photos_is_a_choice(rehearsal, index):
    chain = make_chain(resolve_mirror(rehearsal), ("open_images", "flickr"), size="1024", index=index)
    url = table_rows(rehearsal)[0]["OriginalURL"]
    assert [one.variant for one in chain.candidates(url)] == ["1024"]
    chain = make_chain(resolve_mirror(rehearsal), ("open_images", "flickr"), size="original", index=index)
    assert [(one.variant, one.source) for one in chain.candidates(url)] == [("original", "flickr")]
    with pytest.raises(UnknownNameError, match="photo size"):
        make_chain(resolve_mirror(rehearsal), size="huge", index=index)


def test_ids_need_the_index(rehearsal):
    with pytest.raises(ConfigError, match="photos index"):
        make_chain(resolve_mirror(rehearsal), ("open_images",))
    with pytest.raises(UnknownNameError, match="flickr"):
        make_chain(resolve_mirror(rehearsal), ("flicker",))


def test_tars_give_the_wanted_photos_and_nothing_else(rehearsal, capsys):
    with serve(rehearsal, faults=(Rule(Fault.CUT, where="*/tar/*", times=1),)) as server:
        install_index(resolve_mirror(server.url), source=f"{server.url}/{TABLE}")
        rows = pb.load("single_turn", mirror=server.url)
        tars = [f"{server.url}/open_images/tar/train_{n}.tar.gz" for n in range(2)]
        server.log.clear()
        report = take_photos(Download(rows), tars)
        wanted = len(list(needed_pictures(rows, PHOTOS)))
        assert (report.done, report.failures) == (wanted, 0)
        assert 206 in server.log.by_status, "a broken connection went on where it broke"
        stored = list((area(rows.mirror.name) / "source").rglob("*.jpg"))
        assert len(stored) == wanted
        stored[0].unlink()
        server.log.clear()
        again = take_photos(Download(rows), tars)
        assert (again.done, again.reused) == (1, wanted - 1)
        server.log.clear()
        assert main(["photos", "tars", "single_turn", "--mirror", server.url, "--tar", tars[0], "--json"]) == 0
        assert server.log.total == 0
    assert json.loads(capsys.readouterr().out)["reused"] == wanted


def test_a_tar_without_the_photo_is_read_to_its_end_once(rehearsal, tmp_path):
    empty = tmp_path / "empty.tar.gz"
    with tarfile.open(empty, "w:gz"):
        pass
    install_index(resolve_mirror(rehearsal), source=str(rehearsal / TABLE))
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url, limit=2)
        install_index(rows.mirror, source=str(rehearsal / TABLE))
        report = take_photos(Download(rows), [str(empty)])
        assert report.failed == {"gone": report.total}
        broken = tmp_path / "broken.tar.gz"
        broken.write_bytes((rehearsal / "open_images/tar/train_0.tar.gz").read_bytes()[:200])
        report = take_photos(Download(rows), [str(broken)])
        assert "not a readable tar" in report.unread[str(broken)]
        assert report.failed == {"network": report.total}


def test_a_stream_without_range_reads_over_what_it_had(rehearsal):
    whole = (rehearsal / TABLE).read_bytes()
    faults = (Rule(Fault.CUT, times=1), Rule(Fault.NO_RANGE))
    with serve(rehearsal, faults=faults) as server, ResumingStream(Transport(), f"{server.url}/{TABLE}") as stream:
        assert stream.read() == whole


def test_credit_for_every_photo(rehearsal, capsys):
    with serve(rehearsal) as server:
        rows = pb.load("multi_turn", mirror=server.url)
        with pytest.raises(ConfigError, match="photo index"):
            next(photos_of(rows))
        assert main(["photos", "index", "--mirror", server.url, "--from", f"{server.url}/{TABLE}"]) == 0
        capsys.readouterr()
        assert main(["attribution", "multi_turn", "--mirror", server.url, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["address"] for line in lines] == list(needed_pictures(rows, PHOTOS))
    assert all(line["known"] and line["licence"].startswith("https://creativecommons.org/") for line in lines)


def test_flickr_gets_the_slow_lane(rehearsal, index):
    from pico_banana.mirrors.fetch.pacing import host_of, limits_for

    assert host_of("https://farm3.staticflickr.com/1/2_o.jpg") == host_of("https://c1.staticflickr.com/1/2_o.jpg")
    assert limits_for(host_of("https://c1.staticflickr.com/x"), in_flight=64).in_flight <= 2
    assert Limit.parse("100,burst=5,retry-after=date,pause=2,where=*.flickr.com") == Limit(
        100, 5, "date", 2, "*.flickr.com"
    )


def test_a_source_of_another_package_goes_by_its_name(tmp_path, monkeypatch):
    info = tmp_path / "other-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pico_banana.sources]\narchive = other_photos:place\n")
    template = Path(__file__).parents[2] / "examples" / "templates" / "photo_source.py"
    (tmp_path / "other_photos.py").write_text(template.read_text("utf-8"))
    monkeypatch.syspath_prepend(str(tmp_path))
    chain = make_chain(resolve_mirror("sample"), ["archive", "mirror"])
    assert [one.source for one in chain.candidates("https://h/1.jpg")] == ["archive", "mirror"]
    with pytest.raises(UnknownNameError, match="archive"):
        make_chain(resolve_mirror("sample"), ["archives"])
    with pytest.raises(UnknownNameError, match="several places are named one by one"):
        make_chain(resolve_mirror("sample"), ["archive,mirror"])
