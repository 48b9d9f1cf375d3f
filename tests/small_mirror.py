"""A mirror of small pictures, made once, and the subsets loaded from it."""

from __future__ import annotations

import pytest

import pico_banana as pb
from pico_banana.rehearsal.making.make import make_mirror


@pytest.fixture(scope="session")
def mirror_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("mirror")
    make_mirror(root, rows=24, preferences=8, sessions=6, pictures=True, size=(64, 48), traps=False)
    return root


@pytest.fixture(autouse=True)
def home_elsewhere(tmp_path_factory, monkeypatch):
    """A store outside `tmp_path`, which these tests expect to hold only what they make."""
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def singles(mirror_root):
    return pb.load("single_turn", mirror=str(mirror_root))


@pytest.fixture
def preferences(mirror_root):
    return pb.load("preference", mirror=str(mirror_root))


@pytest.fixture
def sessions(mirror_root):
    return pb.load("multi_turn", mirror=str(mirror_root))
