"""Arguments of `datasets.load_dataset` that mean something else here, or nothing: said, never ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.records import Subset
from pico_banana.rows.choosing.selection import RowOptions, parse_subset
from pico_banana.sharing.huggingface.making import DATASET_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from datasets import Features

_NO_REPOSITORY = "the rows come from a mirror, not from a repository of the Hub"
FOREIGN = {
    "data_dir": "mirror=FOLDER reads a folder with the published layout",
    "data_files": "rows=FILE reads another rows file, mirror=FOLDER another mirror",
    "download_config": "rows are fetched by this package; see docs/environment.md",
    "revision": f"{_NO_REPOSITORY}; mirror='hf://datasets/OWNER/NAME@REVISION' is one at a revision",
    "save_infos": "the cache always holds them",
    "storage_options": f"{_NO_REPOSITORY}; credentials of a mirror come from its own environment variables",
    "task": "datasets has no tasks since 3.0",
    "token": f"{_NO_REPOSITORY}; for mirror='hf://…' log in with `hf auth login`, or set HF_TOKEN",
    "trust_remote_code": "no code is downloaded; leave it out",
    "use_auth_token": f"{_NO_REPOSITORY}; for mirror='hf://…' log in with `hf auth login`, or set HF_TOKEN",
    "verify": "verification_mode= is what datasets takes, verify= what pico_banana.load takes",
}


def reject_foreign(options: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse what `datasets` takes and we would have to ignore.

    Args:
        options: keywords that were passed.

    Returns:
        The others; one that is None or False asks for nothing and is left out.

    Raises:
        ConfigError: one of them is of `datasets` alone.
    """
    for name, words in FOREIGN.items():
        if options.get(name):
            raise ConfigError(f"{name}= means nothing here: {words}", key=name)
    return {name: value for name, value in options.items() if name not in FOREIGN}


def reject_unknown(options: Iterable[str], named: Iterable[str]) -> None:
    """Refuse a keyword that does not exist with the nearest that does, also beside those that choose rows.

    Args:
        options: keywords that would choose rows.
        named: the parameters of `load_dataset`.

    Raises:
        UnknownNameError: one of them does not exist.
    """
    known = [*RowOptions.__annotations__, *(one for one in named if one != "selection")]
    for name in options:
        if name not in known:
            error = unknown_name("option of load_dataset", name, known)
            raise error


def subset_of(path: str | Subset | None, name: str | Subset | None) -> Subset:
    """Read the two first arguments of `load_dataset`, as we or as `datasets` would write them.

    Args:
        path: a subset, the dataset's name, or None.
        name: a subset, or None.

    Returns:
        The subset.

    Raises:
        UnknownNameError: there is no such subset.
        ConfigError: the first names a folder or a repository, or both name a subset.
    """
    if path is None or str(path).lower() == DATASET_NAME:
        return parse_subset(name or Subset.SINGLE_TURN)
    if not isinstance(path, Subset) and ("/" in path or "\\" in path):
        text = f"{path!r} is neither a subset nor {DATASET_NAME!r}; a folder or an address is mirror={path!r}"
        raise ConfigError(text, key="path")
    subset = parse_subset(path)
    if name is not None and parse_subset(name) is not subset:
        text = f"two subsets at once: {path!r} and {name!r}; call load_dataset once for each"
        raise ConfigError(text, key="name")
    return subset


def check_features(wanted: Features | None, subset: Subset) -> None:
    """Refuse features of other columns than a subset has; `datasets` would fail while it writes.

    Args:
        wanted: what was passed.
        subset: the subset.

    Raises:
        ConfigError: the names differ.
    """
    from pico_banana.rows.table.arrow import public_schema

    names = public_schema(subset).names
    if wanted is not None and set(wanted) != set(names):
        text = (
            f"features= must name the columns of {subset.value}, {', '.join(names)}; these are {', '.join(wanted)}. "
            "Choose among columns with select_columns, or rename_columns, afterwards"
        )
        raise ConfigError(text, key="features")
