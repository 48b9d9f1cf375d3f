"""The same pairs in every peer's own format, written by the peer's own writer; not timed here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pairs import files, make_corpus
from PIL import Image

SMALL = (512, 384)


def prepare(folder: Path, pairs: int) -> dict[str, str]:
    mirror = str(make_corpus(folder, pairs))
    rows = files(mirror)
    encoded = [(Path(source).read_bytes(), Path(edited).read_bytes()) for source, edited, _ in rows]
    small = [(_small(source), _small(edited)) for source, edited, _ in rows]
    places = {"mirror": mirror, "cache": str(folder / "cache")}
    for name, write in WRITERS.items():
        sys.stderr.write(f"\r\033[K{name}")
        places[name] = str(folder / name)
        write(places[name], small if name.startswith("raw_") else encoded)
    places["pack"] = _pack(folder / "pack", mirror)
    sys.stderr.write("\r\033[K")
    return places


def _small(path: str) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB").resize(SMALL, Image.Resampling.BICUBIC))


def _pack(folder: Path, mirror: str) -> str:
    from pico_banana.loading import load
    from pico_banana.training.loader import make_examples
    from pico_banana.training.packs import pack

    pack(make_examples(load("single_turn", mirror=mirror), size=SMALL, columns=["source", "edited"]), folder)
    return str(folder)


def _parquet(place: str, pairs: list) -> None:
    from datasets import Dataset, Features
    from datasets import Image as Picture

    columns = {
        "source": [{"bytes": source, "path": None} for source, _ in pairs],
        "edited": [{"bytes": edited, "path": None} for _, edited in pairs],
    }
    rows = Dataset.from_dict(columns, features=Features({"source": Picture(), "edited": Picture()}))
    Path(place).mkdir()
    for number in range(2):  # two shards, so that two workers have one each
        rows.shard(2, number, contiguous=True).to_parquet(f"{place}/{number}.parquet", batch_size=32)


def _tars(place: str, pairs: list) -> None:
    import webdataset as wds

    Path(place).mkdir()
    with wds.ShardWriter(f"{place}/%05d.tar", maxcount=-(-len(pairs) // 2), verbose=0) as out:
        for number, (source, edited) in enumerate(pairs):
            out.write({"__key__": f"{number:06}", "source.jpg": source, "edited.png": edited})


def _mds(place: str, pairs: list) -> None:
    from streaming import MDSWriter

    with MDSWriter(out=place, columns={"source": "bytes", "edited": "bytes"}) as out:
        for source, edited in pairs:
            out.write({"source": source, "edited": edited})


def _raw_mds(place: str, pairs: list) -> None:
    from streaming import MDSWriter

    with MDSWriter(out=place, columns={"source": "ndarray:uint8", "edited": "ndarray:uint8"}) as out:
        for source, edited in pairs:
            out.write({"source": source, "edited": edited})


def _litdata(place: str, pairs: list) -> None:
    from litdata.streaming.writer import BinaryWriter

    Path(place).mkdir()
    writer = BinaryWriter(place, chunk_bytes="64MB")
    for number, (source, edited) in enumerate(pairs):
        writer[number] = {"source": source, "edited": edited}
    writer.done()
    writer.merge()


def _lance(place: str, pairs: list) -> None:
    import lance
    import pyarrow as pa

    data = [[bytes(side) if isinstance(side, bytes) else side.tobytes() for side in pair] for pair in pairs]
    columns = {"source": [pair[0] for pair in data], "edited": [pair[1] for pair in data]}
    lance.write_dataset(pa.table(columns), place)


def _raw_arrow(place: str, pairs: list) -> None:
    from datasets import Dataset

    columns = {"source": [pair[0].tobytes() for pair in pairs], "edited": [pair[1].tobytes() for pair in pairs]}
    Dataset.from_dict(columns).save_to_disk(place)


WRITERS = {
    "parquet": _parquet,
    "tars": _tars,
    "mds": _mds,
    "lit": _litdata,
    "lance": _lance,
    "raw_mds": _raw_mds,
    "raw_lit": _litdata,
    "raw_arrow": _raw_arrow,
    "raw_lance": _lance,
}
