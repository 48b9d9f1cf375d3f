"""The commands export and pack, and the verbs of a dataset that they stand for."""

from __future__ import annotations

import json
import re

import pytest

from pico_banana.cli import main
from pico_banana.training.loader import Loader
from pico_banana.training.packs import PackExamples


def test_export_command(mirror_root, tmp_path, capsys):
    words = [
        "export",
        "imagefolder",
        str(tmp_path),
        "single_turn",
        "--mirror",
        str(mirror_root),
        "--limit",
        "3",
        "--json",
    ]
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["total"], report["written"], report["failed"]) == (3, 3, {})
    assert main(words[:-1]) == 0
    assert re.search(r"3 total, 0 written, 3 reused, 0 left out, [\d.]+ kB$", capsys.readouterr().out.strip())


def test_formats_are_listed(capsys):
    assert main(["export", "--list", "--json"]) == 0
    assert "webdataset" in json.loads(capsys.readouterr().out)
    assert main(["export"]) == 2
    assert "--list" in capsys.readouterr().err


def test_left_out_rows_fail_the_command_unless_allowed(mirror_root, singles, tmp_path, capsys, monkeypatch):
    from pico_banana.pictures import filesystem

    real, lost = filesystem.local_path, singles[1].edited.address
    monkeypatch.setattr(
        "pico_banana.sharing.export.run.export.__kwdefaults__",
        {"options": None, "local_path": lambda a: tmp_path / "gone.png" if a == lost else real(a)},
    )
    words = ["export", "webdataset", str(tmp_path / "o"), "single_turn", "--mirror", str(mirror_root)]
    assert main(words) == 1
    assert singles[1].id in capsys.readouterr().err
    assert main([*words, "--allow-failed", "1"]) == 0


def test_pack_command(mirror_root, tmp_path, capsys):
    words = ["pack", str(tmp_path), "preference", "--mirror", str(mirror_root), "--size", "16", "--workers", "1"]
    assert main(words) == 0
    assert "packed" in capsys.readouterr().out
    assert next(iter(Loader(PackExamples(tmp_path), batch_size=2)))["chosen"].shape == (2, 16, 16, 3)


def test_verbs_of_a_dataset(singles, tmp_path):
    assert next(iter(singles.loader(batch_size=2, size=8)))["source"].shape == (2, 8, 8, 3)
    assert singles.pack(tmp_path / "p", size=8).packed == 24
    assert singles.export("csv", tmp_path / "c").written == 24
    report = singles.geometry_report()
    assert report.total == report.measured == 24
    assert report.same_size < 24


@pytest.mark.parametrize("policy", ["fit", "crop"])
def test_geometry_reaches_the_files(mirror_root, tmp_path, policy):
    from PIL import Image

    words = ["export", "ai-toolkit", str(tmp_path), "--mirror", str(mirror_root), "--geometry", policy, "--size", "20"]
    assert main(words) == 0
    with Image.open(next((tmp_path / "target").glob("*.png"))) as picture:
        assert picture.size == (20, 20)
