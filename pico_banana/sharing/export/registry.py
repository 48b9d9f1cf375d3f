"""The formats by name: those of this package, and those that other packages register as entry points.

A package adds a format under the group `pico_banana.exporters`::

    [project.entry-points."pico_banana.exporters"]
    mine = "my_package.my_export:FORMAT"

where FORMAT is a `Format`. It then works as `pico-banana export mine`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.mirrors.plugins import load_plugin, plugin_names
from pico_banana.records import Subset

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.sharing.export.job import Job

GROUP = "pico_banana.exporters"
EDITS = frozenset({Subset.SINGLE_TURN, Subset.PREFERENCE, Subset.MULTI_TURN})
PAIRS = frozenset({Subset.PREFERENCE})
_MODULES = {
    "ai-toolkit": "ai_toolkit",
    "bagel": "bagel",
    "csv": "csv_table",
    "diffsynth": "diffsynth",
    "diffsynth-kontext": "diffsynth_kontext",
    "diffsynth-nexus-gen": "diffsynth_nexus_gen",
    "diffsynth-step1x": "diffsynth_step1x",
    "diffusers-img2img": "diffusers_img2img",
    "diffusers-ip2p": "diffusers_ip2p",
    "diffusion-dpo": "diffusion_dpo",
    "edit-reward": "edit_reward",
    "embedding-atlas": "embedding_atlas",
    "fal": "fal",
    "flow-factory": "flow_factory",
    "gradio-space": "gradio_space",
    "imagefolder": "imagefolder",
    "jsonl": "jsonl",
    "label-studio": "label_studio",
    "lance": "lance",
    "llama-factory": "llama_factory",
    "llama-factory-preference": "llama_factory_preference",
    "longcat-edit-dpo": "longcat_edit_dpo",
    "mds": "mds",
    "ms-swift-preference": "ms_swift_preference",
    "musubi-tuner": "musubi_tuner",
    "omnigen2": "omnigen2",
    "parquet": "parquet",
    "replicate": "replicate",
    "simpletuner": "simpletuner",
    "simpletuner-flow-dpo": "simpletuner_flow_dpo",
    "trl": "trl",
    "webdataset": "webdataset",
}


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a dataset.

    Attributes:
        name: as on the command line.
        about: one line: who reads it.
        subsets: the subsets it can hold.
        write: does it.
        splits: whether several splits may lie in one folder, because every file's name says whose it is.
        words: whether it takes the wanted wording; one that does not writes every text as published.
        absolute: whether its files name others by absolute paths, which are renewed when the folder has moved.
    """

    name: str
    about: str
    subsets: frozenset[Subset]
    write: Callable[[Job], None]
    splits: bool = False
    absolute: bool = False
    words: bool = True


def formats() -> tuple[str, ...]:
    """Name every format there is.

    Returns:
        The names, sorted, those of other packages included.
    """
    return tuple(sorted({*_MODULES, *plugin_names(GROUP)}))


def find_format(name: str) -> Format:
    """Find a format by name.

    Args:
        name: one of `formats()`.

    Returns:
        The format.

    Raises:
        ConfigError: another package's entry point is no format, or cannot be loaded.
    """
    if name in _MODULES:
        found: object = import_module(f"pico_banana.sharing.export.{_MODULES[name]}").FORMAT
    else:
        found = _foreign(name)
    if not isinstance(found, Format):
        msg = f"the entry point {name!r} of group {GROUP} is a {type(found).__name__}, not a Format"
        raise ConfigError(msg, key=name)
    return found


def _foreign(name: str) -> object:
    found = load_plugin(GROUP, name)
    if found is None:
        raise unknown_name("export format", name, formats(), see="`pico-banana export --list`")
    return found
