"""Make new rows from the sample's photos, without a network, and load them like the release."""

from __future__ import annotations

import sys
from pathlib import Path

import pico_banana as pb
from pico_banana.regenerate import assemble, config_from, open_ledger, run


def main(folder: Path) -> None:
    config = config_from({"seed": 7, "source": {"folder": "sample", "limit": 12}, "sessions": {"share": 0.4}})
    state = run(config, folder / "ledger")
    with open_ledger(folder / "ledger") as ledger:
        made = assemble(ledger, folder / "out")
    print(f"{state.done} items: {made.accepted} accepted, {made.preference} with negatives, {made.sessions} sessions")
    dataset = pb.load_dataset("single_turn", split="train", mirror=str(made.folder))
    print(dataset[0]["instruction"], dataset[0]["edited_image"].size)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo/regenerated"))
