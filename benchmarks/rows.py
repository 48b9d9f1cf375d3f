"""Rows: build, open, filter and read, beside `datasets`, polars, DuckDB and SQLite on the same 257,730 rows.

    python benchmarks/rows.py [--rows N] [--rounds N] [--order release|blocks|both]
    python benchmarks/rows.py --scale 257730,1000000,10000000     how ours grows with the rows; nothing else

Every contender runs in a process of its own, in turn. The filter is the same everywhere: edit type in 3 of 35; it ends
when the rows are counted, ours also when their numbers are written out ("numbers"). Rows lie in the order of the
release, types mixed, and in blocks of one type.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from contest import compete, play, table

WANTED = ("Zoom in", "Outpainting (extend canvas beyond boundaries)", "Remove an existing object")
LABEL, TYPE_SLUGS = "edit_type", ("zoom_in", "outpainting", "remove_object")


def ours_filter(corpus: str, **_: str) -> dict[str, float]:
    started = time.perf_counter()
    import pico_banana as pb

    imported = time.perf_counter()
    found = pb.load("single_turn", mirror=corpus, edit_types=TYPE_SLUGS)
    count = len(found)
    done = time.perf_counter()
    return {"step_s": done - imported, "import_s": imported - started, "found": count}


def ours_filter_warm(corpus: str, **_: str) -> dict[str, float]:
    """The step alone, done once before, as for the others below."""
    import pico_banana as pb

    return _second_time(lambda: pb.load("single_turn", mirror=corpus), lambda rows: rows.select(edit_types=TYPE_SLUGS))


def datasets_lambda(corpus: str, cache: str, **_: str) -> dict[str, float]:
    return _second_time(
        lambda: _datasets_json(corpus, cache),
        lambda rows: rows.filter(lambda row: row[LABEL] in WANTED, load_from_cache_file=False),
    )


def datasets_arrow(corpus: str, cache: str, **_: str) -> dict[str, float]:
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(WANTED)
    how = {"batched": True, "batch_size": 100_000, "load_from_cache_file": False}
    return _second_time(
        lambda: _datasets_json(corpus, cache).with_format("arrow"),
        lambda rows: rows.filter(lambda batch: pc.is_in(batch[LABEL], value_set=wanted), **how),
    )


def datasets_column(corpus: str, cache: str, **_: str) -> dict[str, float]:
    """What no guide shows: the Arrow table underneath, searched by hand."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(WANTED)
    return _second_time(
        lambda: _datasets_json(corpus, cache),
        lambda rows: rows.select(pc.indices_nonzero(pc.is_in(rows.data.column(LABEL), value_set=wanted)).to_numpy()),
    )


def _second_time(open_rows, choose) -> dict[str, float]:
    """Open and filter twice, and time the second: what is imported or looked up once is not the step."""
    numbers_of(choose(open_rows()))
    started = time.perf_counter()
    rows = open_rows()
    opened = time.perf_counter()
    found = choose(rows)
    count = len(found)
    done = time.perf_counter()
    figures = {"step_s": done - started, "filter_s": done - opened, "found": count}
    if numbers_of(found) is not None:
        figures["numbers_s"] = time.perf_counter() - done
    return figures


def numbers_of(found):
    """Ours writes the numbers out when somebody reads them; the others have them, in one way or another."""
    return getattr(found, "rows", None)


def datasets_parquet(parquet: str, **_: str) -> dict[str, float]:
    from datasets import load_dataset

    started = time.perf_counter()
    rows = load_dataset(
        "parquet", data_files=parquet, split="train", streaming=True, filters=[(LABEL, "in", list(WANTED))]
    )
    found = sum(len(batch[LABEL]) for batch in rows.with_format("arrow").iter(8192))
    return {"step_s": time.perf_counter() - started, "found": found}


def polars_parquet(parquet: str, **_: str) -> dict[str, float]:
    import polars as pl

    started = time.perf_counter()
    found = pl.scan_parquet(parquet).filter(pl.col(LABEL).is_in(list(WANTED))).collect()
    return {"step_s": time.perf_counter() - started, "found": len(found)}


def duckdb_parquet(parquet: str, **_: str) -> dict[str, float]:
    import duckdb

    started = time.perf_counter()
    found = duckdb.sql(f"select * from '{parquet}' where {LABEL} in {WANTED}").to_arrow_table()
    return {"step_s": time.perf_counter() - started, "found": found.num_rows}


def ours_build(corpus: str, **_: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        os.environ["PICO_BANANA_HOME"] = home
        started = time.perf_counter()
        import pico_banana as pb

        rows = pb.load("single_turn", mirror=corpus)
        return {"step_s": time.perf_counter() - started, "found": len(rows)}


def datasets_build(corpus: str, **_: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as cache:
        started = time.perf_counter()
        rows = _datasets_json(corpus, cache)
        return {"step_s": time.perf_counter() - started, "found": len(rows)}


def ours_records(corpus: str, **_: str) -> dict[str, float]:
    import pico_banana as pb

    rows = pb.load("single_turn", mirror=corpus)
    return _rates(rows, rows.select(edit_types=TYPE_SLUGS), draws=100_000)


def datasets_records(corpus: str, cache: str, **_: str) -> dict[str, float]:
    rows = _datasets_json(corpus, cache)
    return _rates(rows, rows.filter(lambda row: row[LABEL] in WANTED), draws=10_000)


def _rates(rows, some, *, draws: int) -> dict[str, float]:
    """Rows a second: all in order, any at random, any of a filtered set at random. Imports are done before."""
    for number, _row in enumerate(rows):
        if number == 8_192:
            break
    started = time.perf_counter()
    for _row in rows:
        pass
    sequential = len(rows) / (time.perf_counter() - started)
    return {
        "sequential_per_s": sequential,
        "random_per_s": _random(rows, draws),
        "filtered_per_s": _random(some, draws),
    }


def _random(rows, draws: int) -> float:
    places = random.Random(0).choices(range(len(rows)), k=draws)
    started = time.perf_counter()
    for place in places:
        rows[place]
    return draws / (time.perf_counter() - started)


def import_ours(**_: str) -> dict[str, float]:
    started = time.perf_counter()
    import pico_banana

    pico_banana.__all__  # noqa: B018 - use it
    return {"step_s": time.perf_counter() - started}


def import_datasets(**_: str) -> dict[str, float]:
    started = time.perf_counter()
    import datasets

    datasets.__version__  # noqa: B018 - use it
    return {"step_s": time.perf_counter() - started}


def _datasets_json(corpus: str, cache: str):
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    return load_dataset("json", data_files=f"{corpus}/jsonl/sft.jsonl", split="train", cache_dir=cache)


CONTENDERS = {
    "pico_banana": ours_filter,
    "pico_banana, modules loaded": ours_filter_warm,
    "datasets, filter(lambda)": datasets_lambda,
    "datasets, filter(is_in), Arrow format": datasets_arrow,
    "datasets, its Arrow table by hand": datasets_column,
    "datasets, Parquet filters=": datasets_parquet,
    "polars, Parquet": polars_parquet,
    "DuckDB, Parquet": duckdb_parquet,
    "pico_banana, first load": ours_build,
    "datasets JSON, first load": datasets_build,
    "pico_banana records": ours_records,
    "datasets rows": datasets_records,
    "import pico_banana": import_ours,
    "import datasets": import_datasets,
}
FILTERS = list(CONTENDERS)[:8]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=257_730)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--order", default="both", choices=("release", "blocks", "both"), help="how the rows lie")
    options.add_argument("--scale", default="", help="row counts, separated by commas")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": f"{folder}/hf", "PICO_BANANA_HOME": f"{folder}/store"}
        if not args.scale:
            for order in ("release", "blocks") if args.order == "both" else (args.order,):
                print(f"\n## Rows in the order {order!r}\n", flush=True)
                contest(_corpus(Path(folder) / order, args.rows, order), args.rounds)
            return
        print("| rows | JSONL MB | build s | build us a row | build peak MB | open + filter ms | its peak MB |")
        print("|---:|---:|---:|---:|---:|---:|---:|", flush=True)
        for rows in map(int, args.scale.split(",")):
            scale(Path(folder), rows)


def contest(places: dict[str, str], rounds: int) -> None:
    filters = play(__file__, FILTERS, places, rounds=rounds)
    assert len({figures["found"] for figures in filters.values()}) == 1, "the contenders found different rows"
    print(
        table(
            filters,
            {
                "step_s": "open + filter s",
                "filter_s": "filter alone s",
                "numbers_s": "numbers s",
                "process_s": "whole process s",
                "peak_mb": "peak MB",
            },
        )
    )
    best = min((name for name in filters if name.startswith("datasets")), key=lambda name: filters[name]["step_s"])
    quickest = min(
        (name for name in filters if name.startswith("datasets")), key=lambda name: filters[name]["process_s"]
    )
    ours = filters["pico_banana, modules loaded"]
    step, read = (
        filters[best]["step_s"] / ours["step_s"],
        filters[best]["step_s"] / (ours["step_s"] + ours["numbers_s"]),
    )
    whole = filters[quickest]["process_s"] / filters["pico_banana"]["process_s"]
    print(
        f"\nopen + filter: {step:.0f}x the best datasets way ({read:.0f}x with the numbers); "
        f"whole process: 1/{whole:.1f} of the quickest\n"
    )
    builds = play(__file__, ["pico_banana, first load", "datasets JSON, first load"], places, rounds=rounds)
    print(table(builds, {"step_s": "first load s", "peak_mb": "peak MB"}))
    reads = play(__file__, ["pico_banana records", "datasets rows"], places, rounds=max(1, rounds // 2))
    print(
        "\n"
        + table(
            reads,
            {
                "sequential_per_s": "in order, rows/s",
                "random_per_s": "at random, rows/s",
                "filtered_per_s": "at random, filtered, rows/s",
            },
        )
    )
    mine, theirs = reads.values()
    ahead = {key: mine[key] / theirs[key] for key in mine if key.endswith("per_s")}
    print(
        "\nrecords: "
        + ", ".join(f"{name.removesuffix('_per_s')} {factor:.1f}x" for name, factor in ahead.items())
        + "\n"
    )
    imports = play(__file__, ["import pico_banana", "import datasets"], places, rounds=rounds)
    print(table(imports, {"step_s": "import s", "process_s": "whole process s"}))


def scale(folder: Path, rows: int) -> None:
    corpus = folder / f"scale-{rows}"
    places = {"corpus": str(_rows_only(corpus, rows))}
    build = play(__file__, ["pico_banana, first load"], places, rounds=1)["pico_banana, first load"]
    steps = play(__file__, ["pico_banana, modules loaded"], places, rounds=3)["pico_banana, modules loaded"]
    size = (corpus / "jsonl" / "sft.jsonl").stat().st_size / 1e6
    cells = [f"{rows:,}", f"{size:,.0f}", f"{build['step_s']:.2f}", f"{build['step_s'] / rows * 1e6:.2f}"]
    cells += [f"{build['peak_mb']:.0f}", f"{steps['step_s'] * 1e3:.1f}", f"{steps['peak_mb']:.0f}"]
    print(f"| {' | '.join(cells)} |", flush=True)
    shutil.rmtree(corpus)


def _corpus(folder: Path, rows: int, order: str) -> dict[str, str]:
    corpus = _rows_only(folder / "corpus", rows, order)
    import pyarrow.json
    import pyarrow.parquet

    source = pyarrow.json.read_json(corpus / "jsonl" / "sft.jsonl").sort_by(LABEL)
    parquet = folder / "sft.parquet"
    pyarrow.parquet.write_table(source, parquet, row_group_size=8192)
    return {"corpus": str(corpus), "parquet": str(parquet), "cache": str(folder / "cache")}


def _rows_only(folder: Path, rows: int, order: str = "release") -> Path:
    from pico_banana.rehearsal.making.make import make_mirror

    sys.stderr.write(f"making {rows:,} rows\n")
    make_mirror(folder, rows=rows, preferences=0, sessions=0, traps=False, order=order)
    return folder


if __name__ == "__main__" and not compete(CONTENDERS, sys.argv):
    main()
