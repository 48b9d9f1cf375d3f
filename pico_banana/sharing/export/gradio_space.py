"""A Gradio Space: a folder with `app.py` that shows the edits with a slider, its README, rows and pictures.

It runs with `python app.py`, and as a Space once it is uploaded; nothing of this package is needed there.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from pico_banana.sharing.export.folders import by_role, lines, place_edits
from pico_banana.sharing.export.manifest import LICENCES
from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.telling import redacted

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job

# 5.0 has ImageSlider; the version is what the Space is built with.
_GRADIO = "6.0.0"
_README = """\
---
title: Edits of Pico-Banana-400K
emoji: 🍌
colorFrom: yellow
colorTo: gray
sdk: gradio
sdk_version: {version}
app_file: app.py
---

Text-guided picture edits: the photo, the instruction, the edit. Rows come from {mirror}.

{licences}
"""


def _write(job: Job) -> None:
    rows = [
        {"id": edit.id, "instruction": edit.instruction, "edit_type": edit.edit_type, **names}
        for edit, names in place_edits(job, by_role)
    ]
    job.write("rows.jsonl", lines(rows, escaped=job.options.ascii))
    job.write("app.py", files("pico_banana.sharing.export").joinpath("gradio_app.py.txt").read_text("utf-8"))
    job.write("requirements.txt", f"gradio>={_GRADIO}\n")
    told = "\n".join(f"- {what}: {licence}" for what, licence in LICENCES.items())
    job.write("README.md", _README.format(version=_GRADIO, mirror=redacted(job.dataset.mirror.name), licences=told))


FORMAT = Format("gradio-space", "a Gradio Space with a slider over each edit: app.py, rows, pictures", EDITS, _write)
