"""The page in a real browser: Debian's Chromium, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import pico_banana as pb
from pico_banana import Selection

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def opened(page: Page, subset: str, folder: Path, *, fragment: str = "") -> str:
    report = pb.load(subset, mirror="sample").gallery(folder, limit=12, height=48)
    address = report.page.as_uri()
    page.goto(f"{address}#{fragment}")
    return address


def visible(page: Page) -> list[str]:
    return page.eval_on_selector_all("article:not([hidden])", "cards => cards.map(card => card.dataset.id)")


def test_filters_narrow_and_the_selection_is_what_is_on_screen(page: Page, tmp_path: Path):
    rows = pb.load("single_turn", mirror="sample")
    opened(page, "single_turn", tmp_path)
    assert visible(page) == rows[:12].ids
    kind = str(rows[0].edit_type)
    page.select_option("#kind", kind)
    expected = [row.id for row in rows[:12] if row.edit_type == kind]
    assert visible(page) == expected
    page.click("#copy")
    page.wait_for_selector("#selection[open]")
    selection = Selection.from_json(page.input_value("#selection textarea"))
    assert rows.narrowed(selection).ids == expected
    page.keyboard.press("Escape")
    page.fill("#search", "no such words")
    assert visible(page) == []
    assert page.is_visible("#none")
    page.click("#clear")
    assert visible(page) == rows[:12].ids


def test_sessions_are_filtered_by_turns_and_flags(page: Page, tmp_path: Path):
    rows = pb.load("multi_turn", mirror="sample")[:12]
    opened(page, "multi_turn", tmp_path)
    page.select_option("#turns", "3")
    assert visible(page) == [row.id for row in rows if len(row.turns) == 3]
    page.click("#clear")
    flag = sorted(set().union(*(row.flags for row in rows)))[0]
    page.select_option("#flag", str(flag))
    assert visible(page) == [row.id for row in rows if flag in row.flags]


def test_keys_lead_through_the_big_view(page: Page, tmp_path: Path):
    rows = pb.load("preference", mirror="sample")[:12]
    opened(page, "preference", tmp_path)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.locator("article").first.locator(".chosen button").click()
    assert page.locator("#what").inner_text().startswith(rows[0].instruction.split("\n")[0])
    for key, view in (("b", "sides"), ("k", "blink"), ("d", "difference"), ("s", "slider")):
        page.keyboard.press(key)
        assert page.get_attribute("#stage", "class") == view
    over = page.locator("#stage img").last
    assert over.get_attribute("alt").startswith("chosen")
    page.keyboard.press("ArrowRight")
    assert over.get_attribute("alt") == "rejected 1"
    for _ in rows[0].rejected:
        page.keyboard.press("ArrowRight")
    assert rows[1].id in page.locator("#what").inner_text()
    page.keyboard.press("ArrowLeft")
    assert rows[0].id in page.locator("#what").inner_text()
    page.keyboard.press("Escape")
    assert not page.is_visible("#viewer")


def test_a_deep_link_opens_what_was_seen(page: Page, tmp_path: Path):
    opened(page, "multi_turn", tmp_path)
    rows = pb.load("multi_turn", mirror="sample")
    page.select_option("#turns", "3")
    page.locator("article:not([hidden])").first.locator("figure button").nth(2).click()
    page.keyboard.press("d")
    link, words = page.url, page.locator("#what").inner_text()
    page.goto("about:blank")
    page.goto(link)
    assert page.is_visible("#viewer")
    assert page.locator("#what").inner_text() == words
    assert page.get_attribute("#stage", "class") == "difference"
    assert {len(rows[identity].turns) for identity in visible(page)} == {3}


def test_a_link_to_what_is_not_there_is_harmless(page: Page, tmp_path: Path):
    opened(page, "single_turn", tmp_path, fragment="row=gone&view=%22%5D&kind=none&picture=99")
    assert len(visible(page)) == 12


def test_every_picture_of_a_card_is_in_sight_on_a_phone(page: Page, tmp_path: Path):
    page.set_viewport_size({"width": 390, "height": 800})
    opened(page, "multi_turn", tmp_path)
    wide = page.eval_on_selector_all(
        "figure", "all => all.filter(each => each.getBoundingClientRect().right > innerWidth).length"
    )
    assert wide == 0
    assert json.loads(page.evaluate("JSON.stringify(document.documentElement.scrollWidth <= innerWidth)"))


def test_the_page_in_a_notebook_works_in_its_frame(page: Page, tmp_path: Path):
    shown = pb.load("preference", mirror="sample").gallery(limit=3, height=48)
    (tmp_path / "cell.html").write_text(f"<!doctype html><meta charset=utf-8>{shown._repr_html_()}", "utf-8")
    page.goto((tmp_path / "cell.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.locator(".chosen button").first.click()
    assert frame.locator("#stage").get_attribute("class") == "slider"
