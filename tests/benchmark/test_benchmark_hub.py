"""Files for the Hub, read by the Hub's own client, and the items for other harnesses."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

import pico_banana as pb
from pico_banana import benchmark
from pico_banana.benchmark.reports.hub import write_hub
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from tests.benchmark.test_benchmark_numbers import results_of


@pytest.fixture(scope="module")
def report():
    return benchmark.report(
        results_of("good", [0.9, 0.9, 0.5, None] * 10), results_of("bad", [0.4, 0.9, 0.6, 0.1] * 10)
    )


def test_results_are_read_by_the_hub_s_own_parser_and_come_back_the_same(report, tmp_path):
    hub = pytest.importorskip("huggingface_hub", minversion="1.5")  # earlier ones know no such files
    write_hub(report, tmp_path, dataset="me/bench")
    for one in report.editors:
        path = tmp_path / one.name / ".eval_results" / "pico-banana-benchmark.yaml"
        document = yaml.safe_load(path.read_text("utf-8"))
        entries = hub.parse_eval_result_entries(document)
        assert hub.eval_result_entries_to_yaml(entries) == document  # no key that the client does not know
        assert [(entry.dataset_id, entry.task_id) for entry in entries] == [
            ("me/bench", "success"),
            ("me/bench", "score"),
        ]
        assert [entry.value for entry in entries] == [one.whole.success.value, one.whole.score.value]
        assert entries[0].date == "2026-11-28"
        assert f"{one.whole.missing} of 40 missing" in entries[0].notes


def test_the_dataset_s_side_names_the_tasks_that_results_refer_to(report, tmp_path):
    write_hub(report, tmp_path, dataset="me/bench")
    told = yaml.safe_load((tmp_path / "eval.yaml").read_text("utf-8"))
    assert set(told) == {"name", "description", "evaluation_framework", "tasks"}  # as docs/hub/eval-results has them
    assert [set(task) for task in told["tasks"]] == [{"id", "config", "split"}] * 2
    assert {task["id"] for task in told["tasks"]} == {"success", "score"}
    with pytest.raises(ConfigError, match="owner/name"):
        write_hub(report, tmp_path, dataset="bench")


def test_items_are_exported_with_their_photos_and_two_configurations(definition, tmp_path, capsys):
    out = tmp_path / "items"
    words = ["benchmark", "export", str(out), "--mirror", "sample", "--size", "mini", "--limit", "5", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(out), "items": 5, "left_out": {}}
    records = pb.load("single_turn", mirror="sample", ids=definition.single_turn[:5])
    by_id = {record.id: record for record in records}
    rows = pq.read_table(out / "data" / "train-00000-of-00001.parquet").to_pylist()
    assert [row["key"] for row in rows] == list(definition.single_turn[:5])
    for row in rows:
        record = by_id[row["key"]]
        assert (row["instruction"], row["task_type"]) == (record.instruction, str(record.edit_type))
        assert row["input_image"]["bytes"].startswith(b"\x89PNG")
    task = yaml.safe_load((out / "evalscope.yaml").read_text())
    assert set(task["dataset_args"]["gedit"]["subset_list"]) == {row["task_type"] for row in rows}
    loaded = pb_datasets(out)
    assert loaded[0]["key"] == rows[0]["key"]
    assert isinstance(loaded[0]["input_image"], Image.Image)


def pb_datasets(folder):
    import datasets

    return datasets.load_dataset(str(folder), split="train", cache_dir=str(folder / "cache"))
