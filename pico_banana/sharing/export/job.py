"""What all formats share: which edits, their pictures, the files written, what failed, and how a job is resumed.

A folder that is being written holds `export.json` with `"complete": false` and the key of the job. A second run with
the same key finishes it; another is refused. Files appear whole or not at all, so those that are there count.
"""

from __future__ import annotations

import json
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from pico_banana.errors import ExportError, StoreError
from pico_banana.mirrors.store import remove_leftovers, sha256_of, write_atomic
from pico_banana.sharing.export.edits import Edit, edits_of
from pico_banana.sharing.export.pictures import Picture, published, remade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.sharing.export.options import ExportOptions

MANIFEST = "export.json"
LICENCES = {
    "data": "CC BY-NC-ND 4.0, https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "source photos": "CC BY 2.0 by their authors, https://creativecommons.org/licenses/by/2.0/",
    "pictures unchanged": "may be shared for non-commercial use with attribution",
    "pictures resized or re-encoded": "for your own use; the licence does not allow sharing them",
}
_VERSION = 1
T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class ExportReport:
    """What became of the examples.

    Attributes:
        total: examples asked for; written + reused + len(failed) adds up to it.
        written: examples written by this call.
        reused: examples that an earlier, interrupted call had written.
        failed: the reason for every example left out, by id.
        size: bytes of the files of the export.
    """

    total: int = 0
    written: int = 0
    reused: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    size: int = 0


class Job:
    """One export: what a format's file works with.

    Attributes:
        dataset: the rows.
        folder: where the export goes.
        options: the choices.
        report: what became of the examples.
    """

    def __init__(
        self,
        dataset: RecordSequence[Any],
        folder: Path,
        *,
        form: str,
        options: ExportOptions,
        local_path: Callable[[str], Path],
    ) -> None:
        """Describe a job; nothing is written before `begin`.

        Args:
            dataset: the rows.
            folder: where the export goes.
            form: the format's name.
            options: the choices.
            local_path: gives the file of an address, fetching it where it must.
        """
        self.dataset, self.folder, self.options = dataset, folder, options
        self._form, self._local_path = form, local_path
        self.report = ExportReport()
        self._files: dict[str, str | None] = {}

    @cached_property
    def key(self) -> str:
        """What the export is made of, as a hash: another one does not continue it."""
        chosen = [str(selection) for selection in self.dataset.selections]
        made_of = (self._form, self.options.to_dict(), self.dataset.mirror.name, chosen, self.dataset.ids)
        return sha256(repr(made_of).encode()).hexdigest()

    def begin(self) -> bool:
        """Mark the folder as being written.

        Returns:
            False when this very export is already complete.

        Raises:
            ExportError: the folder holds another export.
        """
        path = self.folder / MANIFEST
        found = json.loads(path.read_bytes()) if path.is_file() else None
        if found is not None and found.get("key") != self.key:
            msg = f"{self.folder} holds another export; choose an empty folder, or delete that one"
            raise ExportError(msg)
        if found is not None and found["complete"] and all((self.folder / name).is_file() for name in found["files"]):
            counts = found["counts"]
            self.report = ExportReport(counts["total"], 0, counts["total"] - len(counts["failed"]), **_rest(counts))
            return False
        if found is not None:
            remove_leftovers(self.folder)
        write_atomic(path, json.dumps({"version": _VERSION, "key": self.key, "complete": False}).encode())
        return True

    def finish(self) -> None:
        """Write the manifest: the export is complete."""
        paths = {name: self.folder / name for name in sorted(self._files)}
        self.report.size = sum(path.stat().st_size for path in paths.values())
        files = {name: self._described(name, path) for name, path in paths.items()}
        content = {
            "version": _VERSION,
            "key": self.key,
            "complete": True,
            "format": self._form,
            "options": self.options.to_dict(),
            "mirror": self.dataset.mirror.name,
            "subset": self.dataset.subset.value,
            "selections": [selection.parts() for selection in self.dataset.selections],
            "counts": {**asdict(self.report), "rows": len(self.dataset)},
            "pictures": "unchanged" if self.options.keeps_bytes else "resized or re-encoded",
            "licences": LICENCES,
            "files": files,
        }
        write_atomic(self.folder / MANIFEST, json.dumps(content, indent=1, default=str).encode())

    def edits(self) -> Iterator[Edit]:
        """Give the dataset's edits in the wanted wording."""
        return edits_of(self.dataset, self.options.wording)

    def with_pictures(self, edits: Iterable[Edit], *, tally: bool = True) -> Iterator[tuple[Edit, dict[str, Picture]]]:
        """Get every edit's pictures ready, in threads, and give them in order.

        Args:
            edits: the edits.
            tally: count them into the report's total; shards do that themselves.

        Yields:
            Each edit with its pictures by role; one whose pictures cannot be had is noted as failed, and left out.
        """
        for edit, outcome in ordered(edits, lambda edit: self._prepared(edit.pictures), workers=self.options.workers):
            self.report.total += tally
            if isinstance(outcome, str):
                self.report.failed[edit.id] = outcome
            else:
                yield edit, outcome

    def row_pictures(self, rows: list[tuple[str, list[str]]]) -> list[dict[str, Picture] | None]:
        """Get the pictures of whole rows ready, in threads.

        Args:
            rows: for each its id and the addresses of its pictures; the source first, the edit second.

        Returns:
            For each its pictures by address; None where one cannot be had, which is noted as failed.
        """
        wanted = [(name, dict(zip(addresses, addresses, strict=True))) for name, addresses in rows]
        ready: list[dict[str, Picture] | None] = []
        for (name, _), outcome in ordered(wanted, lambda row: self._prepared(row[1]), workers=self.options.workers):
            if isinstance(outcome, str):
                self.report.failed[name] = outcome
            ready.append(None if isinstance(outcome, str) else outcome)
        return ready

    def place(self, picture: Picture, name: str) -> bool:
        """Make a picture a file of the export, unless an earlier call did.

        Args:
            picture: the picture.
            name: the file's path below the folder, with forward slashes.

        Returns:
            True when it was written, False when it was there.
        """
        self._files[name] = None
        path = self.folder / name
        if path.is_file() and path.stat().st_size == picture.size:
            return False
        picture.place(path)
        return True

    def count(self, *, written: bool) -> None:
        """Count an example.

        Args:
            written: whether this call wrote any of it, or it was there.
        """
        self.report.written += written
        self.report.reused += not written

    def write(self, name: str, text: str) -> None:
        """Write a text file of the export.

        Args:
            name: the file's path below the folder, with forward slashes.
            text: its content.
        """
        write_atomic(self.folder / name, text.encode())
        self._files[name] = None

    def add(self, name: str, *, digest: str | None = None) -> None:
        """Note a file that was written otherwise.

        Args:
            name: the file's path below the folder.
            digest: its SHA-256, where it is known.
        """
        self._files[name] = digest

    def _prepared(self, addresses: dict[str, str]) -> dict[str, Picture] | str:
        try:
            paths = {role: (address, self._local_path(address)) for role, address in addresses.items()}
            if self.options.keeps_bytes:
                return {role: published(address, path) for role, (address, path) in paths.items()}
            return remade(paths, self.options)
        except StoreError:
            raise
        except OSError as error:  # every picture and transport error is one
            return str(error)

    def _described(self, name: str, path: Path) -> dict[str, Any]:
        digest = self._files[name] or (sha256_of(path) if self.options.checksums else None)
        return {"bytes": path.stat().st_size} | ({"sha256": digest} if digest else {})


def ordered(items: Iterable[T], function: Callable[[T], R], *, workers: int) -> Iterator[tuple[T, R]]:
    """Call a function on items in threads, a bounded number ahead, and give the results in order.

    Args:
        items: the arguments.
        function: what to call.
        workers: threads.

    Yields:
        Each item with its result.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="pico-banana-export")
    waiting: deque[tuple[T, Any]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(function, item)))
            if len(waiting) > 4 * workers:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _rest(counts: dict[str, Any]) -> dict[str, Any]:
    return {"failed": counts["failed"], "size": counts["size"]}
