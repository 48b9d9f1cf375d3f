"""The page: every row is on it or named with its reason, and nothing in a text can break out of it."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image

import pico_banana as pb
from pico_banana import ImageRef
from pico_banana.cli import main
from pico_banana.errors import ConfigError, ExportError, SelectionError
from pico_banana.records.panels import Panel
from pico_banana.sharing.browse.thumbnails import Thumbnails
from pico_banana.sharing.gallery import write_gallery

if TYPE_CHECKING:
    from pathlib import Path


class Page(HTMLParser):
    """What a browser would find: cards, pictures, choices, and the tags that are not ours."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.cards: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.choices: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if tag == "article":
            self.cards.append(given["data-kind"] or "")
        elif tag == "img" and "src" in given:
            self.pictures.append(given)
        elif tag == "select":
            self.list = given["id"] or ""
        elif tag == "option" and given["value"] and self.list == "kind":
            self.choices.append(given["value"])

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("subset", ["single_turn", "preference", "multi_turn"])
def test_every_row_is_on_the_page(subset: str, tmp_path: Path):
    rows = pb.load(subset, mirror="sample")[:6]
    report = write_gallery(rows, tmp_path, height=48)
    page = Page(report.page)
    assert (report.shown, report.total, report.failed) == (6, 6, {})
    assert len(page.cards) == 6
    assert set(page.choices) == {kind for card in page.cards for kind in card.split()}
    for row in rows:
        assert row.id in page.text
    for picture in page.pictures:
        with Image.open(tmp_path / str(picture["src"])) as copy:
            assert copy.height == 48


def test_a_page_of_fewer_rows_leaves_no_pictures_of_more(tmp_path: Path):
    rows = pb.load("single_turn", mirror="sample")
    write_gallery(rows[:4], tmp_path, height=32)
    write_gallery(rows[:2], tmp_path, height=32)
    assert len(list((tmp_path / "pictures").iterdir())) == 4


def test_a_turn_is_compared_with_the_turn_before(tmp_path: Path):
    session = next(row for row in pb.load("multi_turn", mirror="sample") if all(turn.image for turn in row.turns))
    rows = pb.load("multi_turn", mirror="sample").select(ids=[session.id])
    page = Page(write_gallery(rows, tmp_path, height=32).page)
    assert [picture["data-before"] for picture in page.pictures] == ["0", *map(str, range(len(session.turns)))]


def test_texts_cannot_break_out(tmp_path: Path):
    mirror = tmp_path / "mirror"
    main(["mirror", "make", str(mirror), "--rows", "4", "--pictures", "--no-traps"])
    file = next(mirror.rglob("sft.jsonl"))
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for line in lines:
        line["text"] = "</p><script>alert(1)</script><b onclick='x'>" + line["text"]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = pb.load("single_turn", mirror=mirror)
    assert "onclick" in rows[0].instruction
    page = Page(write_gallery(rows, tmp_path / "page", height=32).page)
    assert "b" not in page.tags
    assert len(page.cards) == len(rows)


def test_rows_without_pictures_are_listed(tmp_path: Path):
    mirror = tmp_path / "mirror"
    main(["mirror", "make", str(mirror), "--rows", "5", "--pictures", "--no-traps", "--no-shared-photos"])
    rows = pb.load("single_turn", mirror=mirror)
    victim = rows[2]
    next(mirror.rglob(victim.edited.address.rpartition("/")[2])).unlink()
    report = write_gallery(rows, tmp_path / "page", height=32)
    assert list(report.failed) == [victim.id]
    assert report.shown == len(rows) - 1
    assert victim.id not in Page(report.page).text


def test_mistakes_are_named(tmp_path: Path):
    with pytest.raises(SelectionError, match="have no pictures; choose single_turn"):
        write_gallery(pb.load("instructions", mirror="sample"), tmp_path)
    with pytest.raises(ConfigError, match="height=0"):
        write_gallery(pb.load("single_turn", mirror="sample"), tmp_path, height=0)


def test_the_command_says_where_the_page_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    command = ["gallery", str(tmp_path / "look"), "single_turn", "--mirror", "sample", "--limit", "3", "--height", "32"]
    assert main(command) == 0
    assert capsys.readouterr().out == f"3 rows: open {tmp_path / 'look' / 'index.html'}\n"
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shown"] == 3


def test_the_page_says_how_many_rows_there_are(tmp_path: Path):
    rows = pb.load("single_turn", mirror="sample")
    report = rows.gallery(tmp_path, limit=3, height=32)
    page = Page(report.page)
    assert (report.shown, report.total, report.of) == (3, 3, len(rows))
    assert f"3 of {len(rows)} rows" in page.text
    assert f"{len(rows) - 3} more rows are not on this page: .gallery(limit=6) or --limit 6 shows more" in page.text
    assert "more rows" not in Page(rows[:2].gallery(tmp_path, height=32).page).text
    assert "The selection has no rows" in Page(rows[:0].gallery(tmp_path).page).text


def test_a_turn_without_a_picture_has_its_place(tmp_path: Path):
    rows = pb.load("multi_turn", mirror="sample", has_flags="turn_image_missing")
    page = Page(rows.gallery(tmp_path, height=32).page)
    absent = sum(turn.image is None for row in rows for turn in row.turns)
    assert absent
    assert page.text.count("the release lacks this picture") == absent


@pytest.mark.parametrize("name", ["index.html", "pictures/00000-0.jpg", "pico-banana-gallery.txt"])
def test_a_file_that_no_gallery_wrote_stays(name: str, tmp_path: Path):
    rows = pb.load("single_turn", mirror="sample")[:2]
    theirs = tmp_path / "new" / name
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    with pytest.raises(ExportError, match="not written by a gallery"):
        rows.gallery(tmp_path / "new", height=32)
    assert [path for path in (tmp_path / "new").rglob("*") if path.is_file()] == [theirs]

    rows.gallery(tmp_path / "old", height=32)
    changed = tmp_path / "old" / name
    changed.write_text("mine")
    with pytest.raises(ExportError, match="not written by a gallery"):
        rows.gallery(tmp_path / "old", height=40)
    assert changed.read_text() == "mine"


def test_other_files_of_the_folder_stay(tmp_path: Path):
    rows = pb.load("single_turn", mirror="sample")
    look = tmp_path / "look"
    rows[:3].gallery(look, height=32)
    for name in ("notes.txt", "pictures/mine.jpg", "pictures/00002-1.jpg"):
        (look / name).write_text("mine")
    with pytest.raises(ExportError, match="00002-1"):
        rows[:1].gallery(look, height=32)
    (look / "pictures/00002-1.jpg").unlink()
    rows[:1].gallery(look, height=32)
    left = sorted(path.name for path in look.rglob("*") if path.is_file())
    assert left == ["00000-0.jpg", "00000-1.jpg", "index.html", "mine.jpg", "notes.txt", "pico-banana-gallery.txt"]


def test_a_notebook_gets_the_page_in_a_frame(tmp_path: Path):
    gallery = pb.load("preference", mirror="sample").gallery(limit=2, height=32)
    assert "2 of" in repr(gallery)
    (tmp_path / "page.html").write_text(gallery.html)
    page = Page(tmp_path / "page.html")
    assert len(page.cards) == 2
    assert all(str(picture["src"]).startswith("data:image/jpeg;base64,") for picture in page.pictures)
    assert "<iframe sandbox='allow-scripts'" in gallery._repr_html_()


def test_people_see_pictures_upright(tmp_path: Path):
    lying, exif = Image.new("RGB", (200, 100), "red"), Image.Exif()
    lying.paste("blue", (100, 0, 200, 100))
    exif[0x0112] = 6  # turn it clockwise to see it: red on top
    lying.save(tmp_path / "lying.jpg", exif=exif)
    picture = ImageRef(str(tmp_path / "lying.jpg"), "edited")
    browsed = Image.open(BytesIO(Thumbnails(tmp_path / "copies").of(tmp_path / "lying.jpg", address="")))
    card = Image.open(BytesIO(b64decode(re.search(r"base64,([^']+)", picture._repr_html_())[1])))
    for seen, size in ((Panel("edited", picture).scaled(80), (40, 80)), (browsed, (160, 320)), (card, (80, 160))):
        assert seen.size == size
        red, _, blue = seen.convert("RGB").getpixel((size[0] // 2, 5))
        assert red > 200
        assert blue < 50
    assert picture.image().size == (100, 200)  # and so do programs


def test_scores_stand_below_pictures_and_sort(tmp_path: Path):
    row = pb.load("preference", mirror="sample")[0]
    rows = pb.load("preference", mirror="sample").select(ids=[row.id])
    measured = {
        "id": [row.id, f"{row.id}#rejected1", "preference/of/another"],
        "quality": [0.75, 0.25, 0.1],
        "changed_box": [[0.1, 0.2, 0.5, 0.6], None, None],
        "shift_x": [0.01, 0.0, 0.0],
        "shift_y": [0.0, 0.0, 0.0],
        "reliable": [True, False, True],
    }
    html = rows.gallery(tmp_path, height=32, scores=[measured]).page.read_text("utf-8")
    chosen, rejected = (re.search(rf"<figure class='{what}'.*?</figure>", html)[0] for what in ("chosen", "rejected"))
    assert "quality 0.75, shift_x 0.01, shift_y 0, reliable yes" in chosen
    assert "quality 0.25" in rejected
    assert "data-box='0.1000 0.2000 0.5000 0.6000'" in chosen
    assert "data-shift='0.0100 0.0000'" in chosen
    assert "data-box" not in rejected
    assert "data-scores='{&quot;quality&quot;: [0.75], &quot;shift_x&quot;" in html
    assert "<option value='-quality'>" in html
    with pytest.raises(ConfigError, match="have a column 'quality'"):
        rows.gallery(tmp_path, height=32, scores=[measured, {"id": [row.id], "quality": [1.0]}])
