"""LLaMA-Factory, preference: which of two edits is better; the right answer is chosen, the wrong one rejected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pico_banana.sharing.export.choices import choice_of, each_pair, question
from pico_banana.sharing.export.folders import by_role, place_edits
from pico_banana.sharing.export.registry import PAIRS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def _write(job: Job) -> None:
    rows = []
    for edit, names in place_edits(job, by_role, edits=each_pair(job.edits(rejected=True))):
        choice = choice_of(edit)
        rows.append(
            {
                "conversations": [{"from": "human", "value": question(edit, tokens="<image><image><image>")}],
                "chosen": {"from": "gpt", "value": choice.chosen},
                "rejected": {"from": "gpt", "value": choice.rejected},
                "images": [names["source"], names[choice.first], names[choice.second]],
            }
        )
    job.write("pico_banana_preference.json", json.dumps(rows, ensure_ascii=job.options.ascii, indent=1))
    columns = {"messages": "conversations", "chosen": "chosen", "rejected": "rejected", "images": "images"}
    about = {"file_name": "pico_banana_preference.json", "formatting": "sharegpt", "ranking": True, "columns": columns}
    job.write("dataset_info.json", json.dumps({"pico_banana_preference": about}, indent=1))


FORMAT = Format("llama-factory-preference", "ranked ShareGPT JSON for LLaMA-Factory's DPO", PAIRS, _write)
