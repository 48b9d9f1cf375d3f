"""What all formats share: which edits, their pictures, the files written, what failed, and how a job is resumed.

A folder that is being written holds `export.json` with `"complete": false` and the key of the job. A second run with
the same key finishes it; another is refused. Files appear whole or not at all, so those that are there count when they
have the right size. What was left out is tried again by every later run.
"""

from __future__ import annotations

from collections import Counter as Counts
from dataclasses import asdict
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from pico_banana.mirrors.store import remove_leftovers, sha256_of, write_atomic
from pico_banana.records.wording import MADE_ANEW
from pico_banana.sharing.export.edits import Edit, Example, edits_of
from pico_banana.sharing.export.forecast import Counter, Progress
from pico_banana.sharing.export.gathering import Gathering, tried
from pico_banana.sharing.export.manifest import LICENCES, VERSION, write_manifest
from pico_banana.sharing.export.ordering import ordered
from pico_banana.sharing.export.report import ExportReport
from pico_banana.sharing.export.resuming import Earlier, find_earlier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.sharing.export.manifest import FormatFacts, ShardNote
    from pico_banana.sharing.export.options import ExportOptions
    from pico_banana.sharing.export.pictures import Picture

__all__ = ["ExportReport", "Job"]
R = TypeVar("R")
E = TypeVar("E", bound="Example")


class Job:
    """One export: what a format's file works with.

    Attributes:
        dataset: the rows.
        folder: where the export goes.
        options: the choices.
        gathering: gets pictures ready.
        report: what became of the examples.
        wanted: the addresses of the pictures of every example left out, by id.
        changes: how many pictures are not as published, by what was done to them.
    """

    def __init__(
        self,
        dataset: RecordSequence[Any],
        folder: Path,
        *,
        form: FormatFacts,
        options: ExportOptions,
        local_path: Callable[[str], Path],
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """Describe a job; nothing is written before `begin`.

        Args:
            dataset: the rows.
            folder: where the export goes.
            form: the format.
            options: the choices, with the name of the split.
            local_path: gives the file of an address, fetching it where it must.
            progress: told how far it is after every example.
        """
        self.dataset, self.folder, self.options = dataset, folder, options
        self._form, self._progress = form, progress
        self.gathering = Gathering(dataset, options, local_path)
        self.report = ExportReport()
        self.wanted: dict[str, list[str]] = {}
        self.changes: Counts[str] = Counts()
        self._files: dict[str, str | None] = {}
        self._notes: dict[str, dict[str, Any]] = {}
        self._earlier = Earlier()
        self._counter = Counter(len(dataset))
        self._afterwards: list[Callable[[], object]] = []

    @cached_property
    def key(self) -> str:
        """What the export is made of, as a hash: another one does not continue it."""
        rows, texts = self.dataset, [self.dataset.texts.name] if self.options.wording in MADE_ANEW else []
        chosen = [str(selection) for selection in rows.selections]
        made_of = (self._form.name, self.options.to_dict(), rows.mirror.name, chosen, rows.ids, *texts)
        return sha256(repr(made_of).encode("utf-8", "surrogatepass")).hexdigest()

    def begin(self) -> bool:
        """Mark the folder as being written, after a look at what an earlier run left.

        Returns:
            False when this very export is already complete: every file has its size (with `verify` also its content),
            and nothing that was left out can be had by now.

        Raises:
            ExportError: the folder holds another export, or files that are of none.
        """
        self._earlier = find_earlier(
            self.folder, self._form, self.options.split, key=self.key, verify=self.options.verify
        )
        done = self._earlier.report
        if done is not None and not any(map(self.gathering.can_be_had, self._earlier.wanted.values())):
            self.report = done
            return False
        self._earlier.drop_damaged(self.folder)
        remove_leftovers(self.folder)
        mine = {"version": VERSION, "key": self.key, "complete": False, **self._about()}
        write_manifest(self.folder, mine, self._earlier.others)
        return True

    def finish(self) -> None:
        """Write the manifest: the export is complete."""
        self._earlier.drop_forgotten(self.folder, set(self._files))
        paths = {name: self.folder / name for name in sorted(self._files)}
        self.report.size = sum(path.stat().st_size for path in paths.values())
        mine = {
            "version": VERSION,
            "key": self.key,
            "complete": True,
            **self._about(),
            "options": self.options.to_dict(),
            "mirror": self.dataset.mirror.name,
            "selections": [selection.parts() for selection in self.dataset.selections],
            "counts": {**asdict(self.report), "rows": len(self.dataset)},
            "wanted": self.wanted,
            "pictures": self._what_became_of_pictures(),
            "licences": LICENCES,
            "files": {name: self._described(name, path) for name, path in paths.items()},
            "shards": self._notes,
        }
        write_manifest(self.folder, mine, self._earlier.others)
        for action in self._afterwards:
            action()

    def edits(self, *, rejected: bool = False) -> Iterator[Edit]:
        """Give the dataset's edits in the wanted wording.

        Args:
            rejected: with the rejected pictures of preference rows, for formats that write them; a row is left out
                for want of a picture only where the format names it.
        """
        return edits_of(self.dataset, self.options.wording, rejected=rejected, texts=self.dataset.texts)

    def with_pictures(self, examples: Iterable[E], *, tally: bool = True) -> Iterator[tuple[E, dict[str, Picture]]]:
        """Get every example's pictures ready, in threads, and give them in order.

        Args:
            examples: edits, or whole rows.
            tally: count them into the report's total; shards do that themselves.

        Yields:
            Each with its pictures by role; one whose pictures cannot be had is noted as failed, and left out.
        """
        for example, pictures in self.each(examples, lambda _, pictures: pictures, tally=tally):
            self.note_changes(pictures.values())
            yield example, pictures

    def each(
        self, examples: Iterable[E], work: Callable[[E, dict[str, Picture]], R], *, tally: bool = True
    ) -> Iterator[tuple[E, R]]:
        """Do something with every example's pictures, in threads, and give the results in order.

        Args:
            examples: edits, or whole rows.
            work: takes an example and its pictures by role; called in several threads.
            tally: count them into the report's total.

        Yields:
            Each with its result; one whose pictures cannot be had is noted as failed, and left out.
        """

        def done(example: E) -> tuple[R, int] | str:
            def with_size() -> tuple[R, int]:
                pictures = self.gathering.ready(example.pictures)
                return work(example, pictures), sum(picture.size for picture in pictures.values())

            return tried(with_size)

        for example, outcome in ordered(examples, done, workers=self.options.workers):
            self.report.total += tally
            if isinstance(outcome, str):
                self.report.failed[example.id] = outcome
                self.wanted[example.id] = list(example.pictures.values())
            else:
                yield example, outcome[0]
            self._counter.passed(example.row, 0 if isinstance(outcome, str) else outcome[1])
            if self._progress is not None:
                self._progress(self._counter.progress(len(self.report.failed)))

    def place(self, picture: Picture, name: str) -> bool:
        """Make a picture a file of the export, unless an earlier call did; several threads may.

        Args:
            picture: the picture.
            name: the file's path below the folder, with forward slashes.

        Returns:
            True when it was written, False when it was there.
        """
        path, digest = self.folder / name, self.options.checksums
        if self._earlier.is_there(path, picture, verify=self.options.verify):
            self._files[name] = (self._earlier.digest_of(name) or sha256_of(path)) if digest else None
            return False
        self._files[name] = picture.place(path, link=self.options.links, digest=digest)
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
        data = text.encode("utf-8", "replace")  # half a surrogate pair can be in no file
        write_atomic(self.folder / name, data)
        self._files[name] = sha256(data).hexdigest() if self.options.checksums else None

    def add(self, name: str, *, digest: str | None = None, note: dict[str, Any] | None = None) -> None:
        """Note a file that was written otherwise.

        Args:
            name: the file's path below the folder.
            digest: its SHA-256, where it is known.
            note: what is in it, for a later run.
        """
        self._files[name] = digest or self._files.get(name)
        if note is not None:
            self._notes[name] = note

    def take_over(self, note: ShardNote) -> None:
        """Count what an earlier run wrote.

        Args:
            note: what is in the shard.
        """
        self.report.reused += note.written
        self.report.total += note.written + len(note.failed)
        self.report.failed.update(note.failed)
        self.wanted.update(note.wanted)
        self.changes.update(note.changes)
        self._counter.skipped(note.written + len(note.failed), note.size)

    def earlier_note(self, name: str) -> dict[str, Any] | None:
        """Give what a complete earlier run noted about a shard that is still sound.

        Args:
            name: the shard's file.

        Returns:
            Its note, or None.
        """
        return self._earlier.notes.get(name)

    def note_changes(self, pictures: Iterable[Picture]) -> None:
        """Count the pictures that are not as published.

        Args:
            pictures: pictures that go into the export.
        """
        self.changes.update(picture.change for picture in pictures if picture.change)

    def when_complete(self, action: Callable[[], object]) -> None:
        """Do something once the manifest says that the export is complete.

        Args:
            action: what to do.
        """
        self._afterwards.append(action)

    def _about(self) -> dict[str, Any]:
        return {
            "format": self._form.name,
            "subset": self.dataset.subset.value,
            "split": self.options.split,
            "folder": str(self.folder.resolve()),
        }

    def _what_became_of_pictures(self) -> str:
        told = ", ".join(f"{count:,} {what}" for what, count in sorted(self.changes.items()))
        if not self.options.keeps_bytes:
            return told if self.options.geometry.registered else "resized or re-encoded"
        return f"unchanged but for {told}" if told else "unchanged"

    def _described(self, name: str, path: Path) -> dict[str, Any]:
        digest = self._files[name] or (sha256_of(path) if self.options.checksums else None)
        return {"bytes": path.stat().st_size} | ({"sha256": digest} if digest else {})
