"""Tars that nobody should make: each is one unreadable tar in bounded memory, and the tars behind it are still read."""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
import tarfile
import zlib

import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.mirrors.addresses import parse_address
from pico_banana.mirrors.fetch.item import FetchItem
from pico_banana.mirrors.fetch.report import Ledger
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.pictures.jobs.needed import needed_pictures
from pico_banana.pictures.sources.chain import find_index
from pico_banana.pictures.sources.tars import take_from_tars
from pico_banana.rehearsal.serving.serve import serve
from tests.fetch.conftest import jpeg
from tests.fetch.test_photo_sources import TABLE

ID = "0" * 16
PHOTO = jpeg(1)
END = bytes(1024)


def member(name, data=b"", kind=tarfile.REGTYPE, *, size=None):
    info = tarfile.TarInfo(name)
    info.size, info.type = (len(data) if size is None else size), kind
    return info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def pax(key, value):
    rest = f" {key}={value}\n"
    length = next(n for n in range(1, 200) if len(f"{n}{rest}") == n)
    return member("pax", f"{length}{rest}".encode(), tarfile.XHDTYPE)


GOOD = member(f"train/{ID}.jpg", PHOTO)
UNREADABLE = {
    "nothing": b"",
    "a page": b"<html>login</html>" * 99,
    "a packed page": gzip.compress(b"<html>login</html>" * 99),
    "cut in a header": GOOD[:300],
    "cut when packed": gzip.compress(member("other", b"x" * 5000) + GOOD + END)[:-40],
    "a wrong checksum of gzip": gzip.compress(GOOD + END)[:-8] + b"12345678",
    "junk of bzip2": b"BZh91AY&SYjunk" + b"x" * 999,
    "junk of xz": b"\xfd7zXZ\0" + b"y" * 999,
    "names upon names": member("x", b"a\0", tarfile.GNUTYPE_LONGNAME) * 2000 + GOOD + END,
    "records upon records": pax("comment", "x") * 2000 + GOOD + END,
    "a negative header": member("x")[:124] + b"\xff" * 12 + b" " * 8 + member("x")[156:] + GOOD + END,
    "a long name without end": member("x", kind=tarfile.GNUTYPE_LONGNAME, size=1 << 33) + bytes(1 << 16),
    "records without end": member("x", kind=tarfile.XHDTYPE, size=1 << 33) + bytes(1 << 16),
    "a broken sparse map": pax("GNU.sparse.map", "1,x") + GOOD + END,
}


def take(tars, folder, **options):
    wanted = {ID: FetchItem("picobanana://source/x", folder / "x.jpg", (), kind="jpeg")}
    paths = []
    for number, data in enumerate(tars):
        paths.append(str(folder / f"{number}.tar"))
        (folder / f"{number}.tar").write_bytes(data)
    return take_from_tars(paths, wanted, transport=Transport(), ledger=Ledger(None), **options)


@pytest.mark.parametrize("odd", UNREADABLE)
def test_an_unreadable_tar_does_not_end_the_job(tmp_path, odd):
    report = take([UNREADABLE[odd], GOOD + END], tmp_path)
    assert (report.done, report.failures) == (1, 0)
    assert (tmp_path / "x.jpg").read_bytes() == PHOTO
    if odd != "a wrong checksum of gzip":  # the photo came before anybody could know
        (place,) = report.unread
        assert place == str(tmp_path / "0.tar")
        assert report.unread[place].startswith(place)
        assert f"could not be read: {report.unread[place]}" in report.summary()


def test_a_missing_photo_is_not_gone_while_a_tar_was_not_read(tmp_path):
    report = take([member("other.jpg", b"1") + END, b"no tar"], tmp_path)
    assert report.failed == {"network": 1}
    assert "in none of the tars that could be read; " in report.example
    assert take([member("other.jpg", b"1") + END], tmp_path).failed == {"gone": 1}


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_what_a_header_claims_is_not_read_into_memory(tmp_path, kind):
    """768 MB of zeros, some 3 MB packed; the process may have 700 MB."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    with (tmp_path / "bomb.tar.gz").open("wb") as file:
        file.write(packer.compress(member("x", kind=kind, size=768 << 20)))
        for _ in range(768):
            file.write(packer.compress(bytes(1 << 20)))
        file.write(packer.flush())
    (tmp_path / "good.tar").write_bytes(GOOD + END)
    code = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (700 << 20, 700 << 20))
from pathlib import Path
from pico_banana.mirrors.fetch.item import FetchItem
from pico_banana.mirrors.fetch.report import Ledger
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.pictures.sources.tars import take_from_tars
folder = Path({str(tmp_path)!r})
wanted = {{{ID!r}: FetchItem("picobanana://source/x", folder / "x.jpg", (), kind="jpeg")}}
tars = [str(folder / "bomb.tar.gz"), str(folder / "good.tar")]
report = take_from_tars(tars, wanted, transport=Transport(), ledger=Ledger(None))
print(report.done, *report.unread.values())
"""
    assert hasattr(resource, "RLIMIT_DATA")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.startswith("1 "), done.stderr
    assert "claims 805,306,368 bytes" in done.stdout


@pytest.mark.parametrize(
    "note", [b"", b"null", b"[]", b"{", b"[" * 100_000, b"\xff\xfe", b'{"TAR": 5}', b'{"TAR": [1]}']
)
def test_a_damaged_note_about_tars_has_them_read_again(tmp_path, note):
    done_with = tmp_path / "tars.json"
    done_with.write_bytes(note.replace(b"TAR", str(tmp_path / "0.tar").encode()))
    assert take([GOOD + END], tmp_path, done_with=done_with).done == 1
    (tmp_path / "x.jpg").unlink()
    done_with.write_bytes(note)
    assert take([member("other.jpg", b"1") + END], tmp_path, done_with=done_with).failed == {"gone": 1}
    assert json.loads(done_with.read_bytes())[str(tmp_path / "0.tar")] == [ID]


def test_the_command_says_which_tars_it_could_not_read(rehearsal, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / "home"))
    with serve(rehearsal) as server:
        photos = pb.load("single_turn", mirror=server.url)
        assert main(["photos", "index", "--mirror", server.url, "--from", str(rehearsal / TABLE)]) == 0
        urls = [parse_address(address).source_url for address in needed_pictures(photos, ("source",))]
        ids = [image_id for image_id in find_index(photos.mirror).image_ids(urls) if image_id]
        (tmp_path / "bad.tar").write_bytes(b"no tar")
        (tmp_path / "good.tar").write_bytes(b"".join(member(f"t/{image_id}.jpg", PHOTO) for image_id in ids) + END)
        tars = [word for name in ("bad.tar", "good.tar") for word in ("--tar", str(tmp_path / name))]
        capsys.readouterr()
        assert main(["photos", "tars", "single_turn", "--mirror", server.url, "--json", *tars]) == 1
        told = json.loads(capsys.readouterr().out)
        assert list(told["unread"]) == [str(tmp_path / "bad.tar")]
        assert (told["done"], told["failed"]) == (len(set(ids)), {})
        assert main(["photos", "tars", "single_turn", "--mirror", server.url, *tars[2:]]) == 0
