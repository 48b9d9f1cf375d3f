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
try:
    rows = load_dataset(WHERE, "single_turn", split="train", mirror=MIRROR, trust_remote_code=True)
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


def test_the_script_runs_from_the_hub_where_scripts_run_and_is_refused_elsewhere(
    script, client, put_folder, synthetic, tmp_path
):
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "demo.py").write_bytes(script.read_bytes())
    put_folder(folder)
    told = client(f"WHERE, MIRROR = 'rehearsal/demo', {str(synthetic)!r}\n{LOAD}")
    if RUNS_SCRIPTS:
        record = pb.load("single_turn", mirror=synthetic)[0]
        assert told == [70, record.id, list(record.edited.image().size)]
    else:
        assert "scripts are no longer supported" in told


def test_a_publication_holds_no_script_that_would_stop_later_releases(publish, tmp_path):
    publish(tmp_path / "repo")
    assert not list((tmp_path / "repo").rglob("*.py"))
