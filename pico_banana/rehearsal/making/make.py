"""Make a synthetic mirror: the published files and folders, with rows of our own, of any size.

::

    make_mirror(Path("rehearsal"), rows=257_730)                   # rows only, seconds, flat memory
    make_mirror(Path("rehearsal"), rows=100, pictures=True)        # and every picture they name
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.mirrors.store import atomic_path
from pico_banana.rehearsal.making import layout
from pico_banana.rehearsal.making.lines import LineWriter
from pico_banana.rehearsal.making.names import BASE_URL, PHOTO_HOST
from pico_banana.rehearsal.making.orders import Order
from pico_banana.rehearsal.making.plan import (
    PUBLISHED_PREFERENCES,
    PUBLISHED_ROWS,
    PUBLISHED_SESSIONS,
    MirrorPlan,
    MirrorSpec,
)
from pico_banana.rehearsal.making.synthetic import preference, sessions, single_turn
from pico_banana.rehearsal.making.traps import Trap

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

Progress = Callable[[str, int, int], None]
_TELL_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class MirrorSummary:
    """What was made.

    Attributes:
        folder: the mirror's root.
        rows: rows of sft.jsonl, blank lines not counted.
        preferences: rows of preference.jsonl.
        sessions: rows of multi-turn.jsonl.
        photos: source photos that the rows use.
        pictures: picture files written: photos, edits, copies of photos.
        traps: how many rows fell into each trap, by name; absent ones left out.
    """

    folder: Path
    rows: int
    preferences: int
    sessions: int
    photos: int
    pictures: int
    traps: dict[str, int]

    def to_json(self) -> dict[str, object]:
        """Give the summary as JSON values.

        Returns:
            The attributes, the folder as text.
        """
        return asdict(self) | {"folder": str(self.folder)}


def make_mirror(  # noqa: PLR0913 - each is a property of the mirror that some test or user turns alone
    folder: Path,
    *,
    rows: int = 100,
    preferences: int | None = None,
    sessions: int | None = None,
    pictures: bool = False,
    photo_copies: bool = False,
    seed: int = 0,
    size: tuple[int, int] = (96, 72),
    traps: bool = True,
    shared_photos: bool = True,
    base_url: str = BASE_URL,
    photo_host: str = PHOTO_HOST,
    order: Order | str = Order.RELEASE,
    progress: Progress | None = None,
) -> MirrorSummary:
    """Write a mirror in the published layout, the same one for the same arguments.

    Args:
        folder: the mirror's root; made when missing, files in it are replaced.
        rows: single-turn rows, types in the published proportions.
        preferences: preference rows; they are those single-turn rows whose file name ends in `_retryN`. The release's
            share (22 %) when left out.
        sessions: multi-turn rows; the release's share when left out.
        pictures: also write every picture the rows name, and the source photos.
        photo_copies: also write `open_images/train/<id>.jpg` and `open_images/tar/train_N.tar.gz`; needs `pictures`.
        seed: another seed gives another mirror.
        size: width and height of the source photos, in pixels; half of the edits have another size.
        traps: whether the known problems of the release are in it, see `Trap`.
        shared_photos: whether several rows, also of different subsets, share a photo.
        base_url: what addresses in the manifests start with.
        photo_host: where the photos seem to lie, without `farmN.`; keep to a domain that cannot be reached.
        order: "release" mixes the types as the release does, "blocks" has one block a type; see `orders`.
        progress: called now and then with what is being written, how many are done, and of how many.

    Returns:
        What was made.

    Raises:
        ConfigError: the numbers contradict each other.
        UnknownNameError: there is no such order.
        StoreError: the folder cannot be written.
    """
    wanted = round(rows * PUBLISHED_PREFERENCES / PUBLISHED_ROWS) if preferences is None else preferences
    turns = round(rows * PUBLISHED_SESSIONS / PUBLISHED_ROWS) if sessions is None else sessions
    base = base_url if base_url.endswith("/") else f"{base_url}/"
    spec = MirrorSpec(rows, wanted, turns, seed, size, traps, shared_photos, base, photo_host, _order(order))
    _check(spec, pictures=pictures, photo_copies=photo_copies)
    plan = MirrorPlan(spec)
    tell = progress or (lambda _what, _done, _total: None)
    counts = _write_rows(folder, plan, tell) + _write_sessions(folder, plan, tell)
    _write_manifests(folder, plan)
    written = _write_pictures(folder, plan, tell, photo_copies=photo_copies) if pictures else 0
    _write_open_images(folder, plan)
    kept = {trap.value: counts[trap] for trap in Trap if counts[trap]}
    return MirrorSummary(folder, rows, wanted, turns, spec.photos, written, kept)


def _order(name: str) -> Order:
    if name not in set(Order):
        error = unknown_name("order of rows", name, list(Order))
        raise error
    return Order(name)


def _check(spec: MirrorSpec, *, pictures: bool, photo_copies: bool) -> None:
    if min(spec.rows, spec.preferences, spec.sessions) < 0 or min(spec.size) < 1:
        text = "a mirror cannot have a negative number of rows, nor pictures without pixels"
        raise ConfigError(text, key="rows")
    if spec.preferences > spec.rows:
        text = (
            f"{spec.preferences} preference rows need as many single-turn rows, and there are {spec.rows}: "
            "every preference row is a single-turn row that succeeded at a retry"
        )
        raise ConfigError(text, key="preferences")
    if photo_copies and not pictures:
        raise ConfigError("copies of photos need photos: ask for pictures too", key="photo_copies")


def _write_rows(folder: Path, plan: MirrorPlan, tell: Progress) -> Counter[Trap]:
    with ExitStack() as stack:
        rows = LineWriter(_opened(stack, folder / layout.SINGLE_TURN_ROWS), traps=plan.spec.traps)
        preferences = LineWriter(_opened(stack, folder / layout.PREFERENCE_ROWS), traps=plan.spec.traps)
        for number in range(plan.spec.rows):
            made = single_turn(plan, number)
            rows.write(made)
            preferred = preference(plan, made)
            if preferred is not None:
                preferences.write(preferred)
            if number % _TELL_EVERY == 0:
                tell("rows", number, plan.spec.rows)
    return rows.trap_counts + preferences.trap_counts


def _write_sessions(folder: Path, plan: MirrorPlan, tell: Progress) -> Counter[Trap]:
    with ExitStack() as stack:
        lines = LineWriter(_opened(stack, folder / layout.MULTI_TURN_ROWS), traps=plan.spec.traps)
        for made in sessions(plan):
            lines.write(made)
            if made.number % _TELL_EVERY == 0:
                tell("sessions", made.number, plan.spec.sessions)
    return lines.trap_counts


def _write_manifests(folder: Path, plan: MirrorPlan) -> None:
    """Write one absolute address a line, in another order than the rows."""
    edits = (plan.edited_path(row) for row in plan.rows() if not plan.shares_output(row))
    _write_manifest(folder / layout.SINGLE_TURN_MANIFEST, plan, edits)
    tried = (row for row in plan.rows() if plan.preference(row) is not None and not plan.shares_output(row))
    attempts = (path for row in tried for path in (*plan.rejected_paths(row), plan.edited_path(row)))
    _write_manifest(folder / layout.PREFERENCE_MANIFEST, plan, attempts)
    turns = (path for number in reversed(range(plan.spec.sessions)) for path in plan.turn_paths(number) if path)
    _write_manifest(folder / layout.MULTI_TURN_MANIFEST, plan, turns)


def _write_manifest(path: Path, plan: MirrorPlan, pictures: Iterable[str]) -> None:
    with ExitStack() as stack:
        file = _opened(stack, path)
        file.writelines(f"{plan.spec.base_url}{picture}\n".encode() for picture in pictures)


def _opened(stack: ExitStack, path: Path) -> IO[bytes]:
    """Open a file that becomes visible, whole, when the stack is left without an error."""
    return stack.enter_context(stack.enter_context(atomic_path(path)).open("wb"))


def _write_pictures(folder: Path, plan: MirrorPlan, tell: Progress, *, photo_copies: bool) -> int:
    from pico_banana.rehearsal.making.open_images import write_copies
    from pico_banana.rehearsal.making.pictures import write_pictures

    written = write_pictures(folder, plan, tell)
    return written + (write_copies(folder, plan) if photo_copies else 0)


def _write_open_images(folder: Path, plan: MirrorPlan) -> None:
    from pico_banana.rehearsal.making.open_images import write_table

    write_table(folder, plan)
