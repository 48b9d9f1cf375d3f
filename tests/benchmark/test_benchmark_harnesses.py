"""lmms-eval and evalscope load and score what `benchmark export` writes; each runs in its cell of `.ci/matrix`."""

from __future__ import annotations

import json
import runpy

import pytest
import yaml

from pico_banana import benchmark
from pico_banana.rehearsal.models import ModelServer

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs


@pytest.fixture(scope="module")
def items(definition, tmp_path_factory):
    return benchmark.export(definition, tmp_path_factory.mktemp("items"), mirror="sample", limit=4)


def rows_of(items):
    import pyarrow.parquet as pq

    return pq.read_table(items.folder / "data").to_pylist()


def test_lmms_eval_loads_the_items_and_scores_them(items, tmp_path, monkeypatch):
    tasks = pytest.importorskip("lmms_eval.tasks")
    with ModelServer() as server:
        monkeypatch.setenv("VIESCORE_API_BASE", server.openai_url)
        monkeypatch.setenv("VIESCORE_API_KEY", "rehearsed")
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        manager = tasks.TaskManager(include_path=str(items.folder / "lmms_eval"))
        task = tasks.get_task_dict(["pico_banana_benchmark"], manager)["pico_banana_benchmark"]
        docs = list(task.test_docs())
        assert [doc["key"] for doc in docs] == [row["key"] for row in rows_of(items)]
        assert [task.doc_to_text(doc) for doc in docs] == [row["instruction"] for row in rows_of(items)]
        edited = tmp_path / "edited.png"
        docs[0]["input_image"].save(edited)
        said = task.process_results(docs[0], [json.dumps({"text": "", "images": [str(edited)]})])
        assert server.paid.total() == 2  # VIEScore asks twice an edit
    assert 0 < said["gedit_bench_overall_score"]["score"] <= 10
    assert said["gedit_bench_overall_score"]["key"] == docs[0]["key"]


def test_evalscope_loads_the_items_and_scores_pictures_that_are_there(items, tmp_path):
    pytest.importorskip("evalscope")
    lines = []
    for number, row in enumerate(rows_of(items)):
        (tmp_path / f"{number}.png").write_bytes(row["input_image"]["bytes"])
        lines.append(json.dumps({"id": row["key"], "image_path": str(tmp_path / f"{number}.png")}))
    (items.folder / "results.jsonl").write_text("\n".join(lines))
    task = yaml.safe_load((items.folder / "evalscope.yaml").read_text())
    with ModelServer() as server:
        task["judge"]["models"] |= {"model_id": "critic", "api_url": server.openai_url}
        told = yaml.safe_dump({**task, "work_dir": str(tmp_path / "work")})
        (items.folder / "evalscope.yaml").write_text(told)
        runpy.run_path(str(items.folder / "run_evalscope.py"))
        assert server.paid.total() == 2 * len(lines)
    reviews = [json.loads(line) for path in (tmp_path / "work").rglob("reviews/**/*.jsonl") for line in path.open()]
    assert len(reviews) == len(lines)
