"""A small mirror with every trap and every picture, made once for all tests of publishing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import pico_banana as pb
from pico_banana.records import Subset
from pico_banana.rehearsal.hub import RehearsalHub
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.sharing.hub.licence import Origin, agreed_terms, changes_of
from pico_banana.sharing.hub.manifest import visible_files
from pico_banana.sharing.hub.repository import Publication, build_repository
from pico_banana.sharing.parquet.writing import Limits


@pytest.fixture
def store(tmp_path_factory, monkeypatch):
    """A store beside `tmp_path`, which may be published into: a publication shares its folder with nothing."""
    home = tmp_path_factory.mktemp("home") / "store"
    monkeypatch.setenv("PICO_BANANA_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory):
    """Give the root of a synthetic mirror: 70 single-turn rows, 15 preferences, 20 sessions."""
    folder = tmp_path_factory.mktemp("synthetic")
    make_mirror(folder, rows=70, preferences=15, sessions=20, pictures=True, size=(48, 36))
    return folder


@pytest.fixture
def hub(tmp_path):
    with RehearsalHub(tmp_path / "hub", page_size=3, part_bytes=100_000) as server:
        yield server


@pytest.fixture
def client(hub, tmp_path):
    """Run a script with the real clients pointed at the rehearsal Hub; give what it printed last, as JSON."""

    def run(script: str, **variables: str):
        environment = {**os.environ, **hub.environment(tmp_path / "hf"), **variables}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", "import json\n" + script],
            env=environment,
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


SMALL = Limits(group_bytes=20_000, group_rows=7, shard_bytes=60_000)


@pytest.fixture
def publish(synthetic):
    """Write a repository's folder from the synthetic mirror, cut small, and give what was written."""

    def run(folder, *subsets, select=None, permission=False, **options):
        chosen = subsets or tuple(subset.value for subset in Subset)
        datasets = tuple(pb.load(subset, mirror=synthetic, **(select or {})) for subset in chosen)
        terms = agreed_terms(Origin.RELEASE, changes_of(datasets), permission=permission)
        limits = {Subset(subset): SMALL for subset in chosen if subset != "instructions"}
        return build_repository(Publication(datasets, terms, **options), folder, limits=limits)

    return run


@pytest.fixture
def put_folder(hub):
    """Commit a folder's visible files to `rehearsal/demo` without a client."""

    def run(folder):
        if hub.repos.find("rehearsal/demo") is None:
            hub.repos.create("rehearsal/demo", private=False)
        operations = [
            {"key": "lfsFile", "value": {"path": path, "oid": hub.repos.put((folder / path).read_bytes())}}
            for path in visible_files(folder)
        ]
        return hub.repos.commit("rehearsal/demo", operations, title="put")

    return run
