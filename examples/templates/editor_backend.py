"""An editor in one file: what applies one instruction to one picture.

Register it in your package, and `backend = "mine"` under `[editor]` of a configuration finds it::

    [project.entry-points."pico_banana.regenerate"]
    mine = "my_package.editor_backend:backend"

A `ModelUnavailableError` is asked again; a refusal is an outcome, never an error.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from pico_banana.regenerate import assemble, config_from, open_ledger, run
from pico_banana.regenerate.backends.base import EditRequest, ModelSettings
from pico_banana.regenerate.values import Outcome, Picture, Reply
from pico_banana.regenerate.work.staff import hire


class Negative:
    """Answers every request with the negative of the picture.

    Args:
        model: the name asked for, which the reply repeats: another one would stop the run, for services reroute models.
    """

    def __init__(self, model: str = "") -> None:
        """Keep the name."""
        self.model = model

    def edit(self, request: EditRequest) -> Reply:
        """Edit one picture; `request.prompt` is the text for a model, `request.seed` a new draw for each attempt."""
        changed = BytesIO()
        ImageOps.invert(Image.open(BytesIO(request.photo.data)).convert("RGB")).save(changed, "PNG")
        return Reply(Outcome.OK, picture=Picture.of(changed.getvalue()), model=self.model)


def backend(settings: ModelSettings) -> Negative:
    """Make it; `settings` has the model's name, its address and the parameters of the configuration."""
    return Negative(settings.model)


def main(folder: Path) -> None:
    config = config_from({"seed": 7, "source": {"folder": "sample", "limit": 6}})
    staff = replace(hire(config), editor=Negative())
    state = run(config, folder / "ledger", staff=staff)
    with open_ledger(folder / "ledger") as ledger:
        made = assemble(ledger, folder / "out")
    print(f"{state.done} items by a poor editor: {made.accepted} accepted")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "regenerated"))
