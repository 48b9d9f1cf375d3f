"""A benchmark's single edits as lmms-eval and evalscope load them: one folder for both, in the shape of GEdit-Bench.

Both harnesses know how to load, edit and score GEdit-Bench. The folder has the same columns, our ids as keys and our
types as groups, and a configuration for each that names it; what they score are the same items, by their own judges.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.runs.making import encoded
from pico_banana.benchmark.tasks import Task, Wording, tasks_of
from pico_banana.errors import PictureError, TransportError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.known import remember
from pico_banana.mirrors.store import atomic_path, write_atomic
from pico_banana.records.decoding.images import image_of
from pico_banana.regenerate.plan.photos import read_photo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pico_banana.rows.choosing.definition import Definition
    from pico_banana.rows.opening import Place

_DATA = "data/train-00000-of-00001.parquet"
_AT_ONCE = 32  # rows of a row group: photos of a few dozen megabytes in memory
_NOTICE = """# The single edits of a benchmark, for lmms-eval and evalscope

Definition {checksum}, {count} edits of {types} types, {wording} instructions.
For use on this machine: the licence of the rows (CC BY-NC-ND 4.0) forbids handing a selection of them on. Hand on the
definition instead.

    lmms-eval --include_path {folder}/lmms_eval --tasks pico_banana_benchmark --model …
    python {folder}/run_evalscope.py

lmms-eval judges with VIEScore and asks the server of VIESCORE_API_BASE, VIESCORE_API_KEY and VIESCORE_MODEL_NAME.
In evalscope.yaml name your judge; `local_file` names pictures that are made already, in lines of
{{"id": …, "image_path": …}}, which `pico-banana benchmark run --editor FOLDER` reads, too.
"""


# evalscope 1.14 reads `local_file` of GEdit-Bench, and refuses it as long as it is not declared.
_RUN_EVALSCOPE = """# Score the pictures that evalscope.yaml names: python run_evalscope.py
from pathlib import Path

import yaml
from evalscope import run_task
from evalscope.api.registry import BENCHMARK_REGISTRY

BENCHMARK_REGISTRY.get("gedit").extra_params.setdefault("local_file", None)
run_task(yaml.safe_load(Path(__file__).with_name("evalscope.yaml").read_text(encoding="utf-8")))
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        folder: where.
        items: how many edits.
        left_out: edits whose photo could not be had, and why.
    """

    folder: Path
    items: int
    left_out: tuple[tuple[str, str], ...]


def export(
    definition: Definition,
    folder: str | Path,
    *,
    mirror: Place = None,
    wording: Wording = "long",
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write the single edits of a benchmark for lmms-eval and evalscope.

    Args:
        definition: the benchmark.
        folder: where to write; files of an earlier export are replaced.
        mirror: where the rows and photos are.
        wording: the "long" or the "short" instructions.
        limit: only so many edits; None for all.
        progress: called with edits done and edits in all.

    Returns:
        What was written, and what was left out.

    Raises:
        ConfigError: the rows are not on this mirror.
    """
    place, out = resolve_mirror(mirror), Path(folder).absolute()
    remember(place)
    tasks = [task for task in tasks_of(definition, place, wording=wording) if task.part == "single_turn"][:limit]
    left_out: list[tuple[str, str]] = []
    (out / "data").mkdir(parents=True, exist_ok=True)
    with atomic_path(out / _DATA) as path:
        count = _write_rows(path, _rows(tasks, left_out, progress or (lambda done, total: None)))
    types = sorted({str(task.steps[0].edit_type) for task in tasks})
    told = {"checksum": definition.checksum, "count": count, "types": len(types), "wording": wording, "folder": out}
    write_atomic(out / "README.md", _NOTICE.format(**told).encode())
    (out / "lmms_eval").mkdir(exist_ok=True)
    write_atomic(out / "lmms_eval" / "pico_banana_benchmark.yaml", _lmms_eval(out).encode())
    write_atomic(out / "evalscope.yaml", _evalscope(out, types).encode())
    write_atomic(out / "run_evalscope.py", _RUN_EVALSCOPE.encode())
    return Exported(out, count, tuple(left_out))


def _rows(
    tasks: Sequence[Task], left_out: list[tuple[str, str]], progress: Callable[[int, int], None]
) -> Iterator[dict[str, Any]]:
    for done, task in enumerate(tasks, 1):
        try:
            photo = encoded(image_of(read_photo(task.photo).data)).data
        except (PictureError, TransportError) as error:
            left_out.append((task.id, str(error)))
        else:
            yield {
                "key": task.id,
                "task_type": str(task.steps[0].edit_type),
                "instruction": task.steps[0].instruction,
                "instruction_language": "en",
                "input_image": {"bytes": photo, "path": None},
                "input_image_raw": None,  # evalscope takes this column away, so it must be there
                "Intersection_exist": True,
            }
        progress(done, len(tasks))


def _write_rows(path: Path, rows: Iterator[dict[str, Any]]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import Features, Image, Value

    texts = dict.fromkeys(("key", "task_type", "instruction", "instruction_language"), Value("string"))
    pictures = {"input_image": Image(), "input_image_raw": Image()}
    schema = Features({**texts, **pictures, "Intersection_exist": Value("bool")}).arrow_schema
    count = 0
    with pq.ParquetWriter(path, schema) as writer:
        while group := list(itertools.islice(rows, _AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


def _lmms_eval(out: Path) -> str:
    """Give the task file; its functions are those of lmms-eval's own GEdit-Bench."""
    functions = "lmms_eval.tasks.gedit_bench.utils.gedit_bench"
    metrics = "\n".join(
        f"  - metric: gedit_bench_{name}_score\n"
        f"    aggregation: !function {functions}_aggregate_results\n"
        "    higher_is_better: true"
        for name in ("semantics", "quality", "overall")
    )
    return f"""task: pico_banana_benchmark
dataset_path: parquet
dataset_kwargs:
  data_files:
    train: {json.dumps(str(out / _DATA))}
test_split: train
output_type: generate_until
doc_to_visual: !function {functions}_doc_to_visual
doc_to_text: !function {functions}_doc_to_text
doc_to_target: instruction
process_results: !function {functions}_process_results
process_results_use_image: true
generation_kwargs:
  max_new_tokens: 512
  do_sample: false
metric_list:
{metrics}
metadata:
  - version: 1.0
"""


def _evalscope(out: Path, types: Sequence[str]) -> str:
    import yaml

    judge = {"model_id": "YOUR-JUDGE", "api_url": "http://localhost:8000/v1", "api_key": "EMPTY"}
    task = {
        "model_id": "offline-model",
        "model_task": "image_generation",
        "eval_type": "image_editing",
        "datasets": ["gedit"],
        "dataset_args": {
            "gedit": {
                "dataset_id": str(out / _DATA),
                "subset_list": list(types),
                "extra_params": {"language": "en", "local_file": str(out / "results.jsonl")},
            }
        },
        "judge": {"strategy": "auto", "models": judge},
    }
    return str(yaml.safe_dump(task, sort_keys=False))
