"""The builder's file as a loading script: it runs on `datasets` 3, and later releases refuse it without harm."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

import pico_banana as pb

SCRIPT = Path(pb.__file__).parents[1] / "builders" / "pico_banana_400k.py"
RUNS_SCRIPTS = int(datasets.__version__.split(".")[0]) < 4
LOAD = """
from datasets import Image, load_dataset
kwargs = {"trust_remote_code": True} if TRUST else {}
try:
    rows = load_dataset(WHERE, "single_turn", split="train", mirror=MIRROR, **kwargs)
    told = [len(rows), rows[0]["id"], rows[0]["edited_image"].size]
except RuntimeError as error:
    told = str(error)
print(json.dumps(told))
"""


@pytest.fixture
def script():
    if not SCRIPT.is_file():
        pytest.skip("the builder's source lies beside the package only in a checkout")
    return SCRIPT


def ask(client, where, mirror, *, trust=True):
    return client(f"WHERE, MIRROR, TRUST = {str(where)!r}, {str(mirror)!r}, {trust}\n{LOAD}")


@pytest.mark.parametrize("form", ["file", "folder", "hub"])
def test_the_script_runs_where_scripts_run_and_is_refused_elsewhere(
    script, form, client, hub, put_folder, synthetic, tmp_path
):
    folder = tmp_path / "pico_banana_400k"
    folder.mkdir()
    (folder / script.name).write_bytes(script.read_bytes())
    where = folder / script.name if form == "file" else folder
    if form == "hub":
        (folder / "demo.py").write_bytes(script.read_bytes())
        put_folder(folder)
        where = "rehearsal/demo"
    told = ask(client, where, synthetic)
    if RUNS_SCRIPTS:
        record = pb.load("single_turn", mirror=synthetic)[0]
        assert told == [70, record.id, list(record.edited.image().size)]
    else:
        assert "scripts are no longer supported" in told


def test_a_publication_holds_no_script_that_would_stop_later_releases(publish, tmp_path):
    publish(tmp_path / "repo")
    assert not list((tmp_path / "repo").rglob("*.py"))
