"""Label Studio: `tasks.json` with two edits side by side, `config.xml` with `Pairwise`, pictures below `images/`.

What people picked comes back by `read_choices`, as annotations by id. Which side is the accepted edit is drawn by the
id and is not in what they see.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.sharing.export.choices import accepted_first, choice_of, each_pair
from pico_banana.sharing.export.folders import by_role, place_edits
from pico_banana.sharing.export.registry import PAIRS, Format

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from pico_banana.sharing.export.job import Job

_NAME = "better"
_CONFIG = f"""\
<View>
  <Header value="$instruction"/>
  <Image name="before" value="$source"/>
  <Pairwise name="{_NAME}" toName="left,right" leftClass="left" rightClass="right"/>
  <View style="display: flex; gap: 1em">
    <Image name="left" value="$left"/>
    <Image name="right" value="$right"/>
  </View>
</View>
"""
_README = """\
Label Studio serves these pictures from the disk:

  export LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true
  export LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT="$(dirname "$PWD")"
  label-studio start

Make a project with config.xml as its labelling interface and a local storage of this folder, and import tasks.json.
Export its annotations as JSON, then: pico-banana choices EXPORT.json choices.parquet
"""


def _write(job: Job) -> None:
    tasks = []
    for edit, names in place_edits(job, by_role, edits=each_pair(job.edits(rejected=True))):
        choice = choice_of(edit)
        # Served from the folder above the export's, whose name is a part of the address.
        shown = {role: f"/data/local-files/?d={job.folder.resolve().name}/{name}" for role, name in names.items()}
        pictures = {"source": shown["source"], "left": shown[choice.first], "right": shown[choice.second]}
        tasks.append({"data": {"id": edit.id, "instruction": edit.instruction, **pictures}})
    job.write("tasks.json", json.dumps(tasks, ensure_ascii=job.options.ascii, indent=1))
    job.write("config.xml", _CONFIG)
    job.write("README.txt", _README)


def read_choices(file: str | Path) -> pa.Table:
    """Read what people picked in Label Studio.

    Args:
        file: a project's export as JSON.

    Returns:
        Annotations with `id`, `votes` (those who picked a side or said that none is better), `chosen_votes` (those for
        the accepted edit) and `agrees`, the share of them, 0 to 1, where one who saw no difference counts half.

    Raises:
        ConfigError: the file is no such export.
    """
    import pyarrow as pa

    votes: dict[str, list[float]] = {}
    for name, picked in _picked(Path(file)):
        votes.setdefault(name, []).append(picked)
    return pa.table(
        {
            "id": pa.array(list(votes), pa.string()),
            "votes": pa.array(map(len, votes.values()), pa.int32()),
            "chosen_votes": pa.array([sum(one == 1.0 for one in found) for found in votes.values()], pa.int32()),
            "agrees": pa.array([sum(found) / len(found) for found in votes.values()], pa.float32()),
        }
    )


def _picked(file: Path) -> Iterator[tuple[str, float]]:
    """Give a pair's id and 1 for the accepted edit, 0 for the rejected one, a half for neither.

    Raises:
        ConfigError: the file is no such export.
    """
    try:
        tasks = read_note(file)
        for task in tasks:
            name = str(task["data"]["id"])
            for annotation in task["annotations"]:
                if not annotation.get("was_cancelled"):
                    yield from ((name, _worth(name, one)) for one in annotation["result"] if one["type"] == "pairwise")
    except (OSError, *ODD_SHAPE) as error:
        text = (
            f"{file} is no JSON export of a Label Studio project made by `pico-banana export label-studio`: {error!r}"
        )
        raise ConfigError(text, key="file") from error


def _worth(name: str, result: dict[str, Any]) -> float:
    picked = result["value"].get("selected")
    if picked not in {"left", "right"}:
        return 0.5
    return float((picked == "left") == accepted_first(name))


FORMAT = Format("label-studio", "pairs to pick the better edit from in Label Studio", PAIRS, _write)
