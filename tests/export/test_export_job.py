"""What all exports share: resume, manifests, failures, text and picture choices, formats from elsewhere."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from pico_banana.cli import main
from pico_banana.errors import ConfigError, ExportError, UnknownNameError
from pico_banana.pictures.filesystem import local_path
from pico_banana.records import Subset
from pico_banana.records.decoding.geometry import geometry
from pico_banana.sharing.export import ExportOptions, Format, export, find_format, webdataset

if TYPE_CHECKING:
    from pathlib import Path


class StoppedError(Exception):
    """An interruption."""


def stopping_at(address: str):
    def path(asked: str) -> Path:
        if asked == address:
            raise StoppedError
        return local_path(asked)

    return path


def manifest(folder: Path) -> dict:
    return json.loads((folder / "export.json").read_text())


@pytest.mark.parametrize("form", ["parquet", "webdataset", "imagefolder", "ai-toolkit", "diffusers-ip2p"])
def test_an_interrupted_export_is_finished(singles, tmp_path, form):
    options = ExportOptions(shard_rows=6, workers=1)
    with pytest.raises(StoppedError):
        export(singles, form, tmp_path / "a", options=options, local_path=stopping_at(singles[15].edited.address))
    assert manifest(tmp_path / "a")["complete"] is False
    assert not list((tmp_path / "a").rglob("*.part"))
    report = export(singles, form, tmp_path / "a", options=options)
    assert report.total == report.written + report.reused == 24
    assert report.reused >= 10
    whole = export(singles, form, tmp_path / "b", options=options)
    assert (whole.written, whole.reused) == (24, 0)
    assert manifest(tmp_path / "a")["files"] == manifest(tmp_path / "b")["files"]


def test_a_complete_export_is_not_made_again(singles, tmp_path):
    export(singles, "parquet", tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    report = export(singles, "parquet", tmp_path)
    assert (report.total, report.written, report.reused) == (24, 0, 24)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}


def test_another_export_is_not_mixed_in(singles, tmp_path):
    export(singles, "jsonl", tmp_path)
    for rows, form in ((singles, "csv"), (singles[:3], "jsonl")):
        with pytest.raises(ExportError, match="another export"):
            export(rows, form, tmp_path)


def test_the_manifest_says_what_is_there(singles, tmp_path):
    chosen = singles.select(limit=5, shuffle=2)
    report = export(chosen, "imagefolder", tmp_path)
    content = manifest(tmp_path)
    assert content["counts"]["rows"] == content["counts"]["total"] == report.total == 5
    assert content["selections"] == [{"shuffle": 2, "limit": 5}]
    assert content["pictures"] == "unchanged"
    assert "CC BY-NC-ND 4.0" in content["licences"]["data"]
    on_disk = {
        p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file() and not p.name.startswith(".")
    }
    assert content["files"].keys() | {"export.json"} == on_disk
    for name, about in content["files"].items():
        data = (tmp_path / name).read_bytes()
        assert about == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert report.size == sum(about["bytes"] for about in content["files"].values())


@pytest.mark.parametrize("form", ["parquet", "webdataset", "imagefolder", "trl"])
def test_failed_pictures_are_listed_and_the_numbers_add_up(preferences, tmp_path, form):
    lost = preferences[2].chosen.address
    paths = lambda address: tmp_path / "gone.png" if address == lost else local_path(address)  # noqa: E731
    report = export(preferences, form, tmp_path / "out", local_path=paths)
    assert report.total == report.written + report.reused + len(report.failed)
    assert any(name.startswith(preferences[2].id) for name in report.failed)
    assert all("gone.png" in reason for reason in report.failed.values())
    assert manifest(tmp_path / "out")["counts"]["failed"] == report.failed


def test_one_codec_and_one_geometry_for_both_sides(singles, tmp_path):
    options = ExportOptions(codec="jpeg", geometry=geometry("fit", size=32), checksums=False)
    export(singles[:4], "imagefolder", tmp_path, options=options)
    pictures = [Image.open(io.BytesIO(path.read_bytes())) for path in tmp_path.rglob("*.jpg")]
    assert len(pictures) == 8
    assert {(picture.format, picture.size) for picture in pictures} == {("JPEG", (32, 32))}
    content = manifest(tmp_path)
    assert content["pictures"] == "resized or re-encoded"
    assert all("sha256" not in about for about in content["files"].values())


def test_both_wordings_give_an_edit_twice(singles, tmp_path):
    usable = sum(row.clean_short_instruction is not None for row in singles)
    report = export(singles, "diffsynth", tmp_path, options=ExportOptions(wording="both"))
    assert report.total == 24 + usable
    prompts = [json.loads(line)["prompt"] for line in (tmp_path / "metadata.jsonl").read_text().splitlines()]
    assert set(prompts) == {text for row in singles for text in (row.instruction, row.clean_short_instruction) if text}


def test_formats_say_what_they_hold(singles, mirror_root, tmp_path):
    import pico_banana as pb

    with pytest.raises(ConfigError, match="takes preference"):
        export(singles, "trl", tmp_path)
    with pytest.raises(UnknownNameError, match="parquet"):
        export(singles, "parkett", tmp_path)
    pairs = pb.load("instructions", mirror=str(mirror_root))
    with pytest.raises(ConfigError, match="cannot hold instructions"):
        export(pairs, "webdataset", tmp_path)
    assert export(pairs, "parquet", tmp_path).written == 24


def test_wrong_options_are_named():
    with pytest.raises(ConfigError, match="clean_short"):
        ExportOptions(wording="tidy")
    with pytest.raises(ConfigError, match="start at 1"):
        ExportOptions(workers=0)


def test_another_packages_format(singles, tmp_path, monkeypatch, capsys):
    """An installed distribution with the entry point, as its metadata lies on disk."""
    info = tmp_path / "site" / "theirs-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[pico_banana.exporters]\nids = their_export:FORMAT\nbad = their_export:BAD\ngone = not_there:FORMAT\n"
    )
    (tmp_path / "site" / "their_export.py").write_text(
        "from pico_banana.sharing.export import Format\n"
        "from pico_banana.records import Subset\n"
        "def write(job):\n"
        "    job.write('ids.txt', ' '.join(job.dataset.ids))\n"
        "    job.report.total = job.report.written = len(job.dataset)\n"
        "FORMAT = Format('ids', 'the ids', frozenset(Subset), write)\n"
        "BAD = 3\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    export(singles, "ids", tmp_path / "out")
    assert (tmp_path / "out/ids.txt").read_text() == " ".join(singles.ids)
    with pytest.raises(ConfigError, match="not a Format"):
        find_format("bad")
    with pytest.raises(ConfigError, match=r"'gone' of theirs cannot be loaded: not_there:FORMAT \(ModuleNotFoundError"):
        find_format("gone")
    assert main(["export", "--list"]) == 0
    listed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert listed["ids"] == "the ids"
    assert listed["gone"].startswith("cannot be used: the plug-in 'gone' of theirs")
    assert isinstance(find_format("csv"), Format)
    assert Subset.INSTRUCTIONS in find_format("csv").subsets


@pytest.mark.parametrize("name", ["000001.input.jpg", "x" * 100, "x" * 101, "é.json"])
def test_a_tar_header_is_what_tarfile_writes(name):
    for size in (0, 1_234_567, 8**11 - 1, 8**11):
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o644
        assert webdataset._header(name, size) == member.tobuf(tarfile.PAX_FORMAT)


def test_options_and_the_keywords_they_stand_for_are_refused_together(singles, tmp_path):
    with pytest.raises(ConfigError, match=r"options= and codec=, quality=, which options= would override"):
        singles.export("jsonl", tmp_path / "out", options=ExportOptions(codec="png"), codec="jpeg", quality=80)
    assert not (tmp_path / "out").exists()
    report = singles.export("jsonl", tmp_path / "out", options=ExportOptions(wording="short"), progress=print)
    assert report.written
