"""Pico-Banana-400K: load it, filter it, look at it, train from it, publish it, make it anew.

::

    import pico_banana as pb

    ds = pb.load("single_turn", categories=["Human-Centric"])   # milliseconds, no pictures
    ds[0].edited.image()                                        # a picture, fetched on first use

Importing this package loads nothing heavy: every name below is fetched from its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pico_banana.dataset import PicoBanana
    from pico_banana.errors import PicoBananaError
    from pico_banana.loading import load
    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.records import Flag, ImageRef, InstructionPair, MultiTurn, Preference, SingleTurn, Subset, Turn
    from pico_banana.rows.choosing.selection import Selection
    from pico_banana.rows.lines.published import read_jsonl
    from pico_banana.rows.sharding.on_ray import on_ray
    from pico_banana.rows.sharding.shard import Shard
    from pico_banana.rows.sharding.work import work_on
    from pico_banana.sharing.huggingface import load_dataset, prepare
    from pico_banana.sharing.huggingface.registration import register, unregister
    from pico_banana.taxonomy import Category, EditType, categories, category, edit_type, edit_types

__all__ = [
    "Category",
    "EditType",
    "Flag",
    "ImageRef",
    "InstructionPair",
    "Mirror",
    "MultiTurn",
    "PicoBanana",
    "PicoBananaError",
    "Preference",
    "Selection",
    "Shard",
    "SingleTurn",
    "Subset",
    "Turn",
    "categories",
    "category",
    "edit_type",
    "edit_types",
    "load",
    "load_dataset",
    "on_ray",
    "prepare",
    "read_jsonl",
    "register",
    "unregister",
    "work_on",
]
__version__ = "0.1.0"

_HOME = {
    "mirrors.catalog": ("Mirror",),
    "dataset": ("PicoBanana",),
    "errors": ("PicoBananaError",),
    "sharing.huggingface": ("load_dataset", "prepare"),
    "loading": ("load",),
    "records": ("Flag", "ImageRef", "InstructionPair", "MultiTurn", "Preference", "SingleTurn", "Subset", "Turn"),
    "sharing.huggingface.registration": ("register", "unregister"),
    "rows.lines.published": ("read_jsonl",),
    "rows.choosing.selection": ("Selection",),
    "rows.sharding.on_ray": ("on_ray",),
    "rows.sharding.shard": ("Shard",),
    "rows.sharding.work": ("work_on",),
    "taxonomy": ("Category", "EditType", "categories", "category", "edit_type", "edit_types"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> object:
    """Fetch a public name from its module on first use.

    Args:
        name: the name.

    Returns:
        What it stands for.

    Raises:
        AttributeError: it is not public.
    """
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'pico_banana' has no attribute {name!r}; public names: {', '.join(__all__)}")
    value = getattr(import_module(f"pico_banana.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
