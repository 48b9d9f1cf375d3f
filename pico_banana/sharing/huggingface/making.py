"""How this package makes its builder, and under which name `datasets` keeps what the builder made."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pico_banana.rows.choosing.selection import parse_subset
from pico_banana.sharing.huggingface.keeping import kept_in

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.records import Subset

DATASET_NAME = "pico-banana-400k"
# By name: the builder is a plug-in of `datasets` and stands to the right of this module.
BUILDER_MODULE = "pico_banana.builders.pico_banana_400k"


def make_builder(
    name: str | Subset,
    *,
    cache_dir: str | Path | None,
    features: Any = None,  # noqa: ANN401 - datasets is untyped
    **options: Any,  # noqa: ANN401 - checked by Request.of
) -> Any:  # noqa: ANN401 - datasets is untyped
    """Make the builder of one subset, with every name checked by us before `datasets` sees it.

    Args:
        name: the subset.
        cache_dir: the cache of `datasets`; None for its own choice.
        features: columns in place of the subset's own; None for those.
        **options: see `Request.of`.

    Returns:
        A `PicoBanana400k`.

    Raises:
        UnknownNameError: a subset or an option that does not exist.
        SelectionError: parts of the selection contradict each other, or there is no such split.
        MirrorError: a folder that does not exist.
        StoreError: the cache cannot be written.
    """
    from pico_banana.sharing.huggingface.request import Request

    Request.of(name, **options)
    kind = import_module(BUILDER_MODULE).PicoBanana400k
    with kept_in(cache_dir or "the cache of datasets"):
        return kind(
            cache_dir=None if cache_dir is None else str(cache_dir),
            dataset_name=DATASET_NAME,
            config_name=parse_subset(name).value,
            features=features,
            **options,
        )
