"""Rows as the release writes them, spelled out by hand, and files of them: what the core's tests are fed with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pico_banana as pb

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Published = dict[str, Any]
FILE_OF = {"single_turn": "sft", "instructions": "sft", "preference": "preference", "multi_turn": "multi-turn"}


def photo(number: int = 1, host: str = "farm3.staticflickr.com") -> str:
    """Give the address of a photo."""
    return f"https://{host}/2915/{14000000000 + number}_0a1b2c3d4e_o.jpg"


def edit(number: int = 1, **changes: Any) -> Published:
    """Give a row of sft.jsonl."""
    row = {
        "open_image_input_url": photo(number),
        "text": f"Lift the lantern above the {number}. doorway so that it hangs clear of the sign.",
        "output_image": f"images/positive-edit/{number}.png",
        "edit_type": "Zoom in",
        "summarized_text": f"Lift the lantern above doorway {number}.",
    }
    return row | changes


def pair(number: int = 1, **changes: Any) -> Published:
    """Give a row of preference.jsonl."""
    single = edit(number)
    row = {
        "output_image": f"images/positive-edit/k{number:05d}_retry1.png",
        "rejected_images": [f"nano-banana-300k/images/rejected-edit/{number}.png"],
        "text": single["text"],
        "edit_type": single["edit_type"],
        "open_image_input_url": single["open_image_input_url"],
        "summarized_text": single["summarized_text"],
    }
    return row | changes


def session(number: int = 1, turns: int = 3, **changes: Any) -> Published:
    """Give a row of multi-turn.jsonl: the last picture is `final_image`, and the files are sorted by id."""
    path = f"images/multi-turn/{number}_attemptA_turn"
    files = {f"edit_turn{turn}": f"{path}{turn}.png" for turn in range(1, turns)}
    files |= {"final_image": f"{path}{turns}.png", "original_input_image": photo(number)}
    row = {
        "files": [{"id": name, "url": files[name]} for name in sorted(files)],
        "metadata_edit_turn_prompts": [f"Step {turn} of session {number}" for turn in range(1, turns + 1)],
    }
    return row | changes


def lines(rows: Iterable[Published | bytes], *, end: bytes = b"\n") -> bytes:
    """Write rows as the lines of a file; bytes stand for themselves."""
    return b"".join(
        (row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode()) + end for row in rows
    )


def rows_file(folder: Path, rows: Iterable[Published | bytes] | bytes, name: str = "rows.jsonl") -> Path:
    """Write a rows file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(rows if isinstance(rows, bytes) else lines(rows))
    return path


def mirror_of(folder: Path, **subsets: Iterable[Published | bytes] | bytes) -> Path:
    """Write a mirror that has rows of some subsets."""
    for subset, rows in subsets.items():
        rows_file(folder, rows, f"jsonl/{FILE_OF[subset]}.jsonl")
    return folder


def loaded(folder: Path, rows: Iterable[Published | bytes] | bytes, subset: str = "single_turn", **options: Any) -> Any:
    """Write a rows file and load it."""
    return pb.load(subset, rows=rows_file(folder, rows), **options)
