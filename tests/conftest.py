"""What every test runs in: a store of its own, no Hub, and no network but this machine."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

# `datasets` and `huggingface_hub` read these when they are imported, so they are set before any test module is.
_CACHE = tempfile.mkdtemp(prefix="pico-banana-tests-")
os.environ["HF_HOME"] = _CACHE
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ.pop("PICO_BANANA_MIRROR", None)

# Files that take longest, longest first: what is begun last should be short, or one worker ends long after the others.
LONGEST = (
    "test_pages.py",
    "test_regenerate_kill.py",
    "test_regenerate_run.py",
    "test_regenerate_batches.py",
    "test_regenerate_procedural.py",
    "test_one_publication.py",
    "test_publishing.py",
    "test_published_mirror.py",
    "test_uploading.py",
    "test_uploading_safely.py",
    "test_regenerate_wrong_edits.py",
    "test_typing.py",
    "test_in_chromium.py",
    "test_browse_in_chromium.py",
    "test_benchmark_run.py",
)

_connect = socket.socket.connect


def _only_this_machine(self: socket.socket, address: object) -> None:
    if isinstance(address, tuple) and not str(address[0]).startswith("127.") and address[0] not in {"::1", "localhost"}:
        message = f"a test tried to reach {address}; tests talk to servers on 127.0.0.1 only"
        raise RuntimeError(message)
    _connect(self, address)  # type: ignore[arg-type]


socket.socket.connect = _only_this_machine  # type: ignore[method-assign]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; all else stays in its order."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the test's own."""
    home = tmp_path / "store"
    monkeypatch.setenv("PICO_BANANA_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def real_rows() -> Path:
    """The folder of a few rows of the published data, which are not part of the project."""
    named = os.environ.get("PICO_BANANA_REAL_ROWS")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "real_rows"
    if not folder.is_dir():
        pytest.skip("the published rows are not here; PICO_BANANA_REAL_ROWS can name their folder")
    return folder
