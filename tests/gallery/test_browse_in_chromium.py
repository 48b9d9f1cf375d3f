"""`browse` in a real browser: rows come as they are scrolled to, keys mark them, nothing is said on the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pico_banana as pb
from pico_banana import Selection
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rows.sidecar import read_annotations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from pico_banana.sharing.browse import Browsing

RELEASE = 257_730  # single-turn rows of the release
IN_SIGHT = """() => [...document.querySelectorAll("#sheet article")].filter((card) => {
  const { top, bottom } = card.getBoundingClientRect();
  return bottom > document.querySelector("main").getBoundingClientRect().top && top < innerHeight;
}).map((card) => card.dataset.id)"""


@pytest.fixture
def browsing(page: Page, singles, tmp_path: Path) -> Iterator[Browsing]:
    scores = {"id": singles.ids, "score": [place / 100 for place in range(len(singles))]}
    with singles.browse(marks=tmp_path / "marks.parquet", scores=[scores]) as running:
        yield running
        page.goto("about:blank")  # it may still ask for pictures, which is an error where nobody answers


def came(page: Page) -> None:
    """Wait until every card in the page has come."""
    page.wait_for_selector("#sheet article", state="attached")
    page.wait_for_selector("#sheet .blank", state="detached")


def opened(page: Page, browsing: Browsing, fragment: str = "") -> None:
    page.goto(f"{browsing.url}#{fragment}")
    came(page)


def said(page: Page) -> str:
    return page.locator("#shown").inner_text()


def marks_in(file: Path) -> list[tuple[Any, ...]]:
    return sorted((row["id"], row["mark"], row["score"], row["note"]) for row in read_annotations(file).to_pylist())


def test_filters_scores_and_order(page: Page, browsing: Browsing, singles):
    opened(page, browsing)
    assert said(page) == f"{len(singles)} of {len(singles)}"
    assert "token" not in page.url
    page.fill("[name='least:score']", "0.1")
    page.fill("[name='most:score']", "0.2")
    page.select_option("#sort", "-score")
    page.wait_for_selector("#shown:text-matches('^11 ')")
    came(page)
    for _ in range(100):  # the order is asked for after the count
        if page.evaluate(IN_SIGHT)[0] == singles[20].id:
            break
        page.wait_for_timeout(50)
    assert page.evaluate(IN_SIGHT)[0] == singles[20].id
    page.click("#copy")
    page.wait_for_selector("#selection[open]")
    assert singles.narrowed(Selection.from_json(page.input_value("[name=selection]"))).ids == singles[10:21].ids
    page.keyboard.press("Escape")
    page.fill("#search", "no such words")
    page.wait_for_selector("#none:not([hidden])")
    page.click("#clear")
    page.wait_for_selector("#none", state="hidden")
    assert said(page) == f"{len(singles)} of {len(singles)}"


def test_keys_mark_and_two_windows_see_it(page: Page, browsing: Browsing, singles, tmp_path: Path):
    opened(page, browsing)
    other = page.context.new_page()
    opened(other, browsing)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("y")
    page.wait_for_selector(f"[data-id='{singles[0].id}'][data-mark=keep]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator("#stage img").last.get_attribute("alt").startswith("edited")
    page.keyboard.press("x")
    page.keyboard.press("4")
    page.wait_for_selector(f"[data-id='{singles[1].id}'][data-score='4']", state="attached")
    page.keyboard.press("n")
    page.keyboard.type("a <i>note</i>")
    page.keyboard.press("Enter")
    page.wait_for_selector("#marking .said:has-text('a <i>note</i>')")
    page.keyboard.press("Escape")
    other.wait_for_selector(f"[data-id='{singles[1].id}'] .said:has-text('note')")
    other.wait_for_selector(f"[data-id='{singles[0].id}'][data-mark=keep]")
    other.locator(f"[data-id='{singles[0].id}'] [data-value='2']").click()
    other.wait_for_selector(f"[data-id='{singles[0].id}'][data-score='2']")
    other.close()
    expected = [(singles[0].id, "keep", 2, None), (singles[1].id, "drop", 4, "a <i>note</i>")]
    assert marks_in(tmp_path / "marks.parquet") == sorted(expected)
    page.select_option("#mark", "keep")
    page.wait_for_selector("#shown:text-matches('^1 ')")


def test_a_deep_link_opens_what_was_seen(page: Page, browsing: Browsing, singles):
    kind = str(singles[40].edit_type)
    opened(page, browsing, f"kind={kind}&row={singles[40].id}&picture=1&view=changed")
    page.wait_for_selector("#viewer[open]")
    assert singles[40].id in page.locator("#what").inner_text()
    assert page.get_attribute("#stage", "class") == "changed"
    assert "changed/40/1" in page.locator("#changed").get_attribute("style")
    page.wait_for_selector("#stage img[src*='whole/40/1']")
    page.keyboard.press("d")
    assert "view=difference" in page.url
    assert f"kind={kind}" in page.url
    page.keyboard.press("Escape")
    opened(page, browsing, "row=gone&kind=none&picture=99")
    assert said(page) == f"{len(singles)} of {len(singles)}"


def test_a_card_that_comes_twice_shows_its_whole_picture(page: Page, browsing: Browsing, singles):
    kind = str(singles[40].edit_type)

    def late(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route(lambda url: url.endswith("rows?of=40"), late)  # of the link; the list's own answer is there before it
    opened(page, browsing, f"kind={kind}&row={singles[40].id}&picture=1")
    page.wait_for_selector("#stage img[src*='whole/40/1']")
    assert page.locator("[data-number='40']").count() == 1


def test_rows_without_pictures_are_walked_and_marked(page: Page, tmp_path: Path):
    make_mirror(tmp_path / "mirror", rows=4, preferences=0, sessions=0, traps=False)
    rows = pb.load("single_turn", mirror=tmp_path / "mirror")
    with rows.browse(marks=tmp_path / "marks.parquet") as running:
        opened(page, running)
        assert page.locator(".absent").count() == 2 * len(rows)
        for key in ("ArrowRight", "ArrowRight", "Enter", "y"):
            page.keyboard.press(key)
        page.wait_for_selector(f"[data-id='{rows[1].id}'][data-mark=keep]")
        assert not page.is_visible("#viewer")


def test_no_rows_are_said(page: Page, singles, tmp_path: Path):
    with singles[:0].browse(marks=tmp_path / "marks.parquet") as running:
        page.goto(running.url)
        page.wait_for_selector("#shown:has-text('0 of 0')")
        assert page.is_visible("text=The selection has no rows")


@pytest.fixture
def release(page: Page, tmp_path: Path) -> Iterator[Browsing]:
    """As many rows as the release has, over and over those of the sample."""
    sample = pb.load("single_turn", mirror="sample")
    rows = sample.of_rows(np.resize(np.arange(len(sample)), RELEASE))
    with rows.browse(marks=tmp_path / "marks.parquet") as running:
        yield running
        page.goto("about:blank")


def numbers_in_sight(page: Page) -> list[int]:
    came(page)
    found = page.evaluate(IN_SIGHT.replace("dataset.id", "dataset.number"))
    return [int(number) for number in found]


@pytest.mark.slow
def test_a_quarter_of_a_million_rows(page: Page, release: Browsing):
    opened(page, release)
    assert said(page) == f"{RELEASE:,} of {RELEASE:,}"
    assert numbers_in_sight(page)[:4] == [0, 1, 2, 3]
    page.locator("main").focus()
    page.keyboard.press("End")
    page.wait_for_selector(f"[data-number='{RELEASE - 1}']")
    assert numbers_in_sight(page)[-1] == RELEASE - 1
    page.evaluate("document.querySelector('main').scrollBy(0, -700)")
    page.wait_for_timeout(300)
    near = numbers_in_sight(page)
    assert RELEASE - 12 < near[0] < near[-1] < RELEASE
    page.evaluate("const main = document.querySelector('main'); main.scrollTop = main.scrollHeight / 2")
    page.wait_for_timeout(300)
    middle = numbers_in_sight(page)
    assert abs(middle[0] - RELEASE / 2) < 20
    for _ in range(5):
        page.evaluate("document.querySelector('main').scrollBy(0, 600)")
        page.wait_for_timeout(50)
    further = numbers_in_sight(page)
    assert middle[0] < further[0] < middle[0] + 40
    assert page.locator("#sheet article").count() < 60
    assert further == list(range(further[0], further[0] + len(further)))


@pytest.mark.slow
def test_the_cards_of_a_long_walk_are_forgotten(page: Page, release: Browsing):
    opened(page, release)
    for place in range(60):
        page.evaluate(f"document.querySelector('main').scrollTop = {place} * 60_000")
        page.wait_for_timeout(20)
    came(page)
    assert page.locator("#sheet article").count() < 60


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("subset", ["single_turn", "preference", "multi_turn"])
def test_axe_finds_nothing_and_nothing_sticks_out(
    browser: Browser, tmp_path: Path, subset: str, scheme: Any, width: int
):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    rows = pb.load(subset, mirror="sample")
    scores = {"id": rows.ids, "score": [0.5] * len(rows)}
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    with rows.browse(marks=tmp_path / "marks.parquet", scores=[scores]) as running:
        report = rows.gallery(tmp_path / "look", limit=6, height=64, scores=[scores])
        for address in (running.url, report.page.as_uri()):
            page.goto(address)
            page.wait_for_selector("article:not(.blank)")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            found = axe.run(page)
            assert found.violations_count == 0, found.generate_report()
            page.locator("figure button").nth(1).click()
            page.wait_for_selector("#viewer[open]")
            found = axe.run(page)
            assert found.violations_count == 0, found.generate_report()
    page.close()
