"""The file of marks and its journal: what is on the disk when, whoever was killed, and what readers make of it."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pico_banana.errors import ConfigError
from pico_banana.rows.journal import Change, Journal
from pico_banana.rows.sidecar import read_annotations
from pico_banana.sharing.browse import Marks

if TYPE_CHECKING:
    from pathlib import Path

MARKER = """
import sys
from pico_banana.sharing.browse import Marks
marks = Marks(sys.argv[1], who=sys.argv[2])
for row in range(12):
    marks.change(f"{sys.argv[2]}/{row}", {"score": 1 + row % 5})
    marks.change("both", {"mark": "keep"} if sys.argv[2] == "ann" else {"score": 3})
marks.close()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "marks.parquet"


@pytest.fixture
def journal(file: Path) -> Path:
    return file.with_name(".marks.parquet.journal")


def killed(file: Path) -> Marks:
    """Leave what a process leaves that was killed after three marks: the file has the first of them."""
    marks = Marks(file, who="ann")
    marks.change("a/1", {"mark": "keep"})
    marks._kept._put_in_later = lambda: None  # it is dead by then
    marks.change("a/2", {"mark": "drop", "note": "dark"})
    marks.change("a/1", {"score": 2})
    return marks


def said(table: pa.Table) -> dict[str, tuple[object, ...]]:
    return {row["id"]: (row["mark"], row["score"], row["note"]) for row in table.to_pylist()}


THREE = {"a/1": ("keep", 2, None), "a/2": ("drop", None, "dark")}


def test_a_mark_is_in_the_file_soon(file: Path, journal: Path):
    marks = Marks(file, who="ann")
    marks.change("a/1", {"mark": "keep"})
    assert said(pq.read_table(file)) == {"a/1": ("keep", None, None)}
    marks.change("a/1", {"mark": None})
    marks.change("a/2", {"score": 4})
    assert len(journal.read_bytes().splitlines()) == 2
    for _ in range(200):
        if not journal.exists():
            break
        time.sleep(0.05)
    table = pq.read_table(file)
    assert said(table) == {"a/2": (None, 4, None)}
    assert table.schema.field("marked_at").type == pa.timestamp("us", tz="UTC")


def test_readers_have_what_a_killed_process_did_not_put_in(file: Path, journal: Path):
    killed(file)
    assert said(pq.read_table(file)) == {"a/1": ("keep", None, None)}
    assert said(read_annotations(file)) == THREE
    again = Marks(file, who="bea")
    assert again.of(["a/1", "a/3"])["a/1"].marked_by == "ann"
    again.change("a/1", {"mark": None})
    again.close()
    assert said(pq.read_table(file)) == {**THREE, "a/1": (None, 2, None)}
    assert not journal.exists()


def test_lines_that_the_file_has_count_once(file: Path, journal: Path, tmp_path: Path):
    marks = killed(file)
    shutil.copy(journal, tmp_path / "kept")
    marks.close()
    marks.change("a/2", {"mark": "keep"})
    marks.close()
    shutil.copy(tmp_path / "kept", journal)  # as where somebody was killed before it was removed, or a reader was slow
    assert said(read_annotations(file)) == {**THREE, "a/2": ("keep", None, "dark")}
    marks.change("a/3", {"score": 1})
    assert said(read_annotations(file)) == {**THREE, "a/2": ("keep", None, "dark"), "a/3": (None, 1, None)}


def test_half_a_line_is_nobodys(file: Path, journal: Path):
    killed(file)
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-20])
    assert said(read_annotations(file)) == {**THREE, "a/1": ("keep", None, None)}
    Marks(file, who="bea").change("a/4", {"mark": "drop"})
    lines = journal.read_bytes().splitlines()
    assert lines[0] == whole.splitlines()[0]
    assert len(lines) == 2
    assert said(read_annotations(file))["a/4"] == ("drop", None, None)


def test_a_journal_that_is_none_of_ours_is_said(file: Path, journal: Path):
    killed(file)
    journal.write_bytes(journal.read_bytes() + b"[3]\n")
    with pytest.raises(ConfigError, match=r"\.marks\.parquet\.journal:3: is no change"):
        read_annotations(file)
    with pytest.raises(ConfigError, match="remove this line"):
        Marks(file)
    journal.unlink()
    Journal(file).add(Change(9, "a/1", {"beauty": 3}))
    with pytest.raises(ConfigError, match=r"other columns \(beauty\)"):
        read_annotations(file)


def test_files_that_others_wrote_again_are_gone_on_with(file: Path):
    killed(file).close()
    frame = pq.read_table(file).to_pandas()
    pq.write_table(pa.Table.from_pandas(frame[frame["id"] == "a/2"], preserve_index=False), file)
    marks = Marks(file, who="ann")
    marks.change("a/5", {"score": 5})
    marks.close()
    assert said(pq.read_table(file)) == {"a/2": THREE["a/2"], "a/5": (None, 5, None)}
    file.unlink()
    marks.change("a/6", {"score": 1})
    assert said(pq.read_table(file)) == {"a/6": (None, 1, None)}


def test_marks_that_cannot_be_kept_are_as_they_were(file: Path, journal: Path):
    marks = Marks(file, who="ann")
    marks.change("a/1", {"mark": "keep"})
    journal.symlink_to(file.with_name("elsewhere"))  # never reached through a link
    with pytest.raises(OSError, match=r"cannot write .*\.journal"):
        marks.change("a/1", {"mark": "drop"})
    assert marks.of(["a/1"])["a/1"].mark == "keep"
    assert said(read_annotations(file)) == {"a/1": ("keep", None, None)}


def test_two_processes_lose_nothing(file: Path, journal: Path):
    running = [subprocess.Popen([sys.executable, "-c", MARKER, str(file), who]) for who in ("ann", "bea")]
    assert [process.wait(60) for process in running] == [0, 0]
    found = said(pq.read_table(file))
    expected = {f"{who}/{row}": (None, 1 + row % 5, None) for who in ("ann", "bea") for row in range(12)}
    assert found == {**expected, "both": ("keep", 3, None)}
    assert not journal.exists()


def test_a_file_that_is_replaced_meanwhile_is_read_whole(file: Path):
    """One name, one file after another: a reader sees one of them, never the end of one and the rows of the next."""
    kinds = [pa.table({"id": [f"{place}" * 40 for place in range(rows)]}) for rows in (1, 3000)]
    stop = threading.Event()

    def replace() -> None:
        for place in itertools.count():
            if stop.is_set():
                return
            pq.write_table(kinds[place % 2], temporary := file.with_suffix(".new"))
            temporary.replace(file)

    pq.write_table(kinds[0], file)
    writer = threading.Thread(target=replace)
    writer.start()
    try:
        lengths = [len(read_annotations(file)) for _ in range(400)]
    finally:
        stop.set()
        writer.join()
    assert set(lengths) == {1, 3000}
