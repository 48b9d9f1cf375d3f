"""What a notebook shows: cards with small copies of local pictures; texts stay texts, and nothing is fetched."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import PicoBananaError
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rehearsal.serving.serve import serve

if TYPE_CHECKING:
    from pathlib import Path


class Card(HTMLParser):
    """The tags, pictures and words of a card."""

    def __init__(self, shown: object) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.pictures: list[Image.Image] = []
        self.text = ""
        self.feed(shown._repr_html_())  # type: ignore[attr-defined]
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "img":
            head, _, data = str(dict(attrs)["src"]).partition(",")
            assert head == "data:image/jpeg;base64"
            self.pictures.append(Image.open(BytesIO(base64.b64decode(data))))

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


@pytest.mark.parametrize(("subset", "pictures"), [("single_turn", 2), ("preference", 3), ("instructions", 0)])
def test_a_record_shows_its_pictures_small_and_its_texts(subset: str, pictures: int):
    row = next(row for row in pb.load(subset, mirror="sample") if len(row.panels()) == pictures)
    card = Card(row)
    assert [max(picture.size) for picture in card.pictures] == [160] * pictures
    assert row.id in card.text
    assert row.instruction in card.text


def test_a_session_shows_every_turn():
    row = next(row for row in pb.load("multi_turn", mirror="sample") if len(list(row.steps())) == len(row.turns))
    card = Card(row)
    assert len(card.pictures) == 1 + len(row.turns)
    assert all(instruction in card.text for instruction in row.instructions)
    assert row.turns[0].instruction in Card(row.turns[0]).text


def test_a_dataset_shows_a_few_rows_and_says_how_many_follow():
    rows = pb.load("single_turn", mirror="sample")
    card = Card(rows)
    assert len(card.pictures) == 8
    assert f"and {len(rows) - 4:,} more rows" in card.text
    assert "more rows" not in Card(rows[:2]).text
    assert repr(rows).startswith("PicoBanana(single_turn")


def test_nothing_is_fetched(tmp_path: Path):
    make_mirror(tmp_path / "mirror", rows=6, pictures=True, traps=False)
    with serve(tmp_path / "mirror") as server:
        rows = pb.load("single_turn", mirror=server.url)
        asked = server.log.total
        cards = [Card(rows), Card(rows[0]), Card(rows[0].edited)]
        assert [card.pictures for card in cards] == [[], [], []]
        assert "not on this machine yet" in cards[1].text
        assert rows[0].edited.here is None
        assert server.log.total == asked
        kept = rows[0].edited.path
        assert rows[0].edited.here == kept
        assert len(Card(rows[0]).pictures) == 1


def test_texts_stay_texts(tmp_path: Path):
    main(["mirror", "make", str(tmp_path), "--rows", "4", "--pictures", "--no-traps"])
    file = next(tmp_path.rglob("sft.jsonl"))
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for line in lines:
        line["text"] = "</div><script>alert(1)</script>\x1b[31m" + line["text"]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = pb.load("single_turn", mirror=tmp_path)
    for card in (Card(rows), Card(rows[0])):
        assert "script" not in card.tags
        assert "<script>alert(1)</script>\\u001b[31m" in card.text


def test_a_damaged_picture_is_said_not_raised(tmp_path: Path):
    main(["mirror", "make", str(tmp_path), "--rows", "4", "--pictures", "--no-traps"])
    row = pb.load("single_turn", mirror=tmp_path)[0]
    row.edited.path.write_bytes(b"no picture <b>")
    assert "is not a picture this library can read" in Card(row).text


def test_plans_and_reports_show_what_they_say_in_a_terminal(tmp_path: Path):
    rows = pb.load("single_turn", mirror="sample")[:3]
    plan, report = rows.plan(), rows.download()
    assert plan.summary().splitlines()[0] in Card(plan).text
    assert report.summary().splitlines()[0] in Card(report).text
    assert re.search(r"total\s+3", Card(rows.export("jsonl", tmp_path / "out")).text)
    assert re.search(r"total\s+3", Card(rows.change_report()).text)


def test_taxonomy_and_errors_show_what_they_know():
    kind = Card(pb.edit_type("zoom in"))
    assert all(words in kind.text for words in ("zoom_in", "close-up", "scale", "13,729"))
    assert "film_grain" in Card(pb.category("pixel")).text
    with pytest.raises(PicoBananaError) as caught:
        pb.edit_type("zoom_inn <b>")
    card = Card(caught.value)
    assert "UnknownNameError" in card.text
    assert "zoom_inn <b>" in card.text
    assert card.tags.count("b") == 1  # the title
