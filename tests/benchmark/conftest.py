"""What the tests of the benchmark share: a key for rehearsed services, a small definition, names of models."""

from __future__ import annotations

import json

import pytest

from pico_banana import benchmark
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.packing import unpack


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-rehearsal")


@pytest.fixture(scope="session")
def definition():
    return benchmark.make(mirror="sample", size="mini")


def asked(server, *, editor="painter", judge="critic"):
    return {"editor": f"openai:{editor}@{server.openai_url}", "judge": f"openai:{judge}@{server.openai_url}"}


def pictures_shown(folder, calls):
    """Give the hashes of the pictures that some calls showed, call by call in order."""
    statement = "SELECT packed, sample FROM calls JOIN makers ON makers.id = calls.maker WHERE opened = ?"
    with open_ledger(folder) as ledger:
        rows = [ledger.database.execute(statement, (call,)).fetchone() for call in calls]
    return [json.loads(unpack(packed, sample).inputs)["pictures"] for packed, sample in rows]
