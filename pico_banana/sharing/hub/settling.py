"""A folder that holds exactly one publication: what an earlier one left goes, what is somebody else's is refused.

::

    publication.json          what the last finished publication wrote (`manifest`)
    .publishing.json          names that a publication under way may have written; gone once it is finished
    <config>/.<split>/        the state of a run of the Parquet writer (`parquet.run`)
"""

from __future__ import annotations

import json
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import write_atomic
from pico_banana.sharing.hub.card_parts import prose_id, with_prose
from pico_banana.sharing.hub.manifest import MANIFEST, Manifest, list_files, read_manifest, visible_files
from pico_banana.sharing.hub.published import CARD

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_UNDER_WAY = ".publishing.json"
_SHARD = re.compile(r"(?P<config>[^/]+)/(?P<split>[^/]+)-\d{5}-of-\d{5}\.parquet")
_SHOWN = 10  # names in a message


class Settling:
    """A publication on its way into a folder: `begin`, write, `card`, `finish`."""

    def __init__(self, folder: Path) -> None:
        """Look at a folder; nothing is written.

        Args:
            folder: the repository's; need not exist.
        """
        self._folder = folder
        self._before = read_manifest(folder)
        self._names, self._proses = _under_way(folder)
        self._prose = ""

    def begin(self, names: Iterable[str]) -> None:
        """Make sure that nothing in the folder is somebody else's, and note what will be written.

        Args:
            names: the files to come, as far as they are known.

        Raises:
            ConfigError: the folder holds files that no publication of ours wrote; nothing was written.
            DiskFullError: there is no room.
            StoreError: the folder cannot be written.
        """
        foreign = [name for name in visible_files(self._folder) if not self._is_ours(name)]
        if foreign:
            text = (
                f"{self._folder} holds files that no publication of this library wrote: {told_names(foreign)}; "
                "name another folder with --to, or move them away"
            )
            raise ConfigError(text, key="to")
        self._names |= set(names)
        self._note()

    def card(self, content: bytes) -> None:
        """Write the card; prose that somebody wrote by hand stays, under the new YAML.

        Args:
            content: the card as it was generated.

        Raises:
            DiskFullError: there is no room.
            StoreError: it cannot be written.
        """
        self._prose = prose_id(content)
        generated = {*self._proses, *([self._before.prose] if self._before else []), self._prose}
        self._proses.add(self._prose)
        self._note()
        file = self._folder / CARD
        there = file.read_bytes() if file.is_file() else b""
        by_hand = bool(there) and prose_id(there) not in generated
        write_atomic(file, with_prose(content, there) if by_hand else content)

    def finish(self, names: Iterable[str]) -> Manifest:
        """Delete what an earlier publication left, and list what this one wrote.

        Args:
            names: every file of this publication.

        Returns:
            The list, as it lies in the folder.

        Raises:
            DiskFullError: there is no room.
            StoreError: the folder cannot be written.
        """
        expected = set(names)
        self._drop_files(expected)
        self._drop_runs(expected)
        manifest = Manifest(list_files(self._folder, expected), self._prose)
        write_atomic(self._folder / MANIFEST, manifest.content())
        (self._folder / _UNDER_WAY).unlink(missing_ok=True)
        return manifest

    def _is_ours(self, name: str) -> bool:
        listed = self._before is not None and (name in self._before.files or name == MANIFEST)
        shard = _SHARD.fullmatch(name)
        state = shard and self._folder / shard["config"] / f".{shard['split']}" / "run.json"
        return listed or name in self._names or bool(state and state.is_file())

    def _drop_files(self, expected: set[str]) -> None:
        for name in visible_files(self._folder):
            if name not in expected and name != MANIFEST and self._is_ours(name):
                (self._folder / name).unlink()
                with suppress(OSError):  # it is not empty
                    (self._folder / name).parent.rmdir()

    def _drop_runs(self, expected: set[str]) -> None:
        """Forget the runs of splits that are no more."""
        kept = {(match["config"], match["split"]) for name in expected if (match := _SHARD.fullmatch(name))}
        for state in self._folder.glob("*/.*/run.json"):
            config, split = state.parent.parent, state.parent.name.removeprefix(".")
            if (config.name, split) not in kept and b'"shards"' in state.read_bytes():
                shutil.rmtree(state.parent)
                with suppress(OSError):  # it is not empty
                    config.rmdir()

    def _note(self) -> None:
        facts = {"names": sorted(self._names), "proses": sorted(self._proses)}
        write_atomic(self._folder / _UNDER_WAY, json.dumps(facts).encode())


def told_names(names: list[str]) -> str:
    """Name files in a message.

    Args:
        names: their paths.

    Returns:
        The first ones, and how many more there are.
    """
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _under_way(folder: Path) -> tuple[set[str], set[str]]:
    """Read what a stopped publication noted: names, and the ids of the proses it generated."""
    try:
        facts = read_note(folder / _UNDER_WAY)
        return {str(name) for name in facts["names"]}, {str(prose) for prose in facts["proses"]}
    except (FileNotFoundError, NotADirectoryError, *ODD_SHAPE):
        return set(), set()
