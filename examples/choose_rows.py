"""Choose rows by type, text and known problems, and part them without leaking a photo."""

from __future__ import annotations

import pico_banana as pb


def main() -> None:
    clean = pb.load(
        "single_turn",
        mirror="sample",
        categories=["Object-Level", "Scene Composition & Multi-Subject"],
        lacks_flags=["shared_output", "unknown_edit_type"],
    )
    parts = clean.splits(train=80, validation=10, test=10)
    for name, part in parts.items():
        print(f"{name}: {len(part)} rows, {len({row.source.address for row in part})} photos")

    train: pb.PicoBanana[pb.SingleTurn] = parts["train"].shuffle(seed=0)
    for row in train[:3]:
        print(row.edit_type, "|", row.clean_short_instruction or row.instruction)


if __name__ == "__main__":
    main()
