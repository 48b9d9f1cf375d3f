"""The rows of the embedded sample: which text goes with which photo and which picture, and the files they are in."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pico_banana.rehearsal.making import layout
from pico_banana.rehearsal.making.lines import LineWriter
from pico_banana.rehearsal.making.names import BASE_URL, STALE_PREFIX, Names
from pico_banana.rehearsal.making.synthetic import UNKNOWN_LABEL, Made, spoilt
from pico_banana.rehearsal.making.traps import Trap
from tests.sample_maker.studio import collection
from tests.sample_maker.studio.shots import photos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sample_maker.studio.collection import Edit, Session
    from tests.sample_maker.studio.shots import Photo

SEED = 2510


class Sample:
    """The content of the sample: rows, and which picture goes with which."""

    def __init__(self) -> None:
        """Read what the sample consists of; nothing is drawn yet."""
        self.edits = collection.edits()
        self.sessions = collection.sessions()
        self.photos = tuple(photos().values())
        retried = [edit.number for edit in self.edits if edit.retry and edit.has_picture]
        self._preferences = {number: place for place, number in enumerate(retried)}
        self.names = Names.of(rows=len(self.edits), preferences=len(retried), seed=SEED)

    def photo_url(self, photo: Photo) -> str:
        """Give where a photo seems to lie.

        Args:
            photo: the photo.

        Returns:
            Its address.
        """
        return self.names.photo(self.photos.index(photo))

    def owner(self, edit: Edit) -> Edit:
        """Give the row whose picture a row names.

        Args:
            edit: the row.

        Returns:
            The row before it in the traps in which two rows share a picture, else itself.
        """
        return edit if edit.has_picture else self.owner(self.edits[edit.number - 1])

    def edited_path(self, edit: Edit) -> str:
        """Give the path of the picture a row names.

        Args:
            edit: the row.

        Returns:
            The path.
        """
        owner = self.owner(edit)
        return self.names.edited(owner.number, owner.retry)

    def rejected_paths(self, edit: Edit) -> list[str]:
        """Give the paths of the attempts that failed.

        Args:
            edit: the row.

        Returns:
            One path an attempt.
        """
        return [self.names.rejected(self._preferences[edit.number], place) for place in range(len(edit.rejected))]

    def turn_paths(self, session: Session) -> list[str | None]:
        """Give the paths of the pictures of a session.

        Args:
            session: the session.

        Returns:
            One path a turn; None for a picture that is missing.
        """
        paths: list[str | None] = [self.names.turn(session.number, turn + 1) for turn in range(len(session.prompts))]
        if session.trap is Trap.TURN_IMAGE_MISSING:
            paths[0] = None
        return paths

    def row(self, edit: Edit) -> Made:
        """Make a row of sft.jsonl.

        Args:
            edit: which one.

        Returns:
            The row and its traps.
        """
        if edit.trap is Trap.REPEATED_ROW:
            return Made(edit.number, self.row(self.owner(edit)).row, (edit.trap,))
        text, short = spoilt(edit.trap, edit.long, edit.short)
        row = layout.single_turn_row(
            photo=self.photo_url(edit.photo),
            text=text,
            edited=self.edited_path(edit),
            label=UNKNOWN_LABEL if edit.trap is Trap.UNKNOWN_EDIT_TYPE else edit.kind.label,
            short=short,
        )
        return Made(edit.number, row, (edit.trap,) if edit.trap else ())

    def preference(self, edit: Edit) -> Made:
        """Make the row of preference.jsonl that goes with a row.

        Args:
            edit: a row that succeeded at a retry.

        Returns:
            The row and its traps; most paths have the stale prefix, some are absolute, some as elsewhere.
        """
        prefixes = ("", BASE_URL, STALE_PREFIX, STALE_PREFIX, STALE_PREFIX, STALE_PREFIX)
        rejected = [
            prefixes[(self._preferences[edit.number] + place) % 6] + path
            for place, path in enumerate(self.rejected_paths(edit))
        ]
        return Made(edit.number, layout.preference_row(self.row(edit).row, rejected))

    def session(self, session: Session) -> Made:
        """Make a row of multi-turn.jsonl.

        Args:
            session: which one.

        Returns:
            The row.
        """
        row = layout.session_row(self.photo_url(session.photo), session.prompts, self.turn_paths(session))
        return Made(session.number, row)

    @property
    def retried(self) -> tuple[Edit, ...]:
        """The rows that succeeded at a retry."""
        return tuple(edit for edit in self.edits if edit.number in self._preferences)


def text_files(sample: Sample) -> Iterator[tuple[str, bytes]]:
    """Make the rows files and the manifests.

    Args:
        sample: the content.

    Yields:
        (path, content).
    """
    yield layout.SINGLE_TURN_ROWS, _lines(sample.row(edit) for edit in sample.edits)
    yield layout.PREFERENCE_ROWS, _lines(sample.preference(edit) for edit in sample.retried)
    yield layout.MULTI_TURN_ROWS, _lines(sample.session(session) for session in sample.sessions)
    edited = [sample.edited_path(edit) for edit in sample.edits if edit.has_picture]
    rejected = [path for edit in sample.retried for path in (*sample.rejected_paths(edit), sample.edited_path(edit))]
    turns = [path for session in sample.sessions for path in sample.turn_paths(session) if path]
    yield layout.SINGLE_TURN_MANIFEST, _manifest(edited)
    yield layout.PREFERENCE_MANIFEST, _manifest(rejected)
    yield layout.MULTI_TURN_MANIFEST, _manifest(turns)


def _lines(rows: Iterator[Made]) -> bytes:
    buffer = io.BytesIO()
    writer = LineWriter(buffer, traps=True)
    for made in rows:
        writer.write(made)
    return buffer.getvalue()


def _manifest(paths: list[str]) -> bytes:
    return "".join(f"{BASE_URL}{path}\n" for path in sorted(paths, key=lambda path: path[::-1])).encode()
