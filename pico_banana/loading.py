"""`load`: the typed way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from pico_banana.dataset import PicoBanana
from pico_banana.errors import ConfigError
from pico_banana.records import InstructionPair, MultiTurn, Preference, SingleTurn, Subset
from pico_banana.rows.choosing.selection import Selection, SelectionOptions, parse_subset
from pico_banana.rows.opening import Place, open_sequence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pico_banana.rows.building.rowstore import OnBadRows
    from pico_banana.rows.foreign import Annotations
    from pico_banana.rows.trouble import AnyTrouble

_DATASETS = "pico_banana.load_dataset(...) is the function of `datasets` and takes it"
_ELSEWHERE = {
    "streaming": "no picture is read before it is asked for; load(...).stream() fetches ahead of a loop over rows, "
    "load_dataset(..., streaming=True) gives rows of `datasets`",
    "splits": "load(...).splits(90) parts the rows by photo, split='test_90_5_5' is one part",
    "data_dir": "mirror=FOLDER reads a folder with the published layout",
    "data_files": "rows=FILE reads another rows file",
    "num_proc": _DATASETS,
    "cache_dir": f"PICO_BANANA_HOME says where rows are kept; {_DATASETS}",
    "features": _DATASETS,
    "keep_in_memory": f"rows are mapped from a file; {_DATASETS}",
    "download_mode": f"verify=True hashes the rows file again; {_DATASETS}",
    "verification_mode": f"verify=True hashes the rows file again; {_DATASETS}",
    "revision": "mirror='hf://datasets/OWNER/NAME@REVISION' is a repository at a revision",
    "token": "for mirror='hf://…' log in with `hf auth login`, or set HF_TOKEN",
}


@overload
def load(
    subset: Literal["single_turn", Subset.SINGLE_TURN] = ...,
    *,
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    verify: bool = ...,
    progress: bool | None = ...,
    trouble: AnyTrouble | None = ...,
    texts: Annotations | Sequence[Annotations] | None = ...,
    **selection: Unpack[SelectionOptions],
) -> PicoBanana[SingleTurn]: ...


@overload
def load(
    subset: Literal["multi_turn", Subset.MULTI_TURN],
    *,
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    verify: bool = ...,
    progress: bool | None = ...,
    trouble: AnyTrouble | None = ...,
    texts: Annotations | Sequence[Annotations] | None = ...,
    **selection: Unpack[SelectionOptions],
) -> PicoBanana[MultiTurn]: ...


@overload
def load(
    subset: Literal["preference", Subset.PREFERENCE],
    *,
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    verify: bool = ...,
    progress: bool | None = ...,
    trouble: AnyTrouble | None = ...,
    texts: Annotations | Sequence[Annotations] | None = ...,
    **selection: Unpack[SelectionOptions],
) -> PicoBanana[Preference]: ...


@overload
def load(
    subset: Literal["instructions", Subset.INSTRUCTIONS],
    *,
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    verify: bool = ...,
    progress: bool | None = ...,
    trouble: AnyTrouble | None = ...,
    texts: Annotations | Sequence[Annotations] | None = ...,
    **selection: Unpack[SelectionOptions],
) -> PicoBanana[InstructionPair]: ...


@overload
def load(
    subset: str,
    *,
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    verify: bool = ...,
    progress: bool | None = ...,
    trouble: AnyTrouble | None = ...,
    texts: Annotations | Sequence[Annotations] | None = ...,
    **selection: Unpack[SelectionOptions],
) -> PicoBanana[Any]: ...


def load(  # noqa: PLR0913 - each says how rows are opened
    subset: str | Subset = Subset.SINGLE_TURN,
    *,
    mirror: Place = None,
    rows: str | Path | None = None,
    on_bad_rows: OnBadRows = "error",
    verify: bool = False,
    progress: bool | None = None,
    trouble: AnyTrouble | None = None,
    texts: Annotations | Sequence[Annotations] | None = None,
    **selection: Unpack[SelectionOptions],
) -> PicoBanana[Any]:
    """Load the rows of a subset; no picture is read or fetched.

    Args:
        subset: "single_turn", "multi_turn", "preference" or "instructions".
        mirror: a folder, an address, "sample" for the embedded one; None for `PICO_BANANA_MIRROR`, else the release.
        rows: a rows file to read in place of the mirror's own, such as `sft_with_local_source_image_path.jsonl`.
        on_bad_rows: "error" raises for a line that is no row; "skip" leaves it out and lists it in `bad_rows`.
        verify: hash the rows file even when nothing suggests that it changed.
        progress: show a bar while the row store is built; None shows one for a large file on a terminal.
        trouble: files or tables of known trouble, whose flags rows then have as well, see `rows.trouble`.
        texts: sidecars of texts made anew, see `with_texts`.
        **selection: which rows; see `Selection`.

    Returns:
        The rows as a sequence of records.

    Raises:
        UnknownNameError: a subset, type, category, flag or option that does not exist.
        SelectionError: parts of the selection contradict each other or do not fit the subset.
        ConfigError: an option of `load_dataset`, such as `streaming`; the message says what to write here. Or a file of
            trouble is none, or `texts` are no texts.
        MirrorError: the mirror is not there or has no such rows.
        RowError: a line is no row.
        StoreError: the store cannot be written.
        TransportError: the rows could not be fetched this time.
    """
    for name, words in _ELSEWHERE.items():
        if name in selection:
            raise ConfigError(f"load has no {name}=: {words}", key=name)
    wanted = Selection.of(parse_subset(subset), **selection)
    found: PicoBanana[Any] = open_sequence(
        PicoBanana,
        wanted,
        mirror=mirror,
        rows=rows,
        on_bad_rows=on_bad_rows,
        verify=verify,
        progress=progress,
        trouble=trouble,
    )
    if texts is None:
        return found
    from pico_banana.rows.sidecar import listed

    return found.with_texts(*listed(texts))
