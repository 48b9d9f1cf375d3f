"""Notes of earlier runs and lists of others, whatever is really in them."""

from __future__ import annotations

import json

import pytest

import pico_banana as pb
from pico_banana.benchmark.overlapping import _texts
from pico_banana.benchmark.runs.names import editor_named
from pico_banana.benchmark.runs.results import read_results
from pico_banana.cli import main
from pico_banana.errors import ConfigError, MirrorError, SelectionError, StoreError
from pico_banana.mirrors.fetch.failures import Failures
from pico_banana.mirrors.fetch.provenance import recorded
from pico_banana.mirrors.known import recall
from pico_banana.mirrors.notes import parse_note
from pico_banana.mirrors.store import area
from pico_banana.regenerate.plan.photos import from_folder
from pico_banana.regenerate.settings.config import read_config
from pico_banana.rows.choosing.definition import read_definition
from pico_banana.rows.choosing.selection import Selection
from pico_banana.rows.inference.bayes import load_model
from pico_banana.sharing.hub.manifest import parse_manifest
from pico_banana.training.packs.layout import read_info, read_shard_note
from tests.small_mirror import home_elsewhere, mirror_root, singles

__all__ = ["home_elsewhere", "mirror_root", "singles"]

ODD = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a list of numbers": b"[5]",
    "a text": b'"x"',
    "an empty table": b"{}",
    "lists without end": b"[" * 100_000,
    "tables without end": b'{"a":' * 100_000,
    "no UTF-8": b"\xff\xfe{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a number beyond any": b"1e999",
    "too many digits": b"1" * 5000,
    "half": b'{"root": "x',
    "other values": b'{"root": 5, "version": {}, "shards": 5, "items": 5, "files": {"a": 5}, "prose": [], "format": 1}',
}


@pytest.mark.parametrize("odd", ODD)
def test_every_reader_of_notes_says_what_it_thinks_of_it(tmp_path, odd):
    place = tmp_path / "note.json"
    for name in ("note.json", "pack.json", "shard-00000.json", "objects.json"):
        (tmp_path / name).write_bytes(ODD[odd])
    (area("odd") / "mirror.json").parent.mkdir(parents=True)
    (area("odd") / "mirror.json").write_bytes(ODD[odd])
    (tmp_path / "photo.jpg").write_bytes(b"x")
    assert parse_manifest(ODD[odd]) is None
    assert read_shard_note(tmp_path, 0, key="k") is None
    assert recorded(place) == {}
    for read, kind in {
        read_info: StoreError,
        read_results: StoreError,
        read_definition: SelectionError,
        load_model: ConfigError,
    }.items():
        with pytest.raises(kind):
            read(tmp_path if read is read_info else place)
    if odd not in {"an empty table", "other values"}:
        with pytest.raises(SelectionError):
            Selection.from_json(ODD[odd].decode("latin-1"))
    if odd != "other values":
        with pytest.raises(MirrorError):
            recall("odd")
    if odd not in {"a list", "an empty table"}:  # a list of no photos, or what passes for one
        with pytest.raises(ConfigError, match=r"objects\.json must be a JSON list of photos"):
            list(from_folder(tmp_path))
    list(_texts(ODD[odd].decode("latin-1")))


@pytest.mark.parametrize(
    "objects",
    [
        [{"source": 5}],
        [{"source": "photo.jpg"}],
        [{"source": "photo.jpg", "size": [0, 0], "objects": [{"name": "a", "kind": "b", "box": [0, 0, 1, 1]}]}],
        [{"source": "photo.jpg", "size": [9, 9], "objects": [{"name": "a", "kind": "b", "box": "abcd"}]}],
        [{"source": "photo.jpg", "size": [9, 9], "objects": [{"name": "a", "kind": "b", "box": []}]}],
        [{"source": "photo.jpg", "size": 9, "objects": [{"name": "a", "kind": "b", "box": [0, 0, 1, 1]}]}],
        [{"source": "photo.jpg", "size": [9, 9], "objects": ["a"]}],
    ],
)
def test_objects_of_another_shape_are_told_before_a_plan_is_made(tmp_path, objects):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    (tmp_path / "objects.json").write_text(json.dumps(objects))
    with pytest.raises(ConfigError, match=r"objects\.json must be a JSON list of photos"):
        list(from_folder(tmp_path))


def test_remembered_failures_survive_a_damaged_line(tmp_path):
    lines = [
        b'{"url": "https://h/1", "status": 1e999, "at": 1}',
        b"[" * 100_000,
        b'{"url": "https://h/2", "status": 404',
    ]
    (tmp_path / "f.jsonl").write_bytes(b"\n".join([*lines, b""]))
    assert len(Failures(tmp_path / "f.jsonl")) == 0


def test_no_number_is_infinite_and_a_byte_order_mark_is_none_of_it():
    for text in ("NaN", "-Infinity", "[1e400]"):
        with pytest.raises(ValueError, match="no number that a note holds"):
            parse_note(text)
    assert parse_note(b'\xef\xbb\xbf{"a": 1.5}') == {"a": 1.5}


@pytest.mark.parametrize(
    "line", [b"null", b"[" * 100_000, b'{"id": "a"}', b"\xff", b'{"id": "a", "turn": 1e999, "image_path": "x"}']
)
def test_a_list_of_edits_made_elsewhere_names_its_odd_line(tmp_path, line):
    (tmp_path / "mine.jsonl").write_bytes(b'{"id": "a", "image_path": "a.png"}\n' + line + b"\n")
    with pytest.raises(ConfigError, match=r"mine\.jsonl:2: a line must be"):
        editor_named(str(tmp_path / "mine.jsonl"))


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "link.png"])
def test_a_list_of_edits_names_no_file_outside_its_folder(tmp_path, path, monkeypatch):
    folder = tmp_path / "results"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "mine.jsonl").write_text(json.dumps({"id": "a", "image_path": path}))
    with pytest.raises(ConfigError, match="lies outside"):
        editor_named(str(folder))
    monkeypatch.setenv("PICO_BANANA_ALLOW", "/")
    assert editor_named(str(folder)).pictures == {("a", 1): str(folder / path)}


def test_a_run_whose_note_is_damaged_begins_anew(singles, tmp_path):
    from pico_banana.sharing.hub.licence import Origin, Terms
    from pico_banana.sharing.hub.repository import Publication, build_repository

    terms = Terms(Origin.RELEASE, ("cc-by-nc-nd-4.0",), ())
    few = singles.select(limit=1)
    build_repository(Publication((few,), terms), tmp_path)
    (note,) = (tmp_path / "single_turn").rglob("run.json")
    for data in (*ODD.values(), note.read_bytes().replace(b'"shards"', b'"shard"')):
        note.write_bytes(data)
        build_repository(Publication((few,), terms), tmp_path)
    assert len(pb.load("single_turn", mirror=str(tmp_path))) == len(few)


@pytest.mark.parametrize(
    ("name", "value"),
    [("number", "../x"), ("examples", "many"), ("examples", -1), ("size", 1.5), ("sha256", None), ("failed", [])],
)
def test_a_pack_whose_facts_are_of_other_types_is_none(tmp_path, name, value):
    shard = {"number": 0, "examples": 1, "size": 1, "sha256": "a", "rows_sha256": "b", "failed": {}} | {name: value}
    told = {"version": 1, "name": "n", "format": "raw", "geometry": "", "shards": [shard]}
    (tmp_path / "pack.json").write_text(json.dumps(told))
    with pytest.raises(StoreError, match="holds no whole pack"):
        read_info(tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ["ls", "single_turn", "--mirror", "sample", "--selection", "@FILE"],
        ["regenerate", "plan", "FILE", "--ledger", "l"],
        ["benchmark", "overlap", "FILE", "--mirror", "sample"],
    ],
)
def test_a_file_that_somebody_named_and_that_is_no_text_is_told(tmp_path, capsys, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd").write_bytes("Björn".encode("latin-1"))
    assert main([word.replace("FILE", "odd") for word in words]) == 2
    assert "odd is not UTF-8 (byte 2 of it); save it as UTF-8" in capsys.readouterr().err


def test_a_mark_of_the_byte_order_is_no_part_of_a_configuration(tmp_path):
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xef\xbb\xbfseed = 5\r\n[source]\r\nfolder = 'sample'\r\n")
    assert read_config(path).seed == 5
    path.write_text(f"seed = {'[' * 5000}")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_config(path)
