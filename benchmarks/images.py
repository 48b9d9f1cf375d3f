"""Pictures: from files to arrays, beside `datasets`, webdataset, MosaicML Streaming, litdata and Lance.

    python benchmarks/images.py [--pairs N] [--rounds N] [--only PART]

Every contender gives the same uint8 arrays of the same pairs, in a process of its own, in turn. "One worker" is the
calling process for the peers and one decoding thread for us; "two" is two worker processes, or two threads.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from contest import compete, play, table

SMALL = (512, 384)
BATCH = 8


# --- what a peer's user writes around the library


def arrays(row: dict, mode: str) -> tuple[np.ndarray, np.ndarray]:
    return pixels(row["source"], mode), pixels(row["edited"], mode)


def pixels(picture: object, mode: str) -> np.ndarray:
    from PIL import Image

    opened = picture if isinstance(picture, Image.Image) else Image.open(io.BytesIO(picture))
    if mode == "small drafted":  # a user who knows Pillow has the JPEG halved in the DCT, as we do
        opened.draft("RGB", SMALL)
    rgb = opened.convert("RGB")
    return np.asarray(rgb if mode == "full" else rgb.resize(SMALL, Image.Resampling.BICUBIC))


class Decoded:
    """A map-style dataset of decoded pairs, picklable for the workers of a DataLoader."""

    def __init__(self, rows: object, mode: str) -> None:
        self.rows, self.mode = rows, mode

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return arrays(self.rows[index], self.mode)


def together(pairs: list) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])


def alone(pairs: list) -> tuple[np.ndarray, np.ndarray]:
    return pairs[0]


def torch_loader(dataset: object, mode: str, workers: int):
    from torch.utils.data import DataLoader

    batch = 1 if mode == "full" else BATCH
    processes = 0 if workers == 1 else workers
    return DataLoader(dataset, batch_size=batch, num_workers=processes, collate_fn=alone if batch == 1 else together)


# --- contenders; each gives an iterable of (sources, edits)


def ours(mirror: str, mode: str, workers: int, backend: str = "auto", **_: str):
    from pico_banana.loading import load
    from pico_banana.training.loader import make_loader

    rows = load("single_turn", mirror=mirror)
    shape = {"geometry": "none", "batch_size": None} if mode == "full" else {"size": SMALL, "batch_size": BATCH}
    for batch in make_loader(rows, columns=["source", "edited"], workers=workers, backend=backend, **shape):
        yield batch["source"], batch["edited"]


def ours_with_torch(**arguments: str):
    """As in a program that trains with torch: it resizes, and its import counts towards the first item."""
    import torch  # noqa: F401

    return ours(backend="torch", **arguments)


def datasets_map(parquet: str, cache: str, mode: str, workers: int, **_: str):
    return torch_loader(Decoded(_hub(parquet, cache), mode), mode, workers)


def datasets_streaming(parquet: str, cache: str, mode: str, workers: int, **_: str):
    from datasets import load_dataset

    rows = load_dataset("parquet", data_files=f"{parquet}/*.parquet", split="train", streaming=True)
    decoded = rows.map(_DecodeRow(mode), remove_columns=list(rows.features or []))
    return torch_loader(_AsTorch(decoded), mode, workers)


class _DecodeRow:
    def __init__(self, mode: str) -> None:
        self.mode = mode

    def __call__(self, row: dict) -> dict:
        source, edited = arrays(row, self.mode)
        return {"pair": (source, edited)}


def _AsTorch(rows: object):  # noqa: N802 - stands for a class that needs torch
    from torch.utils.data import IterableDataset

    class AsTorch(IterableDataset):
        def __iter__(self):
            return (row["pair"] for row in rows)

    return AsTorch()


def webdataset_tar(tars: str, mode: str, workers: int, **_: str):
    import webdataset as wds

    shards = sorted(str(path) for path in Path(tars).glob("*.tar"))
    samples = wds.WebDataset(shards, shardshuffle=False, nodesplitter=None).map(_FromTar(mode))
    return torch_loader(samples, mode, workers)


class _FromTar:
    def __init__(self, mode: str) -> None:
        self.mode = mode

    def __call__(self, sample: dict) -> tuple[np.ndarray, np.ndarray]:
        return pixels(sample["source.jpg"], self.mode), pixels(sample["edited.png"], self.mode)


def mosaic(mds: str, mode: str, workers: int, **_: str):
    import torch.distributed  # noqa: F401  streaming reaches for it
    from streaming import StreamingDataset

    return torch_loader(Decoded(StreamingDataset(local=mds, batch_size=1, shuffle=False), mode), mode, workers)


def litdata_stream(lit: str, mode: str, workers: int, **_: str):
    from litdata import StreamingDataLoader, StreamingDataset

    rows = StreamingDataset(lit, transform=_LitDecode(mode))
    batch = 1 if mode == "full" else BATCH
    collate = alone if batch == 1 else together
    processes = 0 if workers == 1 else workers
    return StreamingDataLoader(rows, batch_size=batch, num_workers=processes, collate_fn=collate)


class _LitDecode:
    def __init__(self, mode: str) -> None:
        self.mode = mode

    def __call__(self, row: dict) -> tuple[np.ndarray, np.ndarray]:
        return arrays(row, self.mode)


def lance_scan(lance: str, mode: str, **_: str):
    import lance as lancedb

    pairs = []
    for batch in lancedb.dataset(lance).to_batches(columns=["source", "edited"], batch_size=BATCH):
        for row in batch.to_pylist():
            pairs.append(arrays(row, mode))
            if mode == "full":
                yield pairs.pop()
        if pairs:
            yield together(pairs)
            pairs = []


def ours_pack(pack: str, workers: int, **_: str):
    from pico_banana.training.loader import Loader
    from pico_banana.training.packs import PackExamples

    for batch in Loader(PackExamples(Path(pack)), batch_size=BATCH, workers=workers):
        yield batch["source"], batch["edited"]


class _Raw:
    """Rows whose pictures are arrays already."""

    def __init__(self, rows: object) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        row = self.rows[index]
        return as_array(row["source"]), as_array(row["edited"])


def as_array(value: object) -> np.ndarray:
    if isinstance(value, bytes):
        return np.frombuffer(value, np.uint8).reshape(SMALL[1], SMALL[0], 3)
    return np.asarray(value)


def raw_mosaic(raw_mds: str, workers: int, **_: str):
    from streaming import StreamingDataset

    return torch_loader(_Raw(StreamingDataset(local=raw_mds, batch_size=BATCH, shuffle=False)), "small", workers)


def raw_litdata(raw_lit: str, workers: int, **_: str):
    from litdata import StreamingDataLoader, StreamingDataset

    rows = StreamingDataset(raw_lit, transform=lambda row: (as_array(row["source"]), as_array(row["edited"])))
    return StreamingDataLoader(rows, batch_size=BATCH, num_workers=0 if workers == 1 else workers, collate_fn=together)


def raw_datasets(raw_arrow: str, workers: int, **_: str):
    from datasets import load_from_disk

    return torch_loader(_Raw(load_from_disk(raw_arrow)), "small", workers)


def raw_lance(raw_lance: str, **_: str):
    import lance as lancedb

    for batch in lancedb.dataset(raw_lance).to_batches(columns=["source", "edited"], batch_size=BATCH):
        yield together([(as_array(row["source"]), as_array(row["edited"])) for row in batch.to_pylist()])


def decoders_alone(mirror: str, **_: str):
    """The fastest decoders in a bare loop over the same files: the ceiling of one worker."""
    from pairs import files

    from pico_banana.records.decoding import fast
    from pico_banana.records.decoding.header import read_header
    from pico_banana.records.decoding.memory import keep_freed_memory

    keep_freed_memory()
    for source, edited, _text in files(mirror):
        data = Path(edited).read_bytes()
        yield fast.decode_jpeg(Path(source).read_bytes(), None), fast.decode_png(data, read_header(data))


WAYS = {
    "pico_banana": ours,
    "pico_banana, torch": ours_with_torch,
    "datasets map-style": datasets_map,
    "datasets streaming": datasets_streaming,
    "webdataset": webdataset_tar,
    "MosaicML Streaming": mosaic,
    "litdata": litdata_stream,
    "Lance": lance_scan,
    "decoders alone": decoders_alone,
    "pico_banana pack": ours_pack,
    "MosaicML Streaming, arrays": raw_mosaic,
    "litdata, arrays": raw_litdata,
    "datasets, arrays": raw_datasets,
    "Lance, arrays": raw_lance,
}
PEERS = ("datasets map-style", "datasets streaming", "webdataset", "MosaicML Streaming", "litdata", "Lance")
RAW_PEERS = ("MosaicML Streaming, arrays", "litdata, arrays", "datasets, arrays", "Lance, arrays")


def _contender(name: str):
    """Measure pairs a second, without what a way does once.

    A peer's clock starts at its first item, when its imports are done and its workers run and have read ahead. Ours
    starts anew, with nothing read ahead, after one item was given and the loader closed.
    """

    def measured(**arguments: str) -> dict[str, float]:
        workers, epochs = int(arguments.pop("workers")), int(arguments.pop("epochs"))
        memory = _TreeMemory()
        first = 0.0
        if name.startswith("pico_banana"):
            next(iter(WAYS[name](workers=workers, **arguments)))
            first = _age()
        pairs, uncounted, begun, busy = 0, 0, time.perf_counter(), _cpu() - memory.spent
        for _ in range(epochs):
            for sources, _edits in WAYS[name](workers=workers, **arguments):
                pairs += len(sources) if sources.ndim == 4 else 1
                if not first:
                    first, begun, uncounted, busy = _age(), time.perf_counter(), pairs, _cpu() - memory.spent
        seconds, spent = time.perf_counter() - begun, _cpu() - memory.spent - busy
        rate = (pairs - uncounted) / seconds
        # Worker processes had begun before the first item came, so their time is that of all pairs.
        spent_on = pairs if workers > 1 else pairs - uncounted
        return {"pairs_per_s": rate, "cpu_ms": 1e3 * spent / spent_on, "first_s": first, "tree_mb": memory.peak()}

    return measured


def _cpu() -> float:
    """CPU seconds of this process and of its children that have ended: on a shared machine steadier than the clock."""
    return sum(os.times()[:4])


def _age() -> float:
    """Seconds since this process was started, imports included."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


class _TreeMemory:
    """The most memory this process and its children held together, shared pages counted once."""

    def __init__(self) -> None:
        self._most = 0.0
        self.spent = 0.0  # CPU seconds of looking, which is not the contender's
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self._look()
            self.spent = time.thread_time()

    def _look(self) -> None:
        total, waiting = 0, [os.getpid()]
        while waiting:
            process = Path(f"/proc/{waiting.pop()}")
            try:
                total += int((process / "smaps_rollup").read_text().partition("Pss:")[2].split()[0])
                for task in (process / "task").iterdir():
                    waiting += map(int, (task / "children").read_text().split())
            except (OSError, IndexError):
                continue
        self._most = max(self._most, total / 1024)

    def peak(self) -> float:
        self._look()
        self._stop.set()
        self._thread.join()
        return self._most


CONTENDERS = {name: _contender(name) for name in WAYS}


def _hub(parquet: str, cache: str):
    from datasets import load_dataset

    return load_dataset("parquet", data_files=f"{parquet}/*.parquet", split="train", cache_dir=cache)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("full", "small", "pack"))
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pico-banana-images-"))
    os.environ["PICO_BANANA_HOME"] = str(folder / "home")
    os.environ["RAYON_NUM_THREADS"] = "1"  # else kornia_rs would resize with two cores where peers have one
    try:
        from pairs_for_peers import prepare

        places = prepare(folder, args.pairs)
        for mode in ("full", "small"):
            if args.only in (None, mode):
                race(mode, places, args.rounds)
        if args.only in (None, "pack"):
            race_packs(places, args.rounds)
    finally:
        shutil.rmtree(folder)


COLUMNS = {"pairs_per_s": "pairs/s", "cpu_ms": "CPU ms/pair", "first_s": "first item s", "tree_mb": "peak MB"}


def race(mode: str, places: dict[str, str], rounds: int) -> None:
    for workers in (1, 2):
        mine = ["pico_banana"] if mode == "full" else ["pico_banana", "pico_banana, torch"]
        names = [*mine, *(peer for peer in PEERS if workers == 1 or peer != "Lance")]
        if mode == "full" and workers == 1:
            names.append("decoders alone")
        common = {**places, "mode": mode, "workers": str(workers), "epochs": "1"}
        results = play(__file__, names, common, rounds=rounds)
        print(
            f"\n**{'Full size' if mode == 'full' else '512 px'}, {'one worker' if workers == 1 else 'two workers'}**\n"
        )
        print(table(results, COLUMNS))
        _say_ratios(results)
        if mode == "small":
            drafted = play(__file__, ["webdataset", "litdata"], {**common, "mode": "small drafted"}, rounds=rounds)
            print("\nPeers with Pillow's `draft()`, so that every picture goes through the filters that ours do:\n")
            print(table(drafted, COLUMNS))
            best = max(figures["pairs_per_s"] for figures in drafted.values())
            print(
                "\n"
                + ", ".join(f"{name} {results[name]['pairs_per_s'] / best:.1f}x the best of these" for name in mine)
            )


def race_packs(places: dict[str, str], rounds: int) -> None:
    common = {**places, "workers": "1", "epochs": "4"}
    results = play(__file__, ["pico_banana pack", *RAW_PEERS], common, rounds=rounds)
    print("\n**The same pictures at 512 px, stored as arrays, one worker**\n")
    print(table(results, COLUMNS))
    _say_ratios(results)


def _say_ratios(results: dict[str, dict[str, float]]) -> None:
    mine = [name for name in results if name.startswith("pico_banana")]
    peers = {name: figures for name, figures in results.items() if name not in (*mine, "decoders alone")}
    best = max(peers, key=lambda name: peers[name]["pairs_per_s"])
    soonest = min(figures["first_s"] for figures in peers.values())
    least = min(figures["cpu_ms"] for figures in peers.values())
    for name in mine:
        own = results[name]
        said = [
            f"{own['pairs_per_s'] / peers[best]['pairs_per_s']:.1f}x the best peer ({best})",
            f"{least / own['cpu_ms']:.1f}x less CPU than the leanest",
            f"first item {soonest / own['first_s']:.1f}x sooner than the soonest peer",
        ]
        if "datasets map-style" in peers:
            known = peers["datasets map-style"]
            said.append(f"{known['first_s'] / own['first_s']:.1f}x sooner than `datasets`")
            said.append(f"memory 1/{known['tree_mb'] / own['tree_mb']:.1f} of `datasets`")
        if "decoders alone" in results:
            share = own["pairs_per_s"] / results["decoders alone"]["pairs_per_s"]
            said.append(f"{share:.0%} of the decoders' own speed")
        print(f"\n{name}: " + "; ".join(said))


if __name__ == "__main__" and not compete(CONTENDERS, sys.argv):
    main()
