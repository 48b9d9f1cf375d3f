"""How fast a regeneration is: CPU an attempt beside a bare loop over the same SDK, concurrency, memory, big ledgers.

python -m benchmarks.regenerate                     all but the proofs
python -m benchmarks.regenerate --only judges       the same with the judge changed half-way
python -m benchmarks.regenerate --only proof        2,000 items, killed ten times (about half an hour on two cores)
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pico_banana.regenerate.backends.base import EditRequest, JudgeRequest, ModelSettings, backend
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.entries import call_rows, reply_row
from pico_banana.regenerate.ledger.journal import connect
from pico_banana.regenerate.prompts import prompt
from pico_banana.regenerate.results.assembly import assemble
from pico_banana.regenerate.results.derive import checks_id
from pico_banana.regenerate.results.report import make_report, make_status
from pico_banana.regenerate.settings.config import Config, config_from
from pico_banana.regenerate.settings.makers import who
from pico_banana.regenerate.settings.policy import CRITERIA, verdict_schema
from pico_banana.regenerate.values import Instruction, Outcome, Photo, Picture, Reply, Stage, Usage
from pico_banana.regenerate.work.runner import run
from pico_banana.regenerate.work.staff import Staff
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer
from pico_banana.taxonomy import edit_type

FAULTS = {
    "throttled": 0.02, "throttled_with_wait": 0.01, "server_error": 0.02, "cut_connection": 0.02, "refused": 0.04,
    "no_image": 0.03, "silent_no_image": 0.02, "bad_json": 0.05, "wrong_schema": 0.03, "score_out_of_range": 0.03,
    "black_picture": 0.03, "cut_off": 0.02, "malformed_response": 0.02, "retry_after_s": 0.1,
}  # fmt: skip
PROMPTS = {Stage.WRITE: "write_v1", Stage.SHORTEN: "shorten_v1", Stage.EDIT: "edit_v1", Stage.JUDGE: "judge_v1"}
FACTS = ("edit_type", "definition", "history", "turn", "guidance", "instruction")
THINGS = ("red kite", "old bicycle", "stone bridge", "tall glass", "brown dog", "paper lamp", "garden chair")
SCRIPT = """
import json, sys
from pathlib import Path
from pico_banana.regenerate import config_from, run
run(config_from(json.loads(Path(sys.argv[1]).read_text())), Path(sys.argv[2]), accept_changes=True)
"""


def main() -> None:
    parts = {"cpu": cpu, "concurrency": concurrency, "memory": memory, "large": large, "proof": proof, "judges": judges}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=parts, action="append")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    args = parser.parse_args()
    os.environ.setdefault("GEMINI_API_KEY", "rehearsal")
    for name in args.only or ("cpu", "concurrency", "memory", "large"):
        with tempfile.TemporaryDirectory() as folder:
            print(name, json.dumps(parts[name](Path(folder), args.scale)), flush=True)


def photo_bytes(side: int, seed: int = 0) -> bytes:
    from PIL import Image

    noise = Image.effect_noise((side, side * 3 // 4), 40).convert("RGB")
    buffer = io.BytesIO()
    Image.blend(noise, Image.new("RGB", noise.size, (seed * 37 % 256, 120, 90)), 0.5).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def write_photos(folder: Path, count: int, side: int) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:06}.jpg").write_bytes(photo_bytes(side, number))
    return folder


def document(url: str, photos: Path, **tables: object) -> dict:
    model = {"backend": "gemini", "base_url": url, "model": "rehearsal", "concurrency": 200, "timeout_s": 60.0}
    stages = dict.fromkeys(("writer", "shortener", "editor", "judge"), model)
    return {"seed": 1, "source": {"folder": str(photos)}, **stages, **tables}


def cpu(folder: Path, scale: float) -> dict:
    """CPU of the whole runner per attempt (edit and judge), and of a bare loop that makes the same two SDK calls."""
    count = max(10, int(100 * scale))
    photos = write_photos(folder / "photos", count, 1024)
    process = serve_elsewhere()
    try:
        url = process.stdout.readline().strip()
        settings = ModelSettings("gemini", "rehearsal", url)
        bare = bare_loop(settings, sorted(photos.iterdir()))
        tables = {"checks": {"enabled": False}, "policy": {"max_attempts": 1}, "run": {"items_in_flight": 8}}
        config = config_from(document(url, photos, **tables))
        few, most = (
            config_from(document(url, photos, **tables, source={"folder": str(photos), "limit": count // 10})),
            config,
        )
        start = spent_on(few, folder / "few")  # four clients, a ledger, the reserve: paid once a run
        ours = (spent_on(most, folder / "most") - start) * count / (count - count // 10)
    finally:
        process.kill()
        process.wait()
    return {
        "attempts": count,
        "bare_ms": round(bare["edit_judge"] / count * 1000, 2),
        "same_calls_bare_ms": round(bare["all"] / count * 1000, 2),
        "ours_ms": round(ours / count * 1000, 2),
        "beyond_same_calls_ms": round((ours - bare["all"]) / count * 1000, 2),
    }


def spent_on(config: Config, ledger: Path) -> float:
    begin = time.process_time()
    state = run(config, ledger)
    if state.left or state.failed:
        raise SystemExit(f"the run did not finish: {state}")
    return time.process_time() - begin


def serve_elsewhere() -> subprocess.Popen[str]:
    code = (
        "import time; from pico_banana.rehearsal.models import *\n"
        "with ModelServer() as s:\n print(s.gemini_url, flush=True)\n time.sleep(9e6)"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def bare_loop(settings: ModelSettings, paths: list[Path]) -> dict[str, float]:
    """Make the calls of an item with nothing around them: no ledger, no pacing, no files but the photo."""
    from pico_banana.regenerate.backends.base import ShortenRequest, WriteRequest

    kind, words = edit_type("color_tone"), Instruction("rehearsal edit color_tone")

    async def loop(*, texts: bool) -> None:
        made = backend(settings)
        for number, path in enumerate(paths):
            photo = Picture.of(path.read_bytes())
            if texts:
                await made.write(WriteRequest(photo, kind, "of this kind: x", seed=number))
                await made.shorten(ShortenRequest(words, "Long: x", number))
            edited = await made.edit(EditRequest(photo, words, kind, words.text, number))
            schema = verdict_schema(with_drift=False)
            await made.judge(JudgeRequest(edited.picture, (photo,), words, kind, words.text, schema, number))
        await made.aclose()

    times = {}
    asyncio.run(loop(texts=True))  # once for the imports and the server's cache
    for name, texts in (("edit_judge", False), ("all", True)):
        begin = time.process_time()
        asyncio.run(loop(texts=texts))
        times[name] = time.process_time() - begin
    return times


class Sleeper:
    """A backend that takes its time and no CPU."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.calls = 0
        self.picture = photo_bytes(64)

    async def _reply(self, text: str = "", picture: Picture | None = None) -> Reply:
        self.calls += 1
        await asyncio.sleep(self.seconds)
        return Reply(Outcome.OK, text, picture, Usage(10, 10, picture is not None), model="sleeper")

    async def write(self, request: object) -> Reply:
        return await self._reply('{"suitable": true, "why": "", "prompts": ["Make the whole photo warmer, please."]}')

    async def shorten(self, request: object) -> Reply:
        return await self._reply("Warmer.")

    async def edit(self, request: EditRequest) -> Reply:
        return await self._reply(picture=Picture.of(self.picture + str(request.seed % 64).encode()))

    async def judge(self, request: JudgeRequest) -> Reply:
        return await self._reply(
            json.dumps({name: {"reason": "", "score": 0.9} for name in request.schema["required"]})
        )


def sleeper_config(items_in_flight: int) -> Config:
    tables = {"checks": {"enabled": False}, "run": {"items_in_flight": items_in_flight}}
    stage = {"concurrency": items_in_flight}
    return config_from({**tables, **dict.fromkeys(("writer", "shortener", "editor", "judge"), stage)})


def many_photos(folder: Path, count: int):
    (folder / "one.jpg").write_bytes(photo_bytes(64))
    return (Photo(f"https://photos.invalid/{number}.jpg", str(folder / "one.jpg")) for number in range(count))


def concurrency(folder: Path, scale: float) -> dict:
    """200 calls in flight of 5 seconds each: calls a second against 200 / 5."""
    sleeper = Sleeper(5.0 * min(1.0, scale))
    items = 600
    begin = time.monotonic()
    run(sleeper_config(200), folder / "l", photos=many_photos(folder, items), staff=Staff(*[sleeper] * 4))
    seconds = time.monotonic() - begin
    ideal = sleeper.calls * sleeper.seconds / 200
    return {
        "calls": sleeper.calls,
        "seconds": round(seconds, 2),
        "ideal_s": round(ideal, 2),
        "share": round(ideal / seconds, 4),
    }


def memory(folder: Path, scale: float) -> dict:
    """Peak memory after a tenth of the items and after all of them."""
    sleeper, count = Sleeper(0.0), int(100_000 * scale)
    config = sleeper_config(64)
    peaks: list[tuple[int, int]] = []

    def look(state: object) -> None:
        peaks.append((state.done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))

    begin = time.monotonic()
    run(config, folder / "l", photos=many_photos(folder, count), staff=Staff(*[sleeper] * 4), progress=look)
    early = next(peak for done, peak in peaks if done >= count // 10)
    return {
        "items": count,
        "seconds": round(time.monotonic() - begin, 1),
        "mb_at_a_tenth": early,
        "mb_at_the_end": peaks[-1][1],
    }


def large(folder: Path, scale: float) -> dict:
    """Status and assemble on a ledger of a million attempts, filled directly."""
    attempts = int(1_000_000 * scale)
    with open_ledger(folder / "l", create=True, writable=True) as ledger:
        ledger.bind(config_from({}))
    fill(folder / "l" / "ledger.sqlite", attempts)
    with open_ledger(folder / "l") as ledger:
        begin = time.monotonic()
        make_status(ledger)
        status = time.monotonic() - begin
        begin = time.monotonic()
        make_report(ledger)
        report = time.monotonic() - begin
        begin = time.monotonic()
        made = assemble(ledger, folder / "out", pictures=False)
        rows = time.monotonic() - begin
        begin = time.monotonic()
        assemble(ledger, folder / "parts", pictures=False, workers=os.cpu_count() or 1)
        parts = time.monotonic() - begin
    return {
        "attempts": attempts,
        "ledger_mb": (folder / "l" / "ledger.sqlite").stat().st_size >> 20,
        "status_s": round(status, 3),
        "report_s": round(report, 2),
        "assemble_rows_s": round(rows, 2),
        "assemble_rows_all_cores_s": round(parts, 2),
        "cores": os.cpu_count(),
        "accepted": made.accepted,
    }


def fill(path: Path, attempts: int) -> None:
    """Fill a ledger as a run with models would, with prompts and replies of their usual length."""
    items = attempts * 3 // 4
    rng = random.Random(0)
    database = connect(path)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("BEGIN")
    samples: dict[int, bytes] = {}
    fixed = config_from({})
    prompts = {stage: prompt(name).fill(dict.fromkeys(FACTS, "an odd thing")) for stage, name in PROMPTS.items()}
    numbers = iter(range(1, 10 * attempts))

    def add(table: str, row: dict) -> None:
        marks = ", ".join("?" * len(row))
        database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def call(stage: Stage, item: int, attempt: int, text: str) -> tuple[int, int]:
        number = next(numbers)
        raw = {
            "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "finish_reason": "STOP"}],
            "model_version": "gemini-2.5-pro", "response_id": f"{rng.getrandbits(128):032x}",
            "usage_metadata": {"prompt_token_count": 2700, "candidates_token_count": rng.randint(100, 400)},
        }  # fmt: skip
        asked = {
            "text": f"{prompts[stage]} {item}",
            "seed": rng.getrandbits(31),
            "photo": f"{rng.getrandbits(256):064x}",
        }
        reply = Reply(Outcome.OK, text, None, Usage(2700, 260), "STOP", "gemini-2.5-pro", "single", json.dumps(raw))
        row = {
            "opened": number, "key": f"{rng.getrandbits(256):064x}", "usd": 0.004, "seconds": 3.0, "stage": str(stage),
            "item": item, "turn": 1, "attempt": attempt, "backend": "procedural", "model": "", "prompt": str(stage),
            "parameters": "{}", "inputs": json.dumps(asked), **reply_row(reply), "at": 0.0,
        }  # fmt: skip
        maker, made = call_rows(row, samples)
        if maker is not None:
            add("makers", maker)
        add("calls", made)
        return number, made["maker"]

    for item in range(1, items + 1):
        url = f"https://photos.invalid/{item}.jpg"
        add("photos", {"id": item, "url": url, "locator": "x", "known": 0, "objects": "[]", "tags": "[]"})
        add("items", {"id": item, "photo": item, "edit_types": '["zoom_in"]', "seed": item})
        text = f"Zoom in on the {rng.choice(THINGS)} beside the {rng.choice(THINGS)} until it fills most of the frame."
        written, _ = call(Stage.WRITE, item, 0, json.dumps({"suitable": True, "why": "", "prompts": [text]}))
        call(Stage.SHORTEN, item, 0, "Zoom in.")
        add("instructions", {
            "item": item, "turn": 1, "base": 0, "call": written, "shortener": who(Stage.SHORTEN, fixed.shortener),
            "writer": who(Stage.WRITE, fixed.writer), "text": text, "short": "Zoom in.", "recipe": "{}",
            "outcome": "ok",
            "reason": "",
        })  # fmt: skip
        for attempt in range(1, 3 if item % 3 == 0 else 2):
            low = attempt == 1 and item % 3 == 0
            edited, _ = call(Stage.EDIT, item, attempt, "")
            scores = {name: round(rng.uniform(0.2, 0.6) if low else rng.uniform(0.75, 1.0), 2) for name in CRITERIA}
            why = {
                name: f"The {rng.choice(THINGS)} is {rng.choice(('as asked', 'a little soft', 'kept'))}."
                for name in CRITERIA
            }
            said = {name: {"reason": why[name], "score": scores[name]} for name in CRITERIA}
            judged, maker = call(Stage.JUDGE, item, attempt, json.dumps(said))
            add("attempts", {
                "item": item, "turn": 1, "written": written, "attempt": attempt, "call": edited,
                "editor": who(Stage.EDIT, fixed.editor), "outcome": "made", "reason": "",
                "edited": f"{rng.getrandbits(256):064x}", "media_type": "image/png", "checks": checks_id(fixed.checks),
                "input_width": 1024, "input_height": 768, "edited_width": 1184, "edited_height": 864, "changed": 0.31,
                "findings": "{}", "at": 0.0,
            })  # fmt: skip
            add("verdicts", {
                "item": item, "turn": 1, "call": edited, "judged_by": judged, "judge": who(Stage.JUDGE, fixed.judge),
                "maker": maker, "role": "judge", "outcome": "ok", "reason": "", "scores": json.dumps(scores),
                "reasons": json.dumps(why),
            })  # fmt: skip
    database.execute("COMMIT")
    database.close()


def proof(folder: Path, scale: float) -> dict:
    """Killed ten times at random and resumed: equal rows, nothing paid twice beyond what was in flight."""
    count = int(2_000 * scale)
    photos = write_photos(folder / "photos", count, 48)
    tables = {"sessions": {"share": 0.3}, "run": {"items_in_flight": 32, "max_wait_s": 0.5}}
    mind = Mind(faults=ModelFaults(**FAULTS))
    with ModelServer(mind) as calm, ModelServer(mind) as killed:
        run(config_from(document(calm.gemini_url, photos, **tables)), folder / "calm")
        config = folder / "config.json"
        config.write_text(json.dumps(document(killed.gemini_url, photos, **tables)))
        total, rng = len(calm.paid), random.Random(2)
        for goal in sorted(rng.sample(range(total // 20, total * 19 // 20), 10)):
            process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(config), str(folder / "ledger")])
            while sum(killed.paid.values()) < goal and process.poll() is None:
                time.sleep(0.01)
            process.kill()
            process.wait()
        subprocess.run([sys.executable, "-c", SCRIPT, str(config), str(folder / "ledger")], check=True)
        twice = sum(killed.paid.values()) - len(killed.paid)
    made = {}
    for name in ("calm", "ledger"):
        with open_ledger(folder / name) as ledger:
            made[name] = dataclasses.replace(assemble(ledger, folder / f"out-{name}"), folder=Path())
            lost = ledger.database.execute("SELECT count(*) FROM opened").fetchone()[0]
    files = [sorted((folder / f"out-{name}").rglob("*.*")) for name in made]
    equal = made["calm"] == made["ledger"] and all(
        one.is_dir() or one.read_bytes() == other.read_bytes() for one, other in zip(*files, strict=True)
    )
    return {
        "items": count,
        "calls": total,
        "equal": equal,
        "paid_twice": twice,
        "lost_in_flight": lost,
        "accepted": made["calm"].accepted,
    }


def judges(folder: Path, scale: float) -> dict:
    """Killed ten times with the judge changed half-way: nothing lost or paid again, both judges' scores are there."""
    count, rng = int(2_000 * scale), random.Random(3)
    photos = write_photos(folder / "photos", count, 48)
    tables = {"sessions": {"share": 0.3}, "run": {"items_in_flight": 32, "max_wait_s": 0.5}}
    config, ledger, old = folder / "config.json", folder / "ledger", set()
    with ModelServer(Mind(faults=ModelFaults(**FAULTS))) as server:
        told = document(server.gemini_url, photos, **tables)
        for number in range(10):
            if number == 5:
                old = answered(ledger)
                told["judge"] = {**told["judge"], "model": "another"}
            config.write_text(json.dumps(told))
            goal = sum(server.paid.values()) + rng.randint(count // 4, count)
            process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(config), str(ledger)])
            while sum(server.paid.values()) < goal and process.poll() is None:
                time.sleep(0.01)
            process.kill()
            process.wait()
        subprocess.run([sys.executable, "-c", SCRIPT, str(config), str(ledger)], check=True)
        twice = sum(server.paid.values()) - len(server.paid)
    lost = len(old - answered(ledger))
    with open_ledger(ledger) as opened:
        said = opened.database.execute(
            "SELECT model, count(*) FROM verdicts JOIN makers ON makers.id = maker WHERE outcome = 'ok' GROUP BY 1"
        ).fetchall()
        in_flight = opened.database.execute("SELECT count(*) FROM opened").fetchone()[0]
        accepted = make_report(opened).accepted
    found = {"items": count, "answered_before_the_change": len(old), "of_them_lost": lost, "paid_twice": twice}
    return {**found, "lost_in_flight": in_flight, "verdicts": dict(map(tuple, said)), "accepted": accepted}


def answered(ledger: Path) -> set[bytes]:
    with open_ledger(ledger) as opened:
        rows = opened.database.execute("SELECT key FROM calls WHERE outcome != 'unavailable'")
        return {key for (key,) in rows}


if __name__ == "__main__":
    main()
