"""`browse` over as many rows as the release has: first paint, frames while scrolling, memory, marks.

    python benchmarks/browse.py [--rows N] [--seconds N]

Needs Playwright and a Chromium on PATH. Rows are made here and come from a local row store. Scrolling is traced over
the pictures of the sample, over and over; a frame counts as dropped when the browser's own trace says so. Without a
graphics card Chromium paints with the processor, so a small machine drops frames that a desktop does not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Page, sync_playwright

import pico_banana as pb
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.sharing.browse import Marks

TRACED = [
    "devtools.timeline.frame",
    "disabled-by-default-devtools.timeline.frame",
    "disabled-by-default-devtools.timeline",  # every task of every thread, with its processor time
]
# Who works for a frame: scripts, styles, layout and paint; moving what was painted; putting the screen together.
THREADS = {"CrRendererMain": "page_cpu_ms", "Compositor": "moving_cpu_ms", "VizCompositorThread": "screen_cpu_ms"}
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
SCROLL = """(milliseconds) => new Promise((done) => {
  const main = document.querySelector("main"), frames = [];
  const start = performance.now();
  let last = start;
  function step(now) {
    frames.push(now - last);
    last = now;
    main.scrollBy(0, 25);
    if (now - start < milliseconds) requestAnimationFrame(step); else done(frames.slice(2));
  }
  requestAnimationFrame(step);
})"""


def resident_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def first_paint(page: Page, mirror: Path, marks: Path) -> dict[str, float]:
    """From a process that starts to cards on the screen."""
    words = ["browse", "single_turn", "--mirror", str(mirror), "--no-open", "--json", "--marks", str(marks)]
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "pico_banana.cli", *words], stdout=subprocess.PIPE)
    try:
        told = json.loads(process.stdout.readline())
        serving = time.perf_counter()
        page.goto(told["address"])
        page.wait_for_selector("article:not(.blank)")
        shown = time.perf_counter()
        found = {"serving_s": serving - started, "cards_s": shown - serving}
        found["first_paint_ms"] = page.evaluate(PAINTED)
        page.fill("#search", "river")
        searched = time.perf_counter()
        page.wait_for_selector(f"#shown:not(:text-matches('^{told['rows']:,} '))")
        found |= {"search_s": time.perf_counter() - searched, "server_mb": resident_mb(process.pid)}
    finally:
        process.terminate()
        process.communicate()
    return found


def scrolling(page: Page, rows: int, seconds: float, marks: Path) -> dict[str, float]:
    sample = pb.load("single_turn", mirror="sample")
    many = sample.of_rows(np.resize(np.arange(len(sample)), rows))
    with many.browse(marks=marks) as running:
        page.goto(running.url)
        page.wait_for_selector("article:not(.blank)")
        for place in range(0, 20_000, 700):  # every small copy has been made
            page.evaluate(f"document.querySelector('main').scrollTop = {place}")
            page.wait_for_timeout(100)
        page.evaluate("document.querySelector('main').scrollTop = 0")
        page.wait_for_timeout(500)
        chromium = page.context.browser
        chromium.start_tracing(page=page, categories=TRACED)
        frames = page.evaluate(SCROLL, seconds * 1000)
        events = json.loads(chromium.stop_tracing())["traceEvents"]
        heap = page.evaluate("performance.memory.usedJSHeapSize") / 2**20
        cards = page.locator("#sheet article").count()
    names = [event["name"] for event in events]
    return {
        "frames_a_second": len(frames) / (sum(frames) / 1000),
        "frame_ms_median": float(np.median(frames)),
        "frame_ms_99": float(np.quantile(frames, 0.99)),
        "drawn": names.count("DrawFrame"),
        "dropped": names.count("DroppedFrame"),
        **{name: spent / len(frames) for name, spent in processor_time(events).items()},
        "page_heap_mb": heap,
        "cards_in_page": cards,
        "process_mb": resident_mb(os.getpid()),
    }


def processor_time(events: list[dict[str, Any]]) -> dict[str, float]:
    """Milliseconds of processor time by thread, and of painting; other programs on the machine are not in it."""
    names = {(one["pid"], one["tid"]): one["args"]["name"] for one in events if one["name"] == "thread_name"}
    spent = dict.fromkeys([*THREADS.values(), "paint_cpu_ms"], 0.0)
    for event in events:
        what = THREADS.get(names.get((event["pid"], event["tid"]), "")) if event["name"] == "RunTask" else None
        if what or event["name"] == "RasterTask":
            spent[what or "paint_cpu_ms"] += event.get("tdur", 0) / 1000
    return spent


def marking(folder: Path) -> dict[str, float]:
    """What one mark costs where there are so many already, and how long other readers of the file wait for it."""
    found = {}
    for count in (10_000, 100_000, 257_730):
        marks = Marks(folder / f"{count}.parquet")
        marks.change("row/0", {"mark": "keep"})
        there = pa.concat_tables([marks.to_arrow()] * count)
        ids = pa.array([f"row/{number}" for number in range(count)])
        pq.write_table(there.set_column(0, "id", ids), marks.file)
        marks.change("row/0", {"mark": "drop"})  # reads them
        took = []
        for number in range(100):
            started = time.perf_counter()
            marks.change(f"row/{number}", {"score": 1 + number % 5})
            took.append((time.perf_counter() - started) * 1000)
            time.sleep(0.03)  # so that the file is written meanwhile, several times
        found |= {f"mark_ms_at_{count}": float(np.median(took)), f"worst_ms_at_{count}": max(took)}
        marks.close()
        started = time.perf_counter()
        marks.change("new", {"mark": "keep"})
        while pq.read_metadata(marks.file).num_rows == count:
            time.sleep(0.01)
        found[f"in_the_file_s_at_{count}"] = time.perf_counter() - started
    return found


def told(facts: dict[str, float]) -> None:
    for name, value in facts.items():
        print(f"{name:28} {value:12,.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=257_730)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="browse-"))
    os.environ["PICO_BANANA_HOME"] = str(folder / "store")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        make_mirror(folder / "mirror", rows=args.rows, preferences=0, sessions=0)
        pb.load("single_turn", mirror=folder / "mirror")  # builds the store
        with sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--enable-precise-memory-info"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            told(first_paint(page, folder / "mirror", folder / "marks.parquet"))
            told(scrolling(page, args.rows, args.seconds, folder / "marks.parquet"))
            browser.close()
        told(marking(folder))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
