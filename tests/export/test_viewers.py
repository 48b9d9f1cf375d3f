"""Viewers of others show our rows: the real packages where the matrix has them, else the rules of their files."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.sharing.export.choices import accepted_first
from pico_banana.sharing.export.label_studio import read_choices
from pico_banana.sharing.viewers.fiftyone import samples_of
from pico_banana.sharing.viewers.local import local_edits


@pytest.fixture
def choices():
    return pb.load("preference", mirror="sample")[:6]


@pytest.fixture
def rows():
    return pb.load("single_turn", mirror="sample")[:4]


def annotated(tasks: list[dict], picks: list[list[str]]) -> list[dict]:
    """Give a project's export with these answers for each task, in the shape of Label Studio's JSON export."""
    return [
        {
            **task,
            "annotations": [
                {
                    "was_cancelled": False,
                    "result": [
                        {
                            "type": "pairwise",
                            "from_name": "better",
                            "to_name": "left,right",
                            "value": {"selected": pick},
                        }
                    ],
                }
                for pick in found
            ],
        }
        for task, found in zip(tasks, picks, strict=True)
    ]


def test_pairs_go_to_label_studio_and_come_back(choices, tmp_path, capsys):
    report = choices.export("label-studio", tmp_path / "pairs")
    tasks = json.loads((tmp_path / "pairs" / "tasks.json").read_text())
    assert report.written == len(tasks) == sum(len(row.rejected) for row in choices)
    for task in tasks:
        for side in ("source", "left", "right"):
            assert (tmp_path / task["data"][side].removeprefix("/data/local-files/?d=")).is_file()
        first = ".edited." in task["data"]["left"]
        assert first == accepted_first(task["data"]["id"])
    assert 0 < sum(".edited." in task["data"]["left"] for task in tasks) < len(tasks)
    right = ["left" if accepted_first(task["data"]["id"]) else "right" for task in tasks]
    wrong = ["right" if side == "left" else "left" for side in right]
    picks = [[right[0], right[0]], [right[1], wrong[1]], [wrong[2], "none"], *([side] for side in right[3:])]
    (tmp_path / "export.json").write_text(json.dumps(annotated(tasks, picks)))
    assert main(["choices", str(tmp_path / "export.json"), str(tmp_path / "choices.parquet"), "--json"]) == 0
    votes = len(tasks) + 3
    assert json.loads(capsys.readouterr().out)["votes"] == votes
    found = pq.read_table(tmp_path / "choices.parquet").to_pylist()
    assert [row["id"] for row in found] == [task["data"]["id"] for task in tasks]
    assert [row["agrees"] for row in found[:4]] == [1.0, 0.5, 0.25, 1.0]
    assert sum(row["chosen_votes"] for row in found) == votes - 3


def test_a_file_that_is_no_export_of_label_studio_is_refused(tmp_path):
    (tmp_path / "odd.json").write_text('[{"data": {}}]')
    with pytest.raises(ConfigError, match="is no JSON export of a Label Studio project"):
        read_choices(tmp_path / "odd.json")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its SDK's use of pydantic
def test_label_studio_takes_the_interface_and_the_tasks(choices, tmp_path):
    interface = pytest.importorskip("label_studio_sdk.label_interface").LabelInterface
    choices.export("label-studio", tmp_path / "pairs")
    config = interface((tmp_path / "pairs" / "config.xml").read_text())
    assert config.validate() is None
    tasks = json.loads((tmp_path / "pairs" / "tasks.json").read_text())
    for task in tasks:
        assert config.validate_task(task)
    results = [config.get_control("better").label(side)._dict() for side in ("left", "right")]
    answers = [{"was_cancelled": False, "result": [result]} for result in results]
    (tmp_path / "export.json").write_text(json.dumps([{**tasks[0], "annotations": answers}]))
    assert read_choices(tmp_path / "export.json").to_pylist() == [
        {"id": tasks[0]["data"]["id"], "votes": 2, "chosen_votes": 1, "agrees": 0.5}
    ]


def test_fiftyone_gets_groups_of_source_edited_and_rejected(choices):
    pytest.importorskip("fiftyone")
    samples = samples_of(local_edits(choices))
    by_row = {row.id: [sample for sample in samples if sample.row == row.id] for row in choices}
    for row in choices:
        here = by_row[row.id]
        assert len({sample.edit.id for sample in here}) == 1
        slices = {sample.edit.name: Path(sample.filepath).read_bytes() for sample in here}
        rejected = {f"rejected{n}": picture.bytes() for n, picture in enumerate(row.rejected)}
        assert slices == {"source": row.source.bytes(), "edited": row.chosen.bytes(), **rejected}
        assert {sample.edit_type.label for sample in here} == {str(row.edit_type)}
        assert {sample.instruction for sample in here} == {row.instruction}


def test_fiftyone_keeps_the_groups_in_its_database(choices, tmp_path):
    fiftyone = pytest.importorskip("fiftyone")
    from fiftyone.core.service import DatabaseService, ServiceExecutableNotFound

    try:
        DatabaseService.find_mongod()
    except ServiceExecutableNotFound:
        pytest.skip("FiftyOne has no mongod here: its package downloads one")
    fiftyone.config.database_dir = str(tmp_path / "mongo")
    dataset = choices.to_fiftyone("pico_banana_test")
    try:
        assert dataset.media_type == "group"
        assert {"source", "edited", "rejected0"} <= set(dataset.group_slices)
        assert dataset.info["failed"] == {}
        assert len(dataset) == len(choices)
    finally:
        dataset.delete()


def test_spotlight_shows_a_table_with_pictures(choices):
    pytest.importorskip("renumics.spotlight")
    viewer = choices.to_spotlight(browser=False)
    try:
        frame = viewer.df
        assert list(frame["id"]) == choices.ids
        assert frame["problem"].isna().all()
        with urllib.request.urlopen(f"{viewer.url}api/table/") as answer:
            table = json.load(answer)
        kinds = {column["name"]: column["dtype"]["name"] for column in table["columns"]}
        assert [kinds[name] for name in ("source", "edited", "rejected0")] == ["Image"] * 3
    finally:
        viewer.close()


def test_embedding_atlas_parquet_has_texts_and_pictures(rows, tmp_path):
    rows.export("embedding-atlas", tmp_path / "atlas")
    (file,) = (tmp_path / "atlas" / "data").glob("*.parquet")
    found = pq.read_table(file).to_pylist()
    assert [row["id"] for row in found] == rows.ids
    assert [row["category"] for row in found] == [str(row.category) for row in rows]
    assert all(row["edited"]["bytes"] == record.edited.bytes() for row, record in zip(found, rows, strict=True))


def test_embedding_atlas_makes_its_application_of_our_parquet(rows, tmp_path):
    """The map itself needs a model, which no test loads."""
    pytest.importorskip("embedding_atlas")
    rows.export("embedding-atlas", tmp_path / "atlas", geometry="fit", size=64)
    (file,) = (tmp_path / "atlas" / "data").glob("*.parquet")
    words = [file, "--disable-projection", "--text", "instruction", "--image", "edited"]
    program = [sys.executable, "-c", "from embedding_atlas.cli import main; main()", *words]
    subprocess.run([*program, "--export-application", tmp_path / "app.zip"], check=True, capture_output=True)
    with ZipFile(tmp_path / "app.zip") as app:
        (name,) = [name for name in app.namelist() if name.endswith(".parquet")]
        found = pq.read_table(BytesIO(app.read(name))).to_pylist()
    assert [row["id"] for row in found] == rows.ids
    assert [row["instruction"] for row in found] == [row.instruction for row in rows]
    assert all(row["edited"]["bytes"].startswith(b"\x89PNG") for row in found)


def test_a_gradio_space_has_what_the_hub_wants(rows, tmp_path):
    import yaml

    rows.export("gradio-space", tmp_path / "space")
    head = yaml.safe_load((tmp_path / "space" / "README.md").read_text("utf-8").split("---")[1])
    assert (head["sdk"], head["app_file"]) == ("gradio", "app.py")
    assert "CC BY-NC-ND 4.0" in (tmp_path / "space" / "README.md").read_text("utf-8")
    lines = (tmp_path / "space" / "rows.jsonl").read_text().splitlines()
    for line, row in zip(map(json.loads, lines), rows, strict=True):
        assert (tmp_path / "space" / line["edited"]).read_bytes() == row.edited.bytes()
    compile((tmp_path / "space" / "app.py").read_text("utf-8"), "app.py", "exec")


ASK = """
import json, pathlib, runpy, sys
from gradio_client import Client

demo = runpy.run_path(sys.argv[1] + "/app.py")["demo"]
_, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, allowed_paths=[sys.argv[1]])
client = Client(url, verbose=False)
asked = [("all", "", 1), ("all", "words that nothing has", 0)]
answers = [client.predict(*words, api_name="/show") for words in asked]
pathlib.Path(sys.argv[2]).write_text(json.dumps(answers))
demo.close()
"""


def test_the_gradio_app_answers(rows, tmp_path):
    """In a process of its own: Gradio leaves loops and sockets open."""
    pytest.importorskip("gradio")
    rows.export("gradio-space", tmp_path / "space")
    program = [sys.executable, "-c", ASK, str(tmp_path / "space"), str(tmp_path / "answers.json")]
    subprocess.run(program, check=True, capture_output=True)
    (pictures, text), (_, nothing) = json.loads((tmp_path / "answers.json").read_text())
    assert rows[1].id in text
    assert Path(pictures[1]).read_bytes()
    assert nothing == "No edit fits."
