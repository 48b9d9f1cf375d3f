"""Fixtures of the regeneration tests: drawn photos, and the rehearsal server the real SDKs talk to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.settings.config import Config, config_from
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer

if TYPE_CHECKING:
    from pathlib import Path

Serve = Callable[..., ModelServer]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GEMINI_API_KEY", "not-a-real-key")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start rehearsal servers with the faults a test asks for."""
    with ExitStack() as stack:

        def start(*, seed: int = 0, rates: dict[str, float] | None = None, **faults: float) -> ModelServer:
            mind = Mind(rates=rates or {}, faults=ModelFaults(**faults), seed=seed)
            return stack.enter_context(ModelServer(mind))

        yield start


def gemini_config(server: ModelServer, photos: Path, **tables: Any) -> Config:
    """Give a configuration whose four stages are Gemini models at a rehearsal server."""
    return config_from(gemini_document(server, photos, **tables))


def gemini_document(server: ModelServer, photos: Path, **tables: Any) -> dict[str, Any]:
    """Give the same as plain tables."""
    model = {"backend": "gemini", "base_url": server.gemini_url, "concurrency": 16, "timeout_s": 20.0}
    stages = {
        "writer": {**model, "model": "gemini-2.5-flash"},
        "shortener": {**model, "model": "gemini-2.5-flash"},
        "editor": {**model, "model": "gemini-2.5-flash-image"},
        "judge": {**model, "model": "gemini-2.5-pro"},
    }
    run = {"items_in_flight": 16, "tries": 10, "max_wait_s": 0.2, **tables.pop("run", {})}
    for name, changes in tables.items():
        if isinstance(changes, dict) and name in stages:
            stages[name] = {**stages[name], **changes}
    rest = {name: value for name, value in tables.items() if name not in stages}
    return {"seed": 5, "source": {"folder": str(photos)}, **stages, "run": run, **rest}


def wait_for_calls(server: ModelServer, more: int) -> None:
    """Wait until the server has answered some more calls: a kill then comes in the middle of work."""
    goal, deadline = server.paid.total() + more, time.monotonic() + 60
    while server.paid.total() < goal and time.monotonic() < deadline:
        time.sleep(0.005)


def lost_in_flight(folder: Path) -> int:
    """Count the calls that were in flight when a process died."""
    with open_ledger(folder) as ledger:
        return int(ledger.database.execute("SELECT count(*) FROM opened").fetchone()[0])
