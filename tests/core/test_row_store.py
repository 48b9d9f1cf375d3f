"""The row store: built when the rows file changed and only then, whole or not at all, whoever else is building."""

from __future__ import annotations

import gc
import json
import mmap
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from core_rows import edit, lines, mirror_of, pair, rows_file, session

import pico_banana as pb
from pico_banana.errors import MirrorError, RowError, StoreError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rows.building import build, rowfile, rowstore
from pico_banana.rows.table.damage import index_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(pb.__file__).parents[1]


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The rows files that were built into stores, in order; the real building still happens."""
    built: list[Path] = []
    really = build.build

    def told(subset: Any, source: Path, index: Path, **options: Any) -> None:
        built.append(source)
        really(subset, source, index, **options)

    monkeypatch.setattr(build, "build", told)
    return built


def _folder(store: Path, mirror: Path) -> Path:
    return store / "mirrors" / pb.load(mirror=mirror).mirror.name / "rows"


def _age(path: Path, seconds: float = 60) -> None:
    """Set a file's modification time back; nobody can set back its change time."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust a file from the moment it was written, so that a test need not wait for seconds."""
    monkeypatch.setattr(rowstore, "RACY_NS", 0)


def _ids(mirror: Path, **options: Any) -> list[str]:
    return [record.id for record in pb.load(mirror=mirror, **options)]


def test_it_is_built_once(tmp_path: Path, builds: list[Path]) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1)], preference=[pair(1)])
    for _ in range(3):
        pb.load(mirror=mirror)
    pb.load("instructions", mirror=mirror)
    assert len(builds) == 1
    pb.load("preference", mirror=mirror)
    assert len(builds) == 2


def test_a_settled_file_is_not_even_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, builds: list[Path]) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1)])
    _settled(monkeypatch)
    time.sleep(0.01)
    pb.load(mirror=mirror)
    hashed: list[Path] = []
    monkeypatch.setattr(rowstore, "sha256_of", lambda path: hashed.append(path) or "")
    assert _ids(mirror) == ["single_turn/positive-edit/1"]
    assert hashed == []
    pb.load(mirror=mirror, verify=True)
    assert set(hashed) == {mirror / "jsonl" / "sft.jsonl"}
    assert len(builds) == 2  # the hash did not agree


def test_a_change_in_place_with_the_old_size_and_time_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1), edit(2)])
    path = mirror / "jsonl" / "sft.jsonl"
    _settled(monkeypatch)
    time.sleep(0.01)
    assert _ids(mirror)[1] == "single_turn/positive-edit/2"
    before = path.stat()
    time.sleep(0.02)  # one tick of the file system's clock
    with path.open("r+b") as file:
        file.write(path.read_bytes().replace(b"positive-edit/2.png", b"positive-edit/9.png"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
    assert _ids(mirror)[1] == "single_turn/positive-edit/9"


def test_a_young_file_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two contents within one tick of the clock have one status; here the status is faked to be the same."""
    mirror = mirror_of(tmp_path, single_turn=[edit(1)])
    path = mirror / "jsonl" / "sft.jsonl"
    assert _ids(mirror) == ["single_turn/positive-edit/1"]
    index = _folder(tmp_path / "store", mirror) / "single_turn.json"
    path.write_bytes(path.read_bytes().replace(b"/1.png", b"/8.png"))
    content = json.loads(index.read_bytes())
    status = path.stat()
    content["source"] |= {"mtime_ns": status.st_mtime_ns, "ctime_ns": status.st_ctime_ns, "inode": status.st_ino}
    index.write_bytes(index_bytes(content))
    assert _ids(mirror) == ["single_turn/positive-edit/8"]


def test_a_file_that_was_touched_is_not_built_again(tmp_path: Path, builds: list[Path]) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1)])
    path = mirror / "jsonl" / "sft.jsonl"
    pb.load(mirror=mirror)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    _age(path)
    pb.load(mirror=mirror)
    assert len(builds) == 1


@pytest.mark.parametrize("change", ["longer", "shorter", "replaced"])
def test_a_changed_file_is_built_again_and_the_old_store_goes(
    tmp_path: Path, store: Path, builds: list[Path], change: str
) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1), edit(2)])
    assert len(_ids(mirror)) == 2
    gc.collect()  # closes it: what is open stays
    changed = {"longer": [edit(1), edit(2), edit(3)], "shorter": [edit(2)], "replaced": [edit(2), edit(1)]}[change]
    rows_file(mirror, changed, "jsonl/sft.jsonl")
    assert _ids(mirror) == [f"single_turn/positive-edit/{row['output_image'][21:-4]}" for row in changed]
    assert len(builds) == 2
    assert len(list(_folder(store, mirror).glob("*.arrow"))) == 1


def test_an_opened_store_outlives_a_new_build(tmp_path: Path) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1), edit(2)])
    before = pb.load(mirror=mirror)
    rows_file(mirror, [edit(5)], "jsonl/sft.jsonl")
    assert _ids(mirror) == ["single_turn/positive-edit/5"]
    assert [record.id for record in before] == ["single_turn/positive-edit/1", "single_turn/positive-edit/2"]


def test_stores_of_other_files_stay(tmp_path: Path, builds: list[Path]) -> None:
    """Their names start alike: `single_turn-….arrow` and `single_turn-<file>-….arrow`."""
    mirror = mirror_of(tmp_path / "mirror", single_turn=[edit(1)])
    others = [rows_file(tmp_path, [edit(number)], f"{number}.jsonl") for number in (2, 3)]
    for _ in range(2):
        for path in (None, *others):
            pb.load(mirror=mirror, rows=path)
    rows_file(mirror, [edit(7)], "jsonl/sft.jsonl")
    pb.load(mirror=mirror)
    assert len(builds) == 4
    assert [_ids(mirror, rows=path) for path in others] == [[f"single_turn/positive-edit/{n}"] for n in (2, 3)]
    assert len(builds) == 4


@pytest.mark.parametrize(
    "spoil", ["other layout", "no json", "cut", "list", "no arrow", "empty", "missing key", "a digit of it"]
)
def test_an_index_that_is_not_ours_is_built_again(tmp_path: Path, store: Path, builds: list[Path], spoil: str) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1)])
    expected = list(pb.load(mirror=mirror))
    index = _folder(store, mirror) / "single_turn.json"
    content = json.loads(index.read_bytes())
    spoilt: dict[str, Callable[[], object]] = {
        "other layout": lambda: index.write_bytes(index_bytes(content | {"layout": "1-00000000"})),
        "a digit of it": lambda: index.write_bytes(index.read_bytes().replace(b'"rows": 1', b'"rows": 2')),
        "no json": lambda: index.write_bytes(b"\xff\x00"),
        "cut": lambda: index.write_bytes(index.read_bytes()[:-40]),
        "list": lambda: index.write_text("[]"),
        "no arrow": (index.parent / content["arrow"]).unlink,
        "empty": lambda: index.write_bytes(b""),
        "missing key": lambda: index.write_bytes(
            index_bytes({key: content[key] for key in content if key != "places"})
        ),
    }
    spoilt[spoil]()
    gc.collect()  # closes it: what is open stays
    assert list(pb.load(mirror=mirror)) == expected
    assert len(builds) == 2
    assert sorted(path.suffix for path in index.parent.iterdir()) == [".arrow", ".json", ".lock"]


def test_rows_that_moved_to_another_path_are_built_again(tmp_path: Path, builds: list[Path]) -> None:
    mirror = mirror_of(tmp_path / "mirror", single_turn=[edit(1)])
    pb.load(mirror=mirror)
    plain = mirror / "jsonl" / "sft.jsonl"
    import gzip

    (mirror / "jsonl" / "sft.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert _ids(mirror) == ["single_turn/positive-edit/1"]
    assert [path.name for path in builds] == ["sft.jsonl", "sft.jsonl.gz"]


def test_a_mirror_without_the_rows_says_what_it_lacks(tmp_path: Path) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1)])
    with pytest.raises(
        MirrorError, match=r"has no jsonl/preference\.jsonl, nor jsonl/preference\.jsonl\.gz .*no preference rows"
    ):
        pb.load("preference", mirror=mirror)
    with pytest.raises(MirrorError, match="the folder does not exist"):
        pb.load(mirror=tmp_path / "nowhere")


def _count_rows(mirror: str, results: Any) -> None:
    dataset = pb.load(mirror=mirror)
    results.put((len(dataset), dataset[-1].id, dataset.counts("flag")))


def test_processes_that_build_at_once_all_get_the_rows(tmp_path: Path, store: Path) -> None:
    mirror = tmp_path / "mirror"
    make_mirror(mirror, rows=3000, preferences=0, sessions=0)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    workers = [context.Process(target=_count_rows, args=(str(mirror), results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = [results.get(timeout=240) for _ in workers]
    for worker in workers:
        worker.join()
    expected = pb.load(mirror=mirror)
    assert found == [(3000, expected[-1].id, expected.counts("flag"))] * 3
    assert sorted(path.suffix for path in _folder(store, mirror).iterdir()) == [".arrow", ".json", ".lock"]


SLOW_BUILD = """
import sys, time
import pico_banana as pb
from pico_banana.rows.building import rowfile
close = rowfile.RowFileWriter.close
def slow(self):
    places = close(self)
    sys.stdout.write("written\\n"); sys.stdout.flush()
    time.sleep(60)
    return places
rowfile.RowFileWriter.close = slow
pb.load(mirror=sys.argv[1])
"""


def test_a_build_that_is_killed_leaves_the_old_store_and_is_cleaned_up(tmp_path: Path, store: Path) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1), edit(2)])
    path = mirror / "jsonl" / "sft.jsonl"
    assert len(_ids(mirror)) == 2
    old, status = path.read_bytes(), path.stat()
    rows_file(mirror, [edit(3)], "jsonl/sft.jsonl")
    worker = subprocess.Popen(
        [sys.executable, "-c", SLOW_BUILD, str(mirror)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"written\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    folder = store / "mirrors" / resolve_mirror(mirror).name / "rows"
    assert len(list(folder.glob(".*.part"))) == 1
    path.write_bytes(old)  # the old rows are back, and their store is still there
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert len(_ids(mirror)) == 2
    gc.collect()  # whoever has a store open keeps its files
    rows_file(mirror, [edit(3)], "jsonl/sft.jsonl")
    assert _ids(mirror) == ["single_turn/positive-edit/3"]
    assert sorted(path.suffix for path in folder.iterdir()) == [".arrow", ".json", ".lock"]


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path, store: Path) -> None:
    path = rows_file(tmp_path, b"no gzip", "rows.jsonl.gz")
    with pytest.raises(RowError, match="damaged"):
        pb.load(rows=path)
    assert [entry.suffix for entry in (store / "rows").iterdir()] == [".lock"]


def test_a_store_that_cannot_be_made_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1)])
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(StoreError, match="file is a file; name a folder in its place") as caught:
        pb.load(mirror=mirror)
    assert str(tmp_path / "file" / "below") in caught.value.path


AS_NOBODY = """
import os, sys
import pico_banana as pb
home = os.environ["PICO_BANANA_HOME"]
os.environ["PICO_BANANA_HOME"] = sys.argv[2]
pb.load(mirror=sys.argv[1])  # whatever is imported later may not be readable to nobody
os.environ["PICO_BANANA_HOME"] = home
if os.geteuid() == 0:
    os.setuid(65534)  # nobody, because root may write anywhere
try:
    sys.stdout.write(str(len(pb.load(mirror=sys.argv[1]))))
except pb.PicoBananaError as error:
    sys.stdout.write(f"{type(error).__name__}: {error}")
"""


def test_a_read_only_store_can_be_read_and_not_built(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folder is closed to other users
        base = Path(name)
        base.chmod(0o755)
        mirror, home = mirror_of(base / "mirror", single_turn=[edit(1), edit(2)]), base / "store"

        def as_nobody() -> str:
            command = [sys.executable, "-c", AS_NOBODY, str(mirror), str(tmp_path / "another")]
            environment = os.environ | {"PYTHONPATH": str(ROOT), "PICO_BANANA_HOME": str(home)}
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout

        home.mkdir(mode=0o555)
        assert as_nobody().startswith(f"StoreError: cannot write {home}/mirrors/")
        home.chmod(0o755)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PICO_BANANA_HOME", str(home))
            assert len(pb.load(mirror=mirror)) == 2
        folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
        for folder in folders:
            folder.chmod(0o555)
        assert as_nobody() == "2"
        rows_file(mirror, [edit(1)], "jsonl/sft.jsonl")
        assert as_nobody().startswith("StoreError: cannot write ")
        for folder in folders:
            folder.chmod(0o755)


FULL_DISK = """
import resource, sys
import pico_banana as pb
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    pb.load(mirror=sys.argv[1])
except pb.PicoBananaError as error:
    sys.stdout.write(f"{type(error).__name__}: {error}")
"""


def test_a_write_that_fails_is_a_store_error(tmp_path: Path, store: Path) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(number) for number in range(500)])
    command = [sys.executable, "-c", FULL_DISK, str(mirror)]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("StoreError: cannot write "), done.stderr
    assert done.stdout.endswith("File too large")
    assert list(store.rglob("*.part")) == list(store.rglob("*.arrow")) == []
    assert hasattr(resource, "RLIMIT_FSIZE")


@pytest.mark.parametrize("batch", [1, 2, 8, 64])
@pytest.mark.parametrize("subset", list(pb.Subset))
def test_rows_in_many_batches_are_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, subset: str
) -> None:
    """Every way of reading, over batches of a few rows, against the rows in one batch."""
    mirror = mirror_of(
        tmp_path / "mirror",
        single_turn=[
            edit(n, summarized_text=None if n % 3 else "x", local_input_image="a" if n > 40 else None)
            for n in range(67)
        ],
        preference=[pair(n, rejected_images=[f"images/r/{n}-{m}.png" for m in range(n % 4)]) for n in range(67)],
        multi_turn=[session(n, turns=1 + n % 6) for n in range(67)],
    )
    whole = pb.load(subset, mirror=mirror)
    records, table = list(whole), whole.to_arrow()
    monkeypatch.setattr(rowfile, "BATCH_ROWS", batch)
    monkeypatch.setattr(build, "BATCH_ROWS", batch)
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / "another"))
    dataset = pb.load(subset, mirror=mirror)
    assert dataset.table.batches == -(-67 // batch)
    assert list(dataset) == [dataset[place] for place in range(67)] == records
    assert dataset.to_arrow().equals(table)
    some = [66, 0, 33, 33, -1]
    assert list(dataset[some]) == [records[place] for place in some]
    assert dataset[some].to_arrow() == table.take([66, 0, 33, 33, 66])
    assert dataset[records[40].id] == records[40]
    for by in ("flag", "turns", "inferred_edit_type") if subset == "multi_turn" else ("flag", "edit_type", "category"):
        assert dataset.counts(by) == whole.counts(by)
        assert dataset[some].counts(by) == whole[some].counts(by)
    assert (
        dataset.select(split="test_50_50", contains="1", shuffle=3).ids
        == whole.select(split="test_50_50", contains="1", shuffle=3).ids
    )


@pytest.mark.parametrize("subset", list(pb.Subset))
def test_a_long_dataset_streams_the_same_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subset: str) -> None:
    from pico_banana.rows.table import reading

    mirror = tmp_path / "mirror"
    make_mirror(mirror, rows=500, preferences=300, sessions=300)
    dataset = pb.load(subset, mirror=mirror)
    one_by_one = [dataset[place] for place in range(len(dataset))]
    monkeypatch.setattr(reading, "STREAM_FROM_ROWS", 10)
    monkeypatch.setattr(reading, "_STREAM_ROWS", 32)
    assert list(dataset) == one_by_one
    assert list(dataset[5:200]) == one_by_one[5:200]
    assert list(dataset[::-1]) == one_by_one[::-1]
    mixed = [*range(40), *range(100, 60, -1), 7, *range(200, 280)]
    assert list(dataset[mixed]) == [one_by_one[place] for place in mixed]


def test_rows_are_taken_without_joining_all_chunks() -> None:
    """Arrow's own `take` joins them, and fails where the texts of all rows are more than 2 GB; here they share 1 GB."""
    import pyarrow as pa

    from pico_banana.rows.table.stored import take_rows

    bounds = pa.py_buffer(np.arange(0, 5 << 28, 1 << 28, dtype=np.int32).tobytes())
    zeros = pa.py_buffer(mmap.mmap(-1, 1 << 30))  # pages that nobody touches take no memory
    chunk = pa.Array.from_buffers(pa.string(), 4, [None, bounds, zeros]).slice(0, 3)
    numbers = [pa.array(range(first, first + 3)) for first in (0, 3, 6)]
    table = pa.table({"text": pa.chunked_array([chunk] * 3), "number": pa.chunked_array(numbers)})
    with pytest.raises(pa.ArrowInvalid, match="overflow"):
        table.take([7])
    assert take_rows(table, np.array([], np.int64)).num_rows == 0
    assert take_rows(table, np.array([2, 3, 4]))["number"].to_pylist() == [2, 3, 4]


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
def test_rows_are_taken_in_any_order(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    import pyarrow as pa

    from pico_banana.rows.table import stored

    monkeypatch.setattr(stored, "PIECE_ROWS", piece)
    table = pa.table({"number": pa.chunked_array([pa.array(range(first, first + 4)) for first in (0, 4, 8)])})
    for rows in ([0], [11, 0], [3, 4], [5, 5, 1, 5], list(range(12)), list(range(11, -1, -1)), [], [2, 9, 4, 0, 11, 7]):
        assert stored.take_rows(table, np.array(rows, np.int64))["number"].to_pylist() == rows


def test_the_raw_store_is_an_ordinary_arrow_file(tmp_path: Path) -> None:
    import pyarrow as pa

    dataset = pb.load(mirror=mirror_of(tmp_path, single_turn=lines([edit(1), edit(2)])))
    table = pa.ipc.open_file(dataset.table.path).read_all()
    table.validate(full=True)
    assert table.num_rows == 2


def test_progress_goes_to_stderr_and_only_when_asked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mirror = mirror_of(tmp_path, single_turn=[edit(1)])
    pb.load(mirror=mirror)
    rows_file(mirror, [edit(2)], "jsonl/sft.jsonl")
    assert capfd.readouterr() == ("", "")
    pb.load(mirror=mirror, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "reading sft.jsonl: 100%" in err
