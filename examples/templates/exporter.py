"""An export format in one file: here a text file of prompts beside a folder of pictures.

Register it in your package, and `pico-banana export prompts OUT single_turn` finds it::

    [project.entry-points."pico_banana.exporters"]
    prompts = "my_package.exporter:FORMAT"
"""

from __future__ import annotations

import sys
from pathlib import Path

import pico_banana as pb
from pico_banana.sharing.export.folders import by_role, place_edits
from pico_banana.sharing.export.job import Job
from pico_banana.sharing.export.registry import EDITS, Format


def _write(job: Job) -> None:
    """Place every edit's pictures, then what the reader looks at first; a row without pictures is left out."""
    prompts = [f"{names['edited']}\t{edit.instruction}\n" for edit, names in place_edits(job, by_role)]
    job.write("prompts.tsv", "".join(prompts))


FORMAT = Format("prompts", "a table of prompts beside a folder of pictures", EDITS, _write)


def main(folder: Path) -> None:
    report = pb.load("single_turn", mirror="sample", limit=5).export(FORMAT, folder)
    print(report)
    print((folder / "prompts.tsv").read_text("utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "exported"))
