"""LLaMA-Factory, supervised: ShareGPT conversations that ask a vision model which instruction made the edit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pico_banana.sharing.export.folders import by_role, place_edits
from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.sharing.export.tokens import without_places

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job

QUESTION = "<image><image>The second picture is an edit of the first. Write the instruction that was followed."
_TAGS = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}


def _write(job: Job) -> None:
    rows = [
        {
            "messages": [
                {"role": "user", "content": QUESTION},
                {"role": "assistant", "content": without_places(edit.instruction)},
            ],
            "images": [names["source"], names["edited"]],
        }
        for edit, names in place_edits(job, by_role)
    ]
    job.write("pico_banana.json", json.dumps(rows, ensure_ascii=job.options.ascii, indent=1))
    columns = {"messages": "messages", "images": "images"}
    about = {"file_name": "pico_banana.json", "formatting": "sharegpt", "columns": columns, "tags": _TAGS}
    job.write("dataset_info.json", json.dumps({"pico_banana": about}, indent=1))


FORMAT = Format("llama-factory", "ShareGPT JSON and dataset_info.json for LLaMA-Factory", EDITS, _write)
