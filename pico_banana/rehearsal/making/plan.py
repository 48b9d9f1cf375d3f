"""What a synthetic mirror will hold: which row has which type, photo, name and trap, each a function of numbers.

Nothing here is a list of rows, so a plan of ten million rows is as small as one of ten.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.rehearsal.making.dice import Dice, Scatter
from pico_banana.rehearsal.making.names import Names
from pico_banana.rehearsal.making.orders import Order, Stretch, stretches
from pico_banana.rehearsal.making.traps import NO_TRAPS, PREFERENCE_TRAPS, ROW_TRAPS, SESSION_TRAPS, Trap, TrapPlan
from pico_banana.taxonomy import EditType, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterator

# In the release 56,473 of 257,730 rows succeeded at a retry, and there are about 72,000 sessions.
PUBLISHED_ROWS, PUBLISHED_PREFERENCES, PUBLISHED_SESSIONS = 257_730, 56_473, 72_000
ROWS_PER_PHOTO = 4
_RETRY, _TURNS, _SESSION_TYPES = 21, 22, 23


@dataclass(frozen=True, slots=True)
class MirrorSpec:
    """What somebody asked for.

    Attributes:
        rows: single-turn rows.
        preferences: preference rows, so many of the single-turn rows have a `_retryN` name.
        sessions: multi-turn rows.
        seed: another seed gives other rows and pictures.
        size: width and height of the source photos, in pixels.
        traps: whether the known problems of the release are there.
        shared_photos: whether several rows, also of different subsets, share one photo.
        base_url: what addresses in the manifests start with; ends in a slash.
        photo_host: where the photos seem to lie, without `farmN.`.
        order: how the rows follow one another.
    """

    rows: int
    preferences: int
    sessions: int
    seed: int
    size: tuple[int, int]
    traps: bool
    shared_photos: bool
    base_url: str
    photo_host: str
    order: Order = Order.RELEASE

    @property
    def photos(self) -> int:
        """How many source photos the rows use."""
        if self.shared_photos:
            return max(1, -(-self.rows // ROWS_PER_PHOTO))
        return self.rows + self.sessions


class MirrorPlan:
    """Everything the files of one mirror must agree on.

    Attributes:
        spec: what was asked for.
        names: what files are called.
        row_traps: which rows of sft.jsonl have which trap.
        preference_traps: the same by preference number.
        session_traps: the same by session number.
    """

    def __init__(self, spec: MirrorSpec) -> None:
        """Derive everything from what was asked for."""
        self.spec = spec
        rising = spec.photos if spec.order is Order.RELEASE else 0
        self.names = Names.of(
            rows=spec.rows, preferences=spec.preferences, seed=spec.seed, host=spec.photo_host, photos=rising
        )
        self.row_traps = TrapPlan.of(ROW_TRAPS, spec.rows) if spec.traps else NO_TRAPS
        self.preference_traps = TrapPlan.of(PREFERENCE_TRAPS, spec.preferences) if spec.traps else NO_TRAPS
        self.session_traps = TrapPlan.of(SESSION_TRAPS, spec.sessions) if spec.traps else NO_TRAPS
        self._types = edit_types()
        self._stretches = stretches(spec.order, proportions(spec.rows), seed=spec.seed)
        self._firsts = [stretch.first for stretch in self._stretches]
        self._retries = Scatter.of(spec.rows, spec.seed + 5)
        self._photo_groups = Scatter.of(-(-spec.rows // 2), spec.seed + 6)
        self._session_photos = Scatter.of(spec.photos, spec.seed + 7)

    def edit_type(self, row: int) -> EditType:
        """Give the type of a row, which its place in the file decides.

        Args:
            row: its number in sft.jsonl, from 0.

        Returns:
            The type.
        """
        return self._stretch(row).edit_type(row)

    def _stretch(self, row: int) -> Stretch:
        return self._stretches[bisect_right(self._firsts, row) - 1]

    def preference(self, row: int) -> int | None:
        """Give the number of the preference row that goes with a row.

        Args:
            row: its number in sft.jsonl.

        Returns:
            A number from 0 to `preferences - 1`, in no order; None when the first attempt succeeded.
        """
        place = self._retries.at(row)
        return place if place < self.spec.preferences else None

    def retry(self, row: int) -> int:
        """Give how many attempts failed before a row's edit succeeded.

        Args:
            row: its number in sft.jsonl.

        Returns:
            0, 1 or 2.
        """
        preference = self.preference(row)
        return 0 if preference is None else 1 + preference % 2

    def twin(self, row: int) -> int:
        """Give an earlier row of the same number of attempts, for the traps in which two rows share something.

        Args:
            row: its number in sft.jsonl.

        Returns:
            The nearest such row; `row` itself when there is none.
        """
        retry = self.retry(row)
        return next((earlier for earlier in range(row - 1, -1, -1) if self.retry(earlier) == retry), row)

    def edited_path(self, row: int) -> str:
        """Give the path of a row's edited picture.

        Args:
            row: its number in sft.jsonl.

        Returns:
            The path; that of another row when the two collide.
        """
        owner = self.twin(row) if self.shares_output(row) else row
        return self.edited_path(owner) if owner != row else self.names.edited(row, self.retry(row))

    def shares_output(self, row: int) -> bool:
        """Tell whether a row's edited picture belongs to another row.

        Args:
            row: its number in sft.jsonl.

        Returns:
            True for colliding and for repeated rows.
        """
        return self.row_traps.at(row) in {Trap.SHARED_OUTPUT, Trap.REPEATED_ROW} and self.twin(row) != row

    def rejected_paths(self, row: int) -> list[str]:
        """Give the paths of the pictures that were rejected before a row's edit.

        Args:
            row: its number in sft.jsonl.

        Returns:
            One or two paths; none when the first attempt succeeded, or in the trap of the empty list.
        """
        preference = self.preference(row)
        if preference is None or self.preference_traps.at(preference) is Trap.REJECTED_EMPTY:
            return []
        return [self.names.rejected(preference, attempt) for attempt in range(self.retry(row))]

    def photo(self, row: int) -> int:
        """Give the photo of a row: neighbours share one, and rows further on use it again.

        Args:
            row: its number in sft.jsonl.

        Returns:
            The photo's number.
        """
        if not self.spec.shared_photos:
            return row
        if self.spec.order is Order.BLOCKS:
            return self._photo_groups.at(row // 2) % self.spec.photos
        stretch = self._stretch(row)
        return (row - stretch.first) * self.spec.photos // stretch.size

    def session_photo(self, session: int) -> int:
        """Give the photo of a session; single-turn rows use it too when photos are shared.

        Args:
            session: its number in multi-turn.jsonl, from 0.

        Returns:
            The photo's number.
        """
        if self.spec.shared_photos:
            return self._session_photos.at(session % self.spec.photos)
        return self.spec.rows + session

    def turn_types(self, session: int) -> tuple[EditType, ...]:
        """Give the types of the edits of a session.

        Args:
            session: its number in multi-turn.jsonl.

        Returns:
            2 to 5 types, or 1 or 6 in a trap.
        """
        dice = Dice(self.spec.seed, _SESSION_TYPES, session)
        return tuple(dice.pick(self._types) for _ in range(self.turns(session)))

    def turns(self, session: int) -> int:
        """Give the number of turns of a session.

        Args:
            session: its number in multi-turn.jsonl.

        Returns:
            2 to 5, or 1 or 6 in a trap.
        """
        odd = {Trap.TURNS_TOO_FEW: 1, Trap.TURNS_TOO_MANY: 6}
        trap = self.session_traps.at(session)
        return odd[trap] if trap in odd else 2 + (session + Dice(self.spec.seed, _TURNS).roll(4)) % 4

    def turn_paths(self, session: int) -> list[str | None]:
        """Give the paths of the pictures of a session.

        Args:
            session: its number in multi-turn.jsonl.

        Returns:
            One a turn; None for the one that is missing in a trap.
        """
        paths: list[str | None] = [self.names.turn(session, turn) for turn in range(1, self.turns(session) + 1)]
        if self.session_traps.at(session) is Trap.TURN_IMAGE_MISSING:
            paths[0] = None
        return paths

    def rows(self) -> Iterator[int]:
        """Give the row numbers in an order that is not theirs, as manifests have it.

        Yields:
            Every row number once.
        """
        order = Scatter.of(self.spec.rows, self.spec.seed + 8)
        return (order.at(index) for index in range(self.spec.rows))


def proportions(rows: int) -> list[int]:
    """Share rows out over the 35 types as the release does.

    Args:
        rows: how many rows there are.

    Returns:
        A count a type, in published order, that add up to `rows`; none is 0 when there are at least 35.
    """
    published = [kind.published_count for kind in edit_types()]
    total = sum(published)
    floor = 1 if rows >= len(published) else 0
    spare = rows - floor * len(published)
    shares = [spare * count / total for count in published]
    counts = [floor + int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda place: int(shares[place]) - shares[place])
    for place in by_remainder[: rows - sum(counts)]:
        counts[place] += 1
    return counts
