"""What killed processes leave behind is removed; what others are still writing is not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import atomic_path, remove_leftovers

if TYPE_CHECKING:
    from pathlib import Path

KILLED = """
import os, signal, sys
from pathlib import Path
from pico_banana.mirrors.store import atomic_path

with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    final = tmp_path / "deep" / "one.bin"
    subprocess.run([sys.executable, "-c", KILLED, str(final)], check=False)
    assert [path.suffix for path in final.parent.iterdir()] == [".part"]
    assert remove_leftovers(tmp_path) == 1
    assert list(final.parent.iterdir()) == []


def test_files_that_somebody_writes_or_owns_stay(tmp_path: Path) -> None:
    (tmp_path / ".mine.part").write_bytes(b"a user's")
    (tmp_path / f".two.bin.{'0' * 8}-{os.getpid() + 1}.x.part").write_bytes(b"of another machine")
    with atomic_path(tmp_path / "one.bin") as temporary:
        temporary.write_bytes(b"half")
        assert remove_leftovers(tmp_path) == 0
        assert temporary.exists()
    assert (tmp_path / "one.bin").read_bytes() == b"half"
    assert remove_leftovers(tmp_path / "absent") == 0
