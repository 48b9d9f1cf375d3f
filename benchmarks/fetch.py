"""Fetching: speed, faults, a limiter and memory, beside img2dataset, `datasets`' DownloadManager and a bare client.

    python benchmarks/fetch.py [--only speed,faults,limiter,memory] [--rounds N] [--pictures N]

Needs `pip install img2dataset aiohttp requests` for the peers; one that is missing is left out, and said so. The
server is `pico-banana mirror serve` in a process of its own; every contender runs in a fresh process, in turn.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zlib
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from contest import compete, play

CONNECTIONS = 64
SIDE = 290  # a PNG of noise with this side has about 254 KB


def bare_client(root: str, count: str, out: str, **_: str) -> dict[str, float]:
    """What anybody would write: http.client in threads, keep-alive, no retries, no checks, plain writes."""
    names, lock, folder = iter(range(int(count))), threading.Lock(), _fresh(out)
    host, failed = urlsplit(root).netloc, []

    def work() -> None:
        connection = http.client.HTTPConnection(host, timeout=30)
        while True:
            with lock:
                number = next(names, None)
            if number is None:
                connection.close()
                return
            connection.request("GET", f"/images/positive-edit/{number}.png")
            answer = connection.getresponse()
            data = answer.read()
            if answer.status != 200:
                failed.append(number)
                continue
            with open(f"{folder}/{number}.png", "wb") as file:  # noqa: PTH123 - the plain way
                file.write(data)

    return _timed(lambda: _in_threads(work), folder)


def ours(root: str, count: str, out: str, **_: str) -> dict[str, float]:
    from pico_banana.mirrors.fetch.item import Candidate, FetchItem
    from pico_banana.mirrors.fetch.job import Job
    from pico_banana.mirrors.fetch.transport import Transport

    folder = _fresh(out)
    items = (
        FetchItem(f"picobanana://edited/positive-edit/{n}.png", folder / f"{n}.png", (Candidate("cdn", url),))
        for n, url in enumerate(_urls(root, int(count)))
    )
    job = Job(Transport(), connections=CONNECTIONS, report_to=folder / "report.jsonl")
    return _timed(lambda: job.run(items), folder)


def download_manager(root: str, count: str, out: str, **_: str) -> dict[str, float]:
    from datasets import DownloadConfig, DownloadManager
    from datasets.utils import disable_progress_bars

    folder = _fresh(out)
    disable_progress_bars()
    manager = DownloadManager(download_config=DownloadConfig(cache_dir=folder, num_proc=None, use_etag=False))

    def run() -> None:
        try:
            manager.download(_urls(root, int(count)))
        except Exception as error:  # noqa: BLE001 - whatever it raises ends its run; what it has by then is counted
            sys.stderr.write(f"{type(error).__name__}\n")

    figures = _timed(run, folder)
    # Its files have no ending: a hash, plus a .json and a .lock each.
    obtained = sum(path.is_file() and not path.suffix for path in folder.iterdir())
    return {**figures, "obtained": obtained, "per_s": obtained / figures["seconds"]}


def img2dataset(root: str, count: str, out: str, processes: str = "1", **_: str) -> dict[str, float]:
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it would ask the network
    from img2dataset import download

    folder = _fresh(out)
    listed = folder / "urls.txt"
    listed.write_text("\n".join(_urls(root, int(count))))

    def run() -> None:
        download(
            url_list=str(listed),
            output_folder=str(folder / "out"),
            processes_count=int(processes),
            thread_count=CONNECTIONS,
            resize_mode="no",
            disable_all_reencoding=True,
            number_sample_per_shard=max(100, int(count) // 2),
            retries=2,
            enable_wandb=False,
            encode_format="png",
            encode_quality=3,
        )

    return _timed(run, folder)


def planned(count: str, **_: str) -> dict[str, float]:
    """Plan, then settle, so many items that are there: what grows with their number."""
    from pico_banana.mirrors.fetch.item import FetchItem
    from pico_banana.mirrors.fetch.job import Job
    from pico_banana.mirrors.fetch.plan import make_plan
    from pico_banana.mirrors.fetch.transport import Transport

    folder = Path(tempfile.mkdtemp())
    (folder / "1.png").write_bytes(b"x" * 99)

    def items():
        for n in range(int(count)):
            yield FetchItem(f"picobanana://edited/{n}.png", folder / "1.png", (("cdn", f"http://127.0.0.1:1/{n}.png"),))

    started = time.perf_counter()
    plan = make_plan(items(), root=folder)
    planned_s = time.perf_counter() - started
    report = Job(Transport(), connections=4, report_to=folder / "report.jsonl").run(items())
    shutil.rmtree(folder)
    return {"plan_s": planned_s, "run_s": report.seconds, "files": plan.files, "reused": report.reused}


CONTENDERS = {
    "bare_client": bare_client,
    "ours": ours,
    "img2dataset": img2dataset,
    "download_manager": download_manager,
    "planned": planned,
}
NEEDS = {"img2dataset": "img2dataset", "download_manager": "aiohttp"}


def _fresh(out: str) -> Path:
    shutil.rmtree(out, ignore_errors=True)
    Path(out).mkdir(parents=True)
    os.sync()  # or the disk would still be writing the files of the contender before
    return Path(out)


def _urls(root: str, count: int) -> list[str]:
    return [f"{root}/images/positive-edit/{number}.png" for number in range(count)]


def _in_threads(work) -> None:
    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _timed(run, folder: Path) -> dict[str, float]:
    cpu, started = time.process_time(), time.perf_counter()
    run()
    lasted, spent = time.perf_counter() - started, time.process_time() - cpu
    obtained = sum(1 for _ in folder.rglob("*.png"))
    return {"seconds": lasted, "cpu_s": spent, "obtained": obtained, "per_s": obtained / lasted}


def make_pictures(folder: Path, count: int) -> None:
    """Draw one PNG of noise and give every copy a number of its own; each decodes."""
    from PIL import Image

    target = folder / "images" / "positive-edit"
    target.mkdir(parents=True)
    file = io.BytesIO()
    noise = random.Random(0).randbytes(SIDE * SIDE * 3)
    Image.frombytes("RGB", (SIDE, SIDE), noise).save(file, "PNG", compress_level=1)
    data = file.getvalue()
    for number in range(count):
        text = b"tEXt" + b"Number\0%d" % number
        chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
        (target / f"{number}.png").write_bytes(data[:33] + chunk + data[33:])


@contextmanager
def served(folder: Path, *words: str):
    """The rehearsal server in a process of its own; gives its URL."""
    command = [sys.executable, "-m", "pico_banana.cli", "mirror", "serve", str(folder), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _asked(url: str) -> dict:
    with urllib.request.urlopen(f"{url}/-/log") as answer:
        return json.load(answer)


def _there(names: list[str]) -> list[str]:
    for name in names:
        if name in NEEDS and find_spec(NEEDS[name]) is None:
            sys.stderr.write(f"{name} is left out: {NEEDS[name]} is not installed\n")
    return [name for name in names if name not in NEEDS or find_spec(NEEDS[name]) is not None]


def speed(folder: Path, count: int, rounds: int) -> None:
    names = _there(["bare_client", "ours", "img2dataset", "download_manager"])
    with served(folder, "--latency", "0.05") as url:
        figures = play(__file__, names, {"root": url, "count": str(count), "out": str(folder / "out")}, rounds=rounds)
    mine = figures["ours"]["per_s"]
    print(f"\nspeed: {count} pictures of 254 KB, 50 ms latency, {CONNECTIONS} connections; medians of {rounds}\n")
    print("| | pictures/s | ours is | CPU ms a picture | peak MB | obtained |\n|---|---:|---:|---:|---:|---:|")
    for name, one in figures.items():
        rate, cpu = max(one["per_s"], 1e-9), one["cpu_s"] / count * 1000
        print(
            f"| {name} | {rate:.0f} | {mine / rate:.2f}x | {cpu:.2f} | {one['peak_mb']:.0f} | {one['obtained']:.0f} |"
        )


def faults(folder: Path, count: int = 400) -> None:
    names = _there(["ours", "img2dataset", "download_manager"])
    words = ["--latency", "0.01", "--seed", "5"]
    for fault in ("429,share=0.05,times=1", "500,share=0.05,times=1", "cut,share=0.04,times=1", "404,share=0.02"):
        words += ["--fault", fault]
    print("\nfaults: 400 URLs; 429, 500 and cut connections once on 5, 5 and 4 % of the paths, 2 % gone for good\n")
    print("| | obtained | obtainable | requests | requests a file |\n|---|---:|---:|---:|---:|")
    obtainable = count - _gone(count)
    for name in names:
        with served(folder, *words) as url:
            one = _once(name, {"root": url, "count": str(count), "out": str(folder / "out")})
            total = _asked(url)["total"]
        print(f"| {name} | {one['obtained']:.0f} | {obtainable} | {total} | {total / count:.3f} |")


def _gone(count: int) -> int:
    """Count the paths that the last of the faults above takes away for good."""
    from pico_banana.rehearsal.serving.faults import Fault, Rule, Script

    rules = (*(Rule(Fault.HTML, share=0.0),) * 3, Rule(Fault.MISSING_404, share=0.02))
    script = Script(rules, seed=5)
    return sum(bool(script.faults(f"127.0.0.1/images/positive-edit/{number}.png")) for number in range(count))


def _once(name: str, arguments: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, __file__, "--contender", name, json.dumps(arguments)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout.strip().splitlines()[-1])


def limiter(folder: Path, rounds: int) -> None:
    print("\nlimiter: 100 requests/s, bursts of 20, 50 ms latency; ideal time is (files - 20) / 100\n")
    print("| | files | Retry-After | seconds / ideal | requests / files | obtained |\n|---|---:|---|---:|---:|---:|")
    cases = [("ours", 300, "none"), ("ours", 300, "seconds"), ("ours", 1000, "none"), ("ours", 1000, "seconds")]
    cases += [(name, 300, "none") for name in _there(["img2dataset"])]
    for name, count, form in cases:
        ratios = []
        for _ in range(rounds if name == "ours" else 1):
            with served(folder, "--latency", "0.05", "--limit", f"100,burst=20,retry-after={form}") as url:
                one = _once(name, {"root": url, "count": str(count), "out": str(folder / "out")})
                asked = _asked(url)["total"]
            ratios.append((one["seconds"] / ((count - 20) / 100), asked / count, one["obtained"]))
        seconds, requests, obtained = sorted(ratios)[len(ratios) // 2]
        print(f"| {name} | {count} | {form} | {seconds:.2f} | {requests:.2f} | {obtained:.0f} |")


def memory() -> None:
    print("\nmemory: plan and settle items that are there\n")
    print("| items | plan s | run s | peak MB |\n|---:|---:|---:|---:|")
    for count in (1_000, 100_000, 1_000_000):
        one = _once("planned", {"count": str(count)})
        print(f"| {count:,} | {one['plan_s']:.2f} | {one['run_s']:.2f} | {one['peak_mb']:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="speed,faults,limiter,memory")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=2400)
    args = parser.parse_args()
    wanted = args.only.split(",")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory(prefix="pico-banana-fetch-") as name:
        folder = Path(name)
        make_pictures(folder, max(1000, args.pictures))
        if "speed" in wanted:
            speed(folder, args.pictures, args.rounds)
        if "faults" in wanted:
            faults(folder)
        if "limiter" in wanted:
            limiter(folder, args.rounds)
    if "memory" in wanted:
        memory()


if __name__ == "__main__" and not compete(CONTENDERS, sys.argv):
    main()
