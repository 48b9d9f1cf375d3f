"""From rows to files: plans, downloads, checks, repairs and cleaning of a whole synthetic mirror."""

from __future__ import annotations

import json

import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.mirrors.fetch.plan import Plan
from pico_banana.pictures.jobs.download import Download, FetchOptions
from pico_banana.pictures.jobs.needed import needed_pictures
from pico_banana.pictures.jobs.upkeep import clean, repair, verify
from pico_banana.rehearsal.serving.faults import Fault, Rule
from pico_banana.rehearsal.serving.serve import serve

SUBSETS = ("single_turn", "preference", "multi_turn")


@pytest.mark.parametrize("subset", SUBSETS)
def test_a_plan_comes_true(rehearsal, subset):
    with serve(rehearsal) as server:
        rows = pb.load(subset, mirror=server.url)
        server.log.clear()
        plan = rows.plan()
        assert server.log.total == 0, "planning asks nobody"
        report = rows.download()
        assert (plan.files, plan.missing, plan.present) == (report.total, report.total, 0)
        assert report.done == report.total == server.log.total
        assert set(server.log.by_path.values()) == {1}, "each picture once, however many rows share it"
        after = rows.plan()
        assert (after.missing, after.present, after.bytes_present) == (0, report.total, report.bytes)
        server.log.clear()
        assert rows.download().reused == report.total
        assert server.log.total == 0
    for row in rows:
        row.source.image()


def test_a_selection_acts_before_anything_is_fetched(rehearsal):
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url, limit=3)
        server.log.clear()
        rows.download(FetchOptions(roles=("edited",)))
    expected = {
        f"/{picture.split('/', 3)[3].replace('edited', 'images', 1)}" for picture in needed_pictures(rows, ("edited",))
    }
    assert set(server.log.by_path) == expected


def test_instructions_need_no_pictures(rehearsal):
    assert pb.load("instructions", mirror=rehearsal).plan().files == 0


def test_a_folder_mirror_is_used_where_it_lies(rehearsal, home):
    rows = pb.load("single_turn", mirror=rehearsal)
    assert rows.plan().missing == 0
    assert rows.download().reused == rows.plan().files
    assert not list(home.rglob("*.png"))


def test_a_disk_that_is_too_small_is_refused_before_the_first_request():
    plan = Plan(files=9, missing=9, bytes_estimated=10**15, free_bytes=10**9)
    with pytest.raises(pb.PicoBananaError, match="do not fit"):
        plan.require_room()


def test_damage_is_found_and_mended(rehearsal):
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url, limit=5)
        rows.download()
        download = Download(rows)
        paths = [item.path for item in download.items()]
        paths[0].write_bytes(paths[0].read_bytes()[:-9])
        flipped = bytearray(paths[1].read_bytes())
        flipped[len(flipped) // 2 : len(flipped) // 2 + 40] = bytes(40)
        paths[1].write_bytes(flipped)
        paths[2].unlink()
        quick, deep = verify(download), verify(download, deep=True)
        assert set(quick.broken) <= set(deep.broken)
        assert {str(paths[0])} <= set(quick.broken)
        assert str(paths[1]) in deep.broken
        assert (quick.missing, quick.files) == (1, len(paths))
        found, report = repair(download, deep=True)
        assert report.done == len(found.broken) + 1
        assert verify(download, deep=True).good == len(paths)


def test_cleaning_keeps_what_the_selection_needs(rehearsal):
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url)
        rows.download()
        kept = rows.select(limit=4)
        name = rows.mirror.name
        would = clean([kept], mirror=name, dry_run=True)
        assert rows.plan().missing == 0, "a dry run removes nothing"
        done = clean([kept], mirror=name)
        assert (done.removed, done.kept) == (would.removed, would.kept)
        assert done.kept == kept.plan().files
        assert kept.plan().missing == 0
        assert rows.plan().missing == done.removed


def test_the_command_says_what_it_would_do_then_does_it(rehearsal, capsys):
    with serve(rehearsal) as server:
        words = ["download", "single_turn", "--mirror", server.url, "--limit", "6", "--json"]
        assert main([*words, "--dry-run"]) == 0
        plan = json.loads(capsys.readouterr().out)
        assert main(words) == 0
        totals = json.loads(capsys.readouterr().out)
        assert totals["done"] == plan["missing"] > 0
        assert main([*words, "--ask-from", "0"]) == 2, "nobody is there to be asked"
        assert main([*words, "--ask-from", "0", "--yes"]) == 0


def test_failures_fail_the_command_unless_allowed(rehearsal, capsys):
    with serve(rehearsal, faults=(Rule(Fault.MISSING_404, where="*.png"),)) as server:
        words = ["download", "single_turn", "--mirror", server.url, "--limit", "2", "--json"]
        assert main(words) == 1
        totals = json.loads(capsys.readouterr().out)
        assert totals["failed"] == {"gone": 2}
        assert main([*words, "--allow-failed", "2"]) == 0
        capsys.readouterr()
        assert main(["verify", "single_turn", "--mirror", server.url, "--limit", "2"]) == 1
        told = capsys.readouterr()
        assert "2 missing" in told.out
        assert "pico-banana repair" in told.err
        assert main(["clean", "single_turn", "--mirror", server.url, "--limit", "2", "--not-in"]) == 0
