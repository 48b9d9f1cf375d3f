"""The page: every row is on it or named with its reason, and nothing in a text can break out of it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from PIL import Image

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, SelectionError
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
            self.cards.append(given["data-kinds"] or "")
        elif tag == "img" and "src" in given:
            self.pictures.append(given)
        elif tag == "option" and given["value"]:
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
