"""A judge in one file: what scores one edit.

Register it in your package, and `backend = "mine"` under `[judge]` of a configuration finds it::

    [project.entry-points."pico_banana.regenerate"]
    mine = "my_package.judge:backend"

A judge gives scores; the policy of the configuration decides what they mean, also afterwards.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

from pico_banana.regenerate import config_from, make_report, open_ledger, run
from pico_banana.regenerate.backends.base import JudgeRequest, ModelSettings
from pico_banana.regenerate.values import Outcome, Reply
from pico_banana.regenerate.work.staff import hire


class Difference:
    """Takes an edit for the better the less of the picture it changed."""

    def judge(self, request: JudgeRequest) -> Reply:
        """Score one edit: JSON after `request.schema`, a number from 0 to 1 and a reason for each criterion."""
        before, after = (Image.open(BytesIO(one.data)).convert("L") for one in (request.inputs[-1], request.edited))
        changed = ImageStat.Stat(ImageChops.difference(before, after.resize(before.size))).mean[0] / 255
        score = {"score": round(1 - changed, 3), "reason": f"{changed:.0%} of the brightness changed"}
        return Reply(Outcome.OK, text=json.dumps(dict.fromkeys(request.schema["properties"], score)), model="diff-1")


def backend(settings: ModelSettings) -> Difference:
    """Make it; `settings` has the model's name, its address and the parameters of the configuration."""
    return Difference()


def main(folder: Path) -> None:
    config = config_from({"seed": 7, "source": {"folder": "sample", "limit": 6}})
    run(config, folder / "ledger", staff=replace(hire(config), judge=Difference()))
    with open_ledger(folder / "ledger") as ledger:
        report = make_report(ledger)
    print({name: dict(kind.ended) for name, kind in report.types.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "regenerated"))
