"""The published layout, from the writing side: where the files lie and which keys a row has, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Row: TypeAlias = dict[str, object]

SINGLE_TURN_ROWS = "jsonl/sft.jsonl"
PREFERENCE_ROWS = "jsonl/preference.jsonl"
MULTI_TURN_ROWS = "jsonl/multi-turn.jsonl"
SINGLE_TURN_MANIFEST = "manifest/sft_manifest.txt"
PREFERENCE_MANIFEST = "manifest/preference_manifest.txt"
MULTI_TURN_MANIFEST = "manifest/multi_turn_manifest.txt"


def single_turn_row(*, photo: str, text: str, edited: str, label: str, short: str | None) -> Row:
    """Give a row of `sft.jsonl`.

    Args:
        photo: the source photo's address.
        text: the long instruction.
        edited: the edited picture's path.
        label: the edit type as published.
        short: the short instruction.

    Returns:
        The row, its keys in the published order.
    """
    return {
        "open_image_input_url": photo,
        "text": text,
        "output_image": edited,
        "edit_type": label,
        "summarized_text": short,
    }


def preference_row(single_turn: Row, rejected: Sequence[str]) -> Row:
    """Give the row of `preference.jsonl` that goes with a single-turn row.

    Args:
        single_turn: the row of `sft.jsonl`.
        rejected: paths or addresses of the attempts that failed.

    Returns:
        The row, its keys in the published order.
    """
    return {
        "output_image": single_turn["output_image"],
        "rejected_images": list(rejected),
        "text": single_turn["text"],
        "edit_type": single_turn["edit_type"],
        "open_image_input_url": single_turn["open_image_input_url"],
        "summarized_text": single_turn["summarized_text"],
    }


def session_row(photo: str, prompts: Sequence[str], pictures: Sequence[str | None]) -> Row:
    """Give a row of `multi-turn.jsonl`; the last picture is `final_image`, and the files are sorted by id.

    Args:
        photo: the source photo's address.
        prompts: the instruction of each turn.
        pictures: the path of the picture after each turn; None leaves the file out.

    Returns:
        The row, its keys in the published order.
    """
    named = {f"edit_turn{turn}": path for turn, path in enumerate(pictures[:-1], start=1)}
    named |= {"final_image": pictures[-1], "original_input_image": photo}
    files = [{"id": name, "url": path} for name, path in sorted(named.items()) if path is not None]
    return {"files": files, "metadata_edit_turn_prompts": list(prompts)}
