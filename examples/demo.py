"""The main job on the embedded sample: all four subsets, pictures to look at, and `datasets`.

python examples/demo.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import pico_banana as pb
from pico_banana.sharing.gallery import draw_strip, write_gallery


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    singles = pb.load("single_turn", mirror="sample")
    sessions = pb.load("multi_turn", mirror="sample")
    preferences = pb.load("preference", mirror="sample")
    pairs = pb.load("instructions", mirror="sample", lacks_flags=["short_equals_long", "short_missing"])
    for dataset in (singles, sessions, preferences, pairs):
        print(dataset)

    print("\nby category:", singles.counts("category"))
    print("known problems:", {flag: count for flag, count in singles.counts("flag").items() if count})
    print("long: ", pairs[0].instruction)
    print("short:", pairs[0].short_instruction)

    shown = {"single_turn": singles.sample(1, seed=3)[0], "multi_turn": sessions[0], "preference": preferences[0]}
    for name, record in shown.items():
        draw_strip(record, height=240).save(folder / f"{name}.png")
        print(f"wrote {folder / name}.png")

    page = write_gallery(singles, folder / "gallery").page
    print(f"wrote {page}: open it in a browser to look through all rows")

    loaded = pb.load_dataset("multi_turn", split="train", mirror="sample", cache_dir=folder / "cache")
    print("\nload_dataset:", loaded)
    print("a decoded picture:", loaded[0]["turns"][0]["image"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))
