"""The ledger alone: durable order, a full disk, a reader's mistakes."""

from __future__ import annotations

import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pico_banana.errors import ConfigError, DiskFullError, PictureCorruptError, PictureMissingError, StoreError
from pico_banana.mirrors.store import write_atomic
from pico_banana.regenerate import make_report, run
from pico_banana.regenerate.ledger import layout
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.journal import Journal, connect
from pico_banana.regenerate.ledger.vault import Vault
from pico_banana.regenerate.plan.items import add_items, is_of_published, is_planned, plan_run
from pico_banana.regenerate.results.answering import answering_models
from pico_banana.regenerate.results.parting import SPAN
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.values import Item, KnownObject, Photo, Picture
from pico_banana.taxonomy import edit_type


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path / "ledger", create=True, writable=True) as opened:
        yield opened


def test_items_come_back_as_they_were_planned(ledger):
    thing = KnownObject("red ball", "object", (0.1, 0.2, 0.3, 0.4), colour="red")
    photo = Photo("https://photos.invalid/a.jpg", "/somewhere/a.jpg", True, (thing,), frozenset({"outdoor"}))
    items = [
        Item(1, photo, (edit_type("zoom_in"),), 11),
        Item(2, photo, (edit_type("season"), edit_type("weather")), 12),
    ]
    assert add_items(ledger, items) == 2
    assert list(ledger.items()) == items
    assert [item.id for item in ledger.pending("any")] == [1, 2]


def test_pages_give_every_item_once(ledger):
    photo = Photo("https://photos.invalid/a.jpg", "a.jpg")
    add_items(ledger, (Item(number, photo, (edit_type("zoom_in"),), number) for number in range(1, 1202)))
    assert [item.id for item in ledger.pending("d")] == list(range(1, 1202))
    for number in (1, 500, 501, 1201):
        ledger.append("finished", {"item": number, "digest": "d", "at": 0.0}).result()
    assert ledger.pending_count("d") == len(list(ledger.pending("d"))) == 1197
    assert ledger.pending_count("another") == 1201


def test_a_failed_item_waits_for_retry(ledger):
    photo = Photo("https://photos.invalid/a.jpg", "a.jpg")
    add_items(ledger, (Item(number, photo, (edit_type("zoom_in"),), number) for number in (1, 2)))
    ledger.append("failures", {"item": 2, "stage": "", "error": "E", "text": "t", "at": 0.0}).result()
    assert [item.id for item in ledger.pending("d")] == [1]
    assert [item.id for item in ledger.pending("d", failed=True)] == [2]


def test_a_full_database_says_so_and_the_reserve_makes_room_once(tmp_path):
    path = tmp_path / "small.sqlite"
    database = connect(path)
    database.execute("CREATE TABLE notes (text TEXT)")
    vault = Vault(tmp_path)
    vault.keep_reserve(size=1000)
    journal = Journal(path, vault.rescued)
    pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
    journal._database.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(DiskFullError, match="free some space and run again"):
        fill_up(journal)
    assert vault.reserve_spent
    kept = database.execute("SELECT count(*) FROM notes").fetchone()[0]
    journal._database.execute(f"PRAGMA max_page_count = {pages + 100}")
    journal.append("notes", {"text": "after"}).result()
    assert database.execute("SELECT count(*) FROM notes").fetchone()[0] == kept + 1
    journal.close()
    database.close()


def test_the_reserve_is_given_back_and_the_write_tried_again(tmp_path):
    vault = Vault(tmp_path)
    vault.keep_reserve(size=1000)
    tries = []

    def write():
        tries.append(vault.reserve_spent)
        if not vault.reserve_spent:
            raise DiskFullError("full")
        return "written"

    assert vault.rescued(write) == "written"
    assert tries == [False, True]
    with pytest.raises(DiskFullError):
        vault.rescued(write_full)


def test_all_who_find_the_disk_full_at_once_use_the_reserve(tmp_path):
    vault = Vault(tmp_path)
    vault.keep_reserve(size=1000)
    everyone, found_full = threading.Barrier(8), []

    def write():
        if not vault.reserve_spent:
            found_full.append(1)
            everyone.wait()  # all of them have failed before the first one gives the reserve back
            raise DiskFullError("full")
        return "written"

    with ThreadPoolExecutor(8) as pool:
        assert [done.result() for done in [pool.submit(vault.rescued, write) for _ in range(8)]] == ["written"] * 8
    assert len(found_full) == 8


@pytest.fixture
def journal(tmp_path):
    database = connect(tmp_path / "notes.sqlite")
    database.execute("CREATE TABLE notes (text TEXT NOT NULL, number INTEGER)")
    made = Journal(tmp_path / "notes.sqlite", lambda write: write())
    yield made
    made.close()
    database.close()


def kept(journal):
    return [tuple(row) for row in connect(journal._path).execute("SELECT text, number FROM notes ORDER BY rowid")]


def test_half_a_letter_and_an_absurd_count_are_kept(journal):
    journal.append("notes", {"text": "a \ud83d hat, \ud83c\udfa9", "number": 2**70}).result(timeout=10)
    journal.append("notes", {"text": "", "number": -(2**70)}).result(timeout=10)
    assert kept(journal) == [("a \ufffd hat, \U0001f3a9", 2**63 - 1), ("", -(2**63))]


@pytest.mark.parametrize("bad", [None, object(), {"a": 1}])
def test_whatever_goes_wrong_with_one_row_reaches_its_waiter_and_the_others_are_kept(journal, bad):
    waiting = [journal.append("notes", {"text": text, "number": 1}) for text in ("a", bad, "b")]
    with pytest.raises(StoreError, match="cannot write"):
        waiting[1].result(timeout=10)
    for done in (waiting[0], waiting[2]):
        done.result(timeout=10)
    assert [text for text, _ in kept(journal)] == ["a", "b"]


def test_a_forked_child_is_told_instead_of_waiting(journal, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(StoreError, match="before a fork"):
        journal.append("notes", {"text": "a"})


def fill_up(journal):
    for _ in range(100):
        journal.append("notes", {"text": "x" * 1000}).result()


def write_full():
    raise DiskFullError("still full")


def test_pictures_are_kept_by_content(tmp_path):
    vault = Vault(tmp_path)
    picture = Picture.of(b"\x89PNG\r\n\x1a\nrest")
    vault.save(picture)
    vault.save(picture)
    assert vault.load(picture.sha256).data == picture.data
    assert vault.path(picture.sha256, "image/png").is_file()
    with pytest.raises(PictureMissingError):
        vault.load("0" * 64)


@pytest.mark.parametrize("damaged", [b"\x89PNG\r\n\x1a\nRest", b"\x89PNG", b"", bytes(12)])
def test_a_picture_that_changed_on_the_disk_is_not_given_out(tmp_path, damaged):
    vault = Vault(tmp_path)
    picture = Picture.of(b"\x89PNG\r\n\x1a\nrest")
    vault.save(picture)
    vault.path(picture.sha256, "image/png").write_bytes(damaged)
    with pytest.raises(PictureCorruptError, match="no longer has the hash"):
        vault.load(picture.sha256)


def test_a_torn_picture_is_not_there(tmp_path):
    vault = Vault(tmp_path)
    picture = Picture.of(b"\x89PNG\r\n\x1a\nrest")
    path = vault.path(picture.sha256, "image/png")
    write_atomic(path.with_name(f".{path.name}.123.part"), b"\x89PNG")
    with pytest.raises(PictureMissingError):
        vault.load(picture.sha256)


def test_what_is_no_ledger(tmp_path):
    with pytest.raises(StoreError, match="regenerate plan"):
        open_ledger(tmp_path)
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises((StoreError, sqlite3.DatabaseError)):
        open_ledger(tmp_path)


def test_a_ledger_of_another_layout_is_refused(tmp_path):
    open_ledger(tmp_path / "l", create=True).close()
    database = sqlite3.connect(tmp_path / "l" / "ledger.sqlite")
    database.execute("UPDATE facts SET value = '0' WHERE name = 'layout'")
    database.commit()
    database.close()
    with pytest.raises(StoreError, match="another version"):
        open_ledger(tmp_path / "l")


def test_a_ledger_of_the_first_layout_is_refused_with_what_to_do(tmp_path):
    open_ledger(tmp_path / "l", create=True).close()
    with sqlite3.connect(tmp_path / "l" / "ledger.sqlite") as database:
        database.execute("UPDATE facts SET value = '1' WHERE name = 'layout'")
    with pytest.raises(StoreError, match=r"assemble.*score single_turn --mirror FOLDER --judge CONFIG"):
        open_ledger(tmp_path / "l")


def test_a_ledger_without_the_sums_of_who_answered_is_given_them(tmp_path):
    config = config_from({"source": {"folder": "sample", "limit": 2}, "assign": {"edit_types": ["color_tone"]}})
    run(config, tmp_path / "l")
    with open_ledger(tmp_path / "l") as ledger:
        before = answering_models(ledger)
    with sqlite3.connect(tmp_path / "l" / "ledger.sqlite") as database:
        database.execute("UPDATE facts SET value = '2' WHERE name = 'layout'")
        database.execute("DROP TRIGGER call_answered")
        database.execute("DROP TABLE answering")
    with open_ledger(tmp_path / "l") as ledger:
        assert answering_models(ledger) == before
        assert before["judge"] == {"procedural-1": 2}


def test_a_ledger_that_kept_no_counts_is_given_room_for_them(tmp_path):
    config = config_from({"source": {"folder": "sample", "limit": 2}, "assign": {"edit_types": ["color_tone"]}})
    run(config, tmp_path / "l")
    with open_ledger(tmp_path / "l") as ledger:
        before = make_report(ledger).as_json()
    with sqlite3.connect(tmp_path / "l" / "ledger.sqlite") as database:
        database.execute("UPDATE facts SET value = '3' WHERE name = 'layout'")
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%INTO touched%'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("DROP TABLE touched")
        database.execute("DROP TABLE counted")
    with open_ledger(tmp_path / "l") as ledger:
        assert make_report(ledger).as_json() == before
        assert ledger.database.execute("SELECT count(*) FROM counted").fetchone()[0] == 1


def test_a_ledger_of_before_turns_were_judged_is_given_their_table(tmp_path):
    open_ledger(tmp_path / "l", create=True).close()
    with sqlite3.connect(tmp_path / "l" / "ledger.sqlite") as database:
        database.execute("UPDATE facts SET value = '3' WHERE name = 'layout'")
        database.execute("DROP TABLE published_turns")
    with open_ledger(tmp_path / "l") as ledger:
        assert ledger.database.execute("SELECT count(*) FROM published_turns").fetchone()[0] == 0
        assert ledger.database.execute("SELECT value FROM facts WHERE name = 'layout'").fetchone()[0] == "4"


def test_the_triggers_cut_spans_where_reports_do():
    text = (Path(layout.__file__).parent / "ledger.sql").read_text("utf-8")
    assert text.count("INSERT INTO touched") == text.count(f" - 1) / {SPAN}, 1)") > 0


def test_reading_only_appends_nothing(tmp_path):
    open_ledger(tmp_path / "l", create=True).close()
    with open_ledger(tmp_path / "l") as ledger:
        with pytest.raises(StoreError, match="for reading"):
            ledger.append("failures", {})
        with pytest.raises(ConfigError, match="no configuration"):
            ledger.latest_config()


def test_the_configuration_comes_back_equal(ledger):
    config = config_from(
        {
            "writer": {"backend": "gemini", "model": "m", "parameters": {"temperature": 0.5}},
            "assign": {"edit_types": ["zoom_in"], "weights": {"zoom_in": 2}},
            "prices": {"m": {"per_picture": 0.1}},
            "policy": {"minimum": {"drift": 0.2}},
        }
    )
    ledger.bind(config)
    assert ledger.latest_config() == config


def test_a_plan_that_was_cut_off_is_made_anew(ledger):
    def failing():
        for number in range(1, 1100):
            yield Item(number, Photo(f"https://photos.invalid/{number}.jpg", "x.jpg"), (edit_type("zoom_in"),), number)
        raise ConfigError("line 1100 is no id", key="source.open_images")

    with pytest.raises(ConfigError):
        add_items(ledger, failing())
    assert not is_planned(ledger)
    photo = Photo("https://photos.invalid/another.jpg", "another.jpg")
    config = config_from({"source": {"folder": "sample"}, "assign": {"edit_types": ["zoom_in"]}})
    assert plan_run(ledger, config, photos=iter([photo])) == 1
    assert [item.photo for item in ledger.items()] == [photo]
    assert is_planned(ledger)
    assert plan_run(ledger, config, photos=iter([photo, photo])) == 1  # a whole plan stays as it is


def test_a_ledger_of_before_published_edits_were_judged_is_that_of_a_run(ledger):
    ledger.database.execute("DROP TABLE published")
    assert not is_of_published(ledger)
