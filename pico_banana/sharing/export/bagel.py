"""BAGEL's `unified_edit`: Parquet of whole sessions, `image_list` and `instruction_list`, and its `parquet_info`.

A session becomes a chain of pictures with the instruction between each two; any other edit a chain of one step. Where a
turn's picture is missing the chain ends, and another begins after it: no instruction may lead to a picture that is
not its own.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pico_banana.sharing.export.embedding import Rows, write_parquet
from pico_banana.sharing.export.folders import root_of
from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.sharing.parquet.columns import Columns, Many, PictureBytes, Plain
from pico_banana.sharing.parquet.writing import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job

_COLUMNS: Columns = (("image_list", Many(PictureBytes())), ("instruction_list", Many(Many(Plain()))))
# Its workers share row groups out, and one without any stops training; many small ones also read in less memory.
_LIMITS = Limits(group_rows=4)


@dataclass(frozen=True, slots=True)
class Chain:
    """Pictures one after another, with the texts of each step.

    Attributes:
        row: the row's id.
        part: what tells the chains of one row apart; empty for the first.
        addresses: of the pictures, two or more.
        texts: for each step the instructions to choose from.
    """

    row: str
    part: str
    addresses: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]

    @property
    def id(self) -> str:
        """What names it in the report."""
        return f"{self.row}#{self.part}" if self.part else self.row

    @property
    def pictures(self) -> dict[str, str]:
        """The addresses by role: step0 and on."""
        return {f"step{number}": address for number, address in enumerate(self.addresses)}


def chains_of(edits: Iterable[Edit]) -> list[Chain]:
    """Join edits of one row where the next begins at what the last made.

    Args:
        edits: in order, those of one row together.

    Returns:
        The chains; a short wording is another text of its step.
    """
    chains: list[Chain] = []
    for edit in edits:
        last = chains[-1] if chains and chains[-1].row == edit.row else None
        if last is not None and edit.part == "short":
            chains[-1] = replace(last, texts=(*last.texts[:-1], (*last.texts[-1], edit.instruction)))
        elif last is not None and last.addresses[-1] == edit.source:
            texts = (*last.texts, (edit.instruction,))
            chains[-1] = replace(last, addresses=(*last.addresses, edit.edited), texts=texts)
        else:
            part = "" if last is None else edit.part
            chains.append(Chain(edit.row, part, (edit.source, edit.edited), ((edit.instruction,),)))
    return chains


def _write(job: Job) -> None:
    root, chains = root_of(job), chains_of(job.edits())

    def rows(start: int, stop: int) -> Rows:
        for chain, made in job.with_pictures(chains[start:stop], tally=False):
            pictures = list(made.values())
            yield {"image_list": pictures, "instruction_list": [list(each) for each in chain.texts]}, pictures

    write_parquet(job, _COLUMNS, count=len(chains), rows=rows, limits=_LIMITS)
    data = root / "data"  # its reader joins the folder and the names, and looks the result up among the keys
    info = {os.fspath(path): _groups(os.fspath(path)) for path in sorted(data.glob("*.parquet"))}
    job.write("parquet_info.json", json.dumps(info, indent=1))
    about = {
        "data_dir": os.fspath(data),
        "num_files": len(info),
        "num_total_samples": sum(one["num_rows"] for one in info.values()),
        "parquet_info_path": os.fspath(root / "parquet_info.json"),
    }
    job.write("dataset_info.json", json.dumps({"unified_edit": {"pico_banana": about}}, indent=1))


def _groups(path: str) -> dict[str, Any]:
    import pyarrow.parquet as pq

    found = pq.read_metadata(path)
    return {"num_row_groups": found.num_row_groups, "num_rows": found.num_rows}


FORMAT = Format(
    "bagel", "Parquet of whole sessions with parquet_info for BAGEL's unified_edit", EDITS, _write, absolute=True
)
