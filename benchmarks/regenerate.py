"""How fast a regeneration is: CPU an attempt beside a bare loop over the same SDK, concurrency, memory, big ledgers.

python -m benchmarks.regenerate                     all but the proofs
python -m benchmarks.regenerate --only judges       2,000 items, ten kills, the judge changed half-way
python -m benchmarks.regenerate --only proof        2,000 items, killed ten times, against a run that was not

`--keep DIR --minutes M` do what is long in pieces: what is made stays in DIR, and the same command goes on with it.
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
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ledgers import fill
from pico_banana.regenerate.backends.base import EditRequest, JudgeRequest, ModelSettings, backend
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.results.assembly import assemble
from pico_banana.regenerate.results.report import make_report
from pico_banana.regenerate.results.status import make_status
from pico_banana.regenerate.settings.config import Config, config_from
from pico_banana.regenerate.settings.policy import verdict_schema
from pico_banana.regenerate.values import Instruction, Outcome, Photo, Picture, Reply, Usage
from pico_banana.regenerate.work.forecast import forecast
from pico_banana.regenerate.work.runner import run
from pico_banana.regenerate.work.staff import Staff
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer
from pico_banana.taxonomy import edit_type

FAULTS = {
    "throttled": 0.02, "throttled_with_wait": 0.01, "server_error": 0.02, "cut_connection": 0.02, "refused": 0.04,
    "no_image": 0.03, "silent_no_image": 0.02, "bad_json": 0.05, "wrong_schema": 0.03, "score_out_of_range": 0.03,
    "black_picture": 0.03, "cut_off": 0.02, "malformed_response": 0.02, "retry_after_s": 0.1,
}  # fmt: skip
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
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep what `large` and `judges` make, and go on with it"
    )
    parser.add_argument("--minutes", type=float, default=1e9, help="with --keep: stop after about so long")
    args = parser.parse_args()
    os.environ.setdefault("GEMINI_API_KEY", "key-of-the-rehearsal")  # never the name of a model: keys are blotted out
    for name in args.only or ("cpu", "concurrency", "memory", "large"):
        with kept(args.keep, name) as folder:
            more = (time.monotonic() + 60 * args.minutes,) if name in ("large", "judges") else ()
            print(name, json.dumps(parts[name](folder, args.scale, *more)), flush=True)


@contextmanager
def kept(keep: Path | None, name: str):
    """Give a folder to work in: a temporary one, or one that stays."""
    if keep is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        (keep / name).mkdir(parents=True, exist_ok=True)
        yield keep / name


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


def large(folder: Path, scale: float, until: float = 1e18) -> dict:
    """Status, report, dry run and assemble on a ledger of a million attempts with their calls, filled directly."""
    attempts = int(1_000_000 * scale)
    config = config_from({})
    with open_ledger(folder / "l", create=True, writable=True) as ledger:
        ledger.bind(config)
    if not fill(folder / "l" / "ledger.sqlite", attempts, until):
        return {"filled": "not yet; the same command goes on"}
    cores, found = os.cpu_count() or 1, {"attempts": attempts, "cores": os.cpu_count()}
    found["ledger_mb"] = sum(file.stat().st_size for file in (folder / "l").iterdir() if file.is_file()) >> 20
    with open_ledger(folder / "l") as ledger:
        jobs = {
            "status": lambda: make_status(ledger),
            "report": lambda: make_report(ledger),
            "report_all_cores": lambda: make_report(ledger, workers=cores),
            "dry_run": lambda: forecast(config, ledger.items(), ledger=ledger),
            "assemble_rows": lambda: assemble(ledger, folder / "out", pictures=False),
            "assemble_rows_all_cores": lambda: assemble(ledger, folder / "parts", pictures=False, workers=cores),
        }
        for name, job in jobs.items():
            begin = time.monotonic()
            job()
            found[f"{name}_s"] = round(time.monotonic() - begin, 3)
    return found


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


def judges(folder: Path, scale: float, until: float = 1e18) -> dict:
    """Killed ten times with the judge changed half-way: nothing lost or paid again, both judges' scores are there."""
    count, ledger, memory = int(2_000 * scale), folder / "ledger", folder / "so-far.json"
    photos = folder / "photos" if (folder / "photos").is_dir() else write_photos(folder / "photos", count, 48)
    state = json.loads(memory.read_text()) if memory.is_file() else {"kills": 0, "paid": {}, "old": [], "left": 1}
    with ModelServer(Mind(faults=ModelFaults(**FAULTS))) as server:
        server.paid.update(Counter(state["paid"]))
        while state["left"] and time.monotonic() < until:
            if state["kills"] == 5 and not state["old"]:
                state["old"] = sorted(key.hex() for key in answered(ledger))
            kill_once(folder, photos, server, state, until)
            state["paid"] = dict(server.paid)
            memory.write_text(json.dumps(state))
    if state["left"]:
        return {"kills": state["kills"], "calls": len(state["paid"]), "left": "the same command goes on"}
    return {"items": count, "kills": state["kills"], **both_judges(ledger, state)}


def kill_once(folder: Path, photos: Path, server: ModelServer, state: dict, until: float) -> None:
    """Run until some calls more are paid and kill; after ten kills, run to the end, or until the time is over."""
    stage = {"judge": {"model": "another"}} if state["kills"] >= 5 else {}
    tables = {"sessions": {"share": 0.3}, "run": {"items_in_flight": 32, "max_wait_s": 0.5}}
    told = document(server.gemini_url, photos, **tables)
    told["judge"] = {**told["judge"], **stage.get("judge", {})}
    (folder / "config.json").write_text(json.dumps(told))
    count = sum(1 for _ in photos.iterdir())
    rng = random.Random(state["kills"])
    goal = sum(server.paid.values()) + rng.randint(count // 4, count) if state["kills"] < 10 else 1 << 60
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder / "config.json"), str(folder / "ledger")])
    while sum(server.paid.values()) < goal and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    state["left"] = int(process.wait() != 0)
    state["kills"] += state["left"]


def both_judges(ledger: Path, state: dict) -> dict:
    """Say what a ledger kept of both judges, and what was paid twice."""
    lost = len({bytes.fromhex(key) for key in state["old"]} - answered(ledger))
    with open_ledger(ledger) as opened:
        said = opened.database.execute(
            "SELECT model, count(*) FROM verdicts JOIN makers ON makers.id = maker WHERE outcome = 'ok' GROUP BY 1"
        ).fetchall()
        both = opened.database.execute(
            "SELECT count(*) FROM (SELECT 1 FROM verdicts WHERE outcome = 'ok' GROUP BY item, turn, call "
            "HAVING count(DISTINCT judge) = 2)"
        ).fetchone()[0]
        in_flight = opened.database.execute("SELECT count(*) FROM opened").fetchone()[0]
        accepted = make_report(opened).accepted
    return {
        "calls": len(state["paid"]),
        "answered_before_the_change": len(state["old"]),
        "of_them_lost": lost,
        "paid_twice": sum(state["paid"].values()) - len(state["paid"]),
        "lost_in_flight": in_flight,
        "verdicts": dict(map(tuple, said)),
        "pictures_with_both": both,
        "accepted": accepted,
    }


def answered(ledger: Path) -> set[bytes]:
    with open_ledger(ledger) as opened:
        rows = opened.database.execute("SELECT key FROM calls WHERE outcome != 'unavailable'")
        return {key for (key,) in rows}


if __name__ == "__main__":
    main()
