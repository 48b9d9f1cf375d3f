"""What a download would do, as a value: files, hosts, bytes, what is there already, and whether it fits."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import DiskFullError
from pico_banana.mirrors.catalog import facts
from pico_banana.mirrors.fetch.item import ORIGINAL, Candidate, FetchItem
from pico_banana.mirrors.fetch.pacing import host_of
from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pico_banana.mirrors.fetch.failures import Failures

_ABOUT_ORIGINAL_BYTES = 3_000_000  # 0.5 to 20 megapixels (dataset.md)
_SPARE = 1.05  # a disk that is full to the last block is of no use
_ENOUGH_SEEN = 20  # sizes of files that are there tell more than a guess, once there are so many


@dataclass(frozen=True, slots=True)
class Plan(Carded):
    """What a download would do.

    Attributes:
        files: pictures the rows need, each counted once.
        present: of these, on disk already.
        gone: of these, known to be gone everywhere; they are not asked for.
        missing: of these, to be fetched.
        unusable: of these, lines that are no rows and addresses that are none; they will count as failed.
        bytes_known: length of missing files whose size is published.
        bytes_estimated: guessed length of the other missing files.
        bytes_present: length of the files that are there.
        hosts: missing files by the host that is asked first.
        sources: missing files by the place that is asked first.
        free_bytes: room on the disk of `root`.
        root: where files go.
    """

    files: int = 0
    present: int = 0
    gone: int = 0
    missing: int = 0
    unusable: int = 0
    bytes_known: int = 0
    bytes_estimated: int = 0
    bytes_present: int = 0
    hosts: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    free_bytes: int = 0
    root: Path = Path()

    @property
    def bytes_to_fetch(self) -> int:
        """Length of all missing files, known and guessed."""
        return self.bytes_known + self.bytes_estimated

    @property
    def fits(self) -> bool:
        """Whether the disk has room for it."""
        return self.bytes_to_fetch * _SPARE <= self.free_bytes

    def require_room(self) -> None:
        """Refuse a download that does not fit.

        Raises:
            DiskFullError: there is too little room.
        """
        if not self.fits:
            text = (
                f"{self.missing:,} files of about {readable(self.bytes_to_fetch)} do not fit on {self.root}, which has "
                f"{readable(self.free_bytes)} free; select fewer rows, or set PICO_BANANA_HOME to a larger disk"
            )
            raise DiskFullError(text, path=str(self.root))

    def as_dict(self) -> dict[str, object]:
        """Give the plan for `--json`.

        Returns:
            Plain values only.
        """
        names = (
            "files",
            "present",
            "gone",
            "missing",
            "unusable",
            "bytes_known",
            "bytes_estimated",
            "bytes_present",
            "free_bytes",
        )
        values: dict[str, object] = {name: getattr(self, name) for name in names}
        return values | {"hosts": dict(self.hosts), "sources": dict(self.sources), "root": str(self.root)}

    def summary(self) -> str:
        """Say what would happen, for people.

        Returns:
            A few lines.
        """
        lines = [
            f"{self.files:,} files: {self.present:,} are here ({readable(self.bytes_present)}), "
            f"{self.missing:,} to fetch"
            + (f", {self.gone:,} known to be gone" if self.gone else "")
            + (f", {self.unusable:,} unusable lines or addresses" if self.unusable else "")
        ]
        if self.missing:
            known = f"{readable(self.bytes_known)} known" if self.bytes_known else ""
            guessed = f"about {readable(self.bytes_estimated)} estimated" if self.bytes_estimated else ""
            lines.append(f"size: {' + '.join(part for part in (known, guessed) if part)}")
        lines += [f"  {count:>9,} from {host}" for host, count in sorted(self.hosts.items(), key=lambda pair: -pair[1])]
        lines.append(f"room: {readable(self.free_bytes)} free at {self.root}{'' if self.fits else ': TOO LITTLE'}")
        return "\n".join(lines)


def make_plan(items: Iterable[FetchItem], *, root: Path, failures: Failures | None = None) -> Plan:
    """Look at every item once, without asking anybody.

    Args:
        items: the items, as a stream; none is kept.
        root: where files go.
        failures: what is known to be gone.

    Returns:
        The plan.
    """
    counter = _Counter(failures)
    for item in items:
        counter.add(item)
    return counter.plan(root)


class _Counter:
    def __init__(self, failures: Failures | None) -> None:
        self._failures = failures
        self._known = self._present = self._present_bytes = self._gone = self._missing = self._unusable = 0
        self._hosts: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._unsized: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._seen_bytes: Counter[str] = Counter()

    def add(self, item: FetchItem) -> None:
        if item.problem is not None:
            self._unusable += 1
            return
        try:
            size = os.stat(item.path).st_size  # noqa: PTH116 - Path.stat costs twice as much, a million times
        except OSError:
            size = 0
        if size:
            self._present += 1
            self._present_bytes += size
            self._seen[item.kind] += 1
            self._seen_bytes[item.kind] += size
            return
        candidate = self._first_open(item)
        if candidate is None:
            self._gone += 1
            return
        self._missing += 1
        self._hosts[host_of(candidate.url)] += 1
        self._sources[candidate.source] += 1
        if candidate.size is not None:
            self._known += candidate.size
        else:
            self._unsized[ORIGINAL if candidate.variant == ORIGINAL else item.kind] += 1

    def plan(self, root: Path) -> Plan:
        return Plan(
            files=self._present + self._gone + self._missing + self._unusable,
            unusable=self._unusable,
            present=self._present,
            gone=self._gone,
            missing=self._missing,
            bytes_known=self._known,
            bytes_estimated=sum(count * self._about(kind) for kind, count in self._unsized.items()),
            bytes_present=self._present_bytes,
            hosts=dict(self._hosts),
            sources=dict(self._sources),
            free_bytes=free_bytes(root),
            root=root,
        )

    def _first_open(self, item: FetchItem) -> Candidate | None:
        for number in range(len(item.candidates)):
            candidate = item.candidate(number)
            if self._failures is None or not self._failures.reason(candidate.url):
                return candidate
        return None

    def _about(self, kind: str) -> int:
        if self._seen[kind] >= _ENOUGH_SEEN:
            return self._seen_bytes[kind] // self._seen[kind]
        guesses = {
            "png": facts()["about_bytes_per_edit"],
            "jpeg": facts()["about_bytes_per_photo"],
            ORIGINAL: _ABOUT_ORIGINAL_BYTES,
        }
        return int(guesses.get(kind, 0))


def free_bytes(folder: Path) -> int:
    """Say how much room the disk of a folder has.

    Args:
        folder: need not exist.

    Returns:
        Bytes an ordinary user may still write.
    """
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
