"""`register`: the bare name `pico-banana-400k` for stock `datasets.load_dataset`, with every argument.

`datasets` has no hook for a dataset that an installed package brings. It finds the builder for a name in one private
function, `dataset_module_factory`; `register` puts a wrapper around it that knows our names and passes on all others.
Nothing of this happens at import.
"""

from __future__ import annotations

from typing import Any

from pico_banana.sharing.huggingface.features import LAYOUT
from pico_banana.sharing.huggingface.making import BUILDER_MODULE, DATASET_NAME
from pico_banana.sharing.huggingface.refused import reject_foreign

_NAMES: set[str] = set()
_ORIGINAL: list[Any] = []


def register(alias: str = DATASET_NAME) -> None:
    """Let `datasets.load_dataset(alias, ...)` and its relatives find our builder, in this process.

    Args:
        alias: the name to answer to; also one like "somebody/pico-banana-400k".
    """
    _NAMES.add(alias)
    if not _ORIGINAL:
        _ORIGINAL.append(_replace(_find_module))


def unregister(alias: str | None = None) -> None:
    """Undo `register`.

    Args:
        alias: the name to give up; None for all.
    """
    _NAMES.difference_update(_NAMES.copy() if alias is None else {alias})
    if not _NAMES and _ORIGINAL:
        _replace(_ORIGINAL.pop())


def _replace(factory: Any) -> Any:  # noqa: ANN401 - datasets is untyped
    """Put another `dataset_module_factory` in both places it is called from; give the one that was there."""
    import datasets.inspect
    import datasets.load

    before = datasets.load.dataset_module_factory
    datasets.load.dataset_module_factory = datasets.inspect.dataset_module_factory = factory
    return before


def _find_module(path: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as datasets declares it
    if path not in _NAMES:
        return _ORIGINAL[0](path, *args, **options)
    from datasets.load import DatasetModule

    # Its other arguments reach the builder, which refuses what it does not know; these two end here.
    token = getattr(options.get("download_config"), "token", None)
    reject_foreign({"revision": options.get("revision") or next(iter(args), None), "token": token})
    # A new dict each time: load_dataset_builder takes things out of it. The hash is replaced by `settle`.
    return DatasetModule(BUILDER_MODULE, LAYOUT, {"dataset_name": DATASET_NAME})
