"""Reads a mirror's raw files as a stranger would, without the library, so that its tests have a second opinion."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

RETRY_NAME = re.compile(r"images/positive-edit/[0-9a-z]{6}_retry[12]\.png")
PLAIN_NAME = re.compile(r"images/positive-edit/[1-9][0-9]*\.png")
STALE_PREFIX = "nano-banana-300k/"


def lines(root: Path, name: str) -> list[bytes]:
    """Give the non-blank lines of a rows file, without their ends."""
    data = (root / "jsonl" / f"{name}.jsonl").read_bytes()
    return [line.removesuffix(b"\r") for line in data.split(b"\n") if line.strip()]


def rows(root: Path, name: str) -> list[dict[str, Any]]:
    """Give the rows of a rows file."""
    return [json.loads(line) for line in lines(root, name)]


def manifest(root: Path, name: str) -> list[str]:
    """Give the addresses of a manifest."""
    return (root / "manifest" / f"{name}_manifest.txt").read_text().splitlines()


def photo_table(root: Path) -> list[dict[str, str]]:
    """Give the rows of the table of photos."""
    with (root / "open_images" / "train-images-boxable-with-rotation.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rejected_path(written: str) -> str:
    """Give the path of a rejected picture however it is written."""
    return written[written.index("images/rejected-edit/") :]


def pictures_of(session: dict[str, Any]) -> dict[str, str]:
    """Give a session's pictures by id."""
    return {file["id"]: file["url"] for file in session["files"]}


def traps(root: Path, labels: set[str]) -> Counter[str]:
    """Count the known problems of a mirror, read from its raw bytes alone."""
    raw = (root / "jsonl" / "sft.jsonl").read_bytes()
    single, preference, sessions = rows(root, "sft"), rows(root, "preference"), rows(root, "multi-turn")
    found: Counter[str] = Counter()
    seen: set[str] = set()
    for row in single:
        whole, short = json.dumps(row), row["summarized_text"]
        found["repeated_row"] += whole in seen
        found["shared_output"] += whole not in seen and row["output_image"] in seen
        seen |= {whole, row["output_image"]}
        found["unknown_edit_type"] += row["edit_type"] not in labels
        found["line_separator"] += "\u2028" in row["text"]
        found["short_missing"] += not short
        found["short_chat_template"] += bool(short and "\nuser\n" in short)
        found["short_cut_start"] += bool(short and short.startswith("ly, "))
        found["short_equals_long"] += short == row["text"]
    found["crlf"] = raw.count(b"\r\n")
    found["blank_line"] = raw.count(b"\n\n")
    every = [line for name in ("sft", "preference", "multi-turn") for line in lines(root, name)]
    found["escaped_utf8"] = sum(bool(re.search(rb"\\u(?!2028)[0-9a-f]{4}", line)) for line in every)
    found["raw_utf8"] = sum(not line.isascii() for line in every)
    for row in preference:
        found["rejected_empty"] += not row["rejected_images"]
        for path in row["rejected_images"]:
            found["rejected_absolute"] += path.startswith("https://")
            found["rejected_stale_prefix"] += path.startswith(STALE_PREFIX)
            found["rejected_relative"] += path.startswith("images/")
    for row in sessions:
        turns, pictures = len(row["metadata_edit_turn_prompts"]), len(row["files"]) - 1
        found["turns_too_few"] += turns < 2
        found["turns_too_many"] += turns > 5
        found["turn_image_missing"] += pictures < turns
    return found
