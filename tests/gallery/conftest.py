"""A real browser: Debian's Chromium, driven by Playwright; nothing is downloaded. And the rows to look at."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import pico_banana as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture
def singles():
    return pb.load("single_turn", mirror="sample")


@pytest.fixture(scope="module")  # while it runs, nothing else in this process can use asyncio
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on PATH (Debian: apt install chromium)")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a context whose pages may not have said anything on the console by the end of the test."""
    said: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    context.on("console", lambda message: said.append(message.text))
    context.on("weberror", lambda error: said.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert said == [], said
