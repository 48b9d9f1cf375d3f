"""What will be made: which photo gets which edit types. Made once, seeded, and kept in the ledger."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.regenerate.ledger.entries import photo_row
from pico_banana.regenerate.plan.photos import find_photos
from pico_banana.regenerate.prompts import guidance
from pico_banana.regenerate.values import Item, Photo, derived_seed
from pico_banana.taxonomy import EditType, edit_type, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.settings.sections import AssignSettings, SessionSettings

# Facts of a ledger; one made before there was such a fact lacks it, and is what ledgers were then.
_PLANNED = "planned"
OF_PUBLISHED = "of published edits"
OF_TEXTS = "of texts"


class Assigner:
    """Gives out edit types: those that suit a photo, and among them the one that is furthest behind its share.

    Args:
        settings: which types, how balanced.
        able: the types the writer and editor can do; None for all.
    """

    def __init__(self, settings: AssignSettings, *, able: frozenset[str] | None = None) -> None:
        """Begin with nothing given out."""
        self._settings = settings
        self._shares = _shares(settings, able)
        self._given = dict.fromkeys(self._shares, 0)
        self._total = 0

    def suitable(self, photo: Photo) -> tuple[EditType, ...]:
        """Say which types suit a photo.

        Args:
            photo: with what is known of it.

        Returns:
            The types whose needs it meets; where nothing is known, the settings say.
        """
        return tuple(kind for kind in self._shares if self._suits(kind, photo))

    def next_type(self, photo: Photo, rng: random.Random, *, taken: Iterable[EditType] = ()) -> EditType | None:
        """Give one type to a photo.

        Args:
            photo: with what is known of it.
            rng: breaks ties.
            taken: types this photo's item has already.

        Returns:
            The type, or None when none suits.
        """
        done = set(taken)
        choices = [kind for kind in self.suitable(photo) if kind not in done]
        if not choices:
            return None
        self._total += 1
        chosen = max(choices, key=lambda kind: (self._behind(kind), rng.random()))
        self._given[chosen] += 1
        return chosen

    def _behind(self, kind: EditType) -> float:
        return self._shares[kind] * self._total - self._given[kind]

    def _suits(self, kind: EditType, photo: Photo) -> bool:
        if photo.suits is not None:
            return str(kind) in photo.suits
        needs = guidance(kind).needs
        if not needs:
            return True
        if not photo.known and not photo.tags:
            return self._settings.when_unknown == "allow"
        return needs <= photo.all_tags


def make_items(
    config: Config, photos: Iterable[Photo], *, able: frozenset[str] | None = None, after: int = 0
) -> Iterator[Item]:
    """Plan the items of a run.

    Args:
        config: the run's configuration.
        photos: the photos.
        able: the types the backends can do; None for all.
        after: the id before the first one.

    Yields:
        Items, ids rising by one; a photo gets no type twice, and one that no (further) type suits gives no (further)
        item.
    """
    assigner = Assigner(config.assign, able=able)
    number = after
    for photo in photos:
        given: list[EditType] = []
        for _ in range(config.source.per_photo):
            seed = derived_seed(config.seed, number + 1)
            rng = random.Random(seed)  # noqa: S311 - a choice
            types = _turn_types(assigner, photo, config.sessions, rng, given)
            given += types
            if types:
                number += 1
                yield Item(number, photo, types, seed)


def plan_run(
    ledger: Ledger, config: Config, *, photos: Iterable[Photo] | None = None, able: frozenset[str] | None = None
) -> int:
    """Write the plan into a ledger; one that is there stays as it is.

    Args:
        ledger: open for writing.
        config: the run's configuration.
        photos: the photos; None for those the configuration names.
        able: the types the backends can do; None for all.

    Returns:
        How many items are planned.

    Raises:
        ConfigError: there are no photos, or none that any type suits.
    """
    if not is_planned(ledger):
        add_items(ledger, make_items(config, find_photos(config.source) if photos is None else photos, able=able))
    count = ledger.item_count()
    if not count:
        raise ConfigError(
            "no photo suits any of the edit types; see assign.edit_types and assign.when_unknown", key="assign"
        )
    return count


def add_items(ledger: Ledger, items: Iterable[Item]) -> int:
    """Append planned items with their photos; what a planning that was cut off left is taken away first.

    Args:
        ledger: open for writing.
        items: the plan, or more of it, ids rising; read after that.

    Returns:
        How many were given; a plan of none is no plan.
    """
    if not is_planned(ledger):
        # Rows are written in order: when this one is on the disk, so is all that was appended before it.
        ledger.append("facts", {"name": "planning", "value": ""}).result()
        for table in ("items", "photos", "published", "published_turns", "questions", "asked"):
            ledger.database.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    photo_ids: dict[str, int] = dict(map(tuple, ledger.database.execute("SELECT url, id FROM photos")))
    last: Future[None] | None = None
    count = 0
    for item in items:
        if item.photo.url not in photo_ids:
            photo_ids[item.photo.url] = len(photo_ids) + 1
            ledger.append("photos", photo_row(photo_ids[item.photo.url], item.photo))
        types = json.dumps([str(kind) if kind.known else kind.label for kind in item.edit_types])
        row = {"id": item.id, "photo": photo_ids[item.photo.url], "edit_types": types, "seed": item.seed}
        last = ledger.append("items", row)
        count += 1
    if last is not None:
        last.result()
        ledger.append("facts", {"name": _PLANNED, "value": ""}).result()
    return count


def is_planned(ledger: Ledger) -> bool:
    """Say whether the whole plan is in a ledger: a planning that was killed, or failed half-way, leaves only a part.

    Args:
        ledger: the ledger.

    Returns:
        True when it is.
    """
    begun = ledger.database.execute("SELECT 1 FROM opened LIMIT 1").fetchone()  # only a whole plan is begun
    return fact_of(ledger, _PLANNED) is not None or begun is not None


def is_of_published(ledger: Ledger) -> bool:
    """Say whether a ledger is about edits that are there already, see `judging`.

    Args:
        ledger: the ledger.

    Returns:
        True when it is.
    """
    return fact_of(ledger, OF_PUBLISHED) is not None


def fact_of(ledger: Ledger, name: str) -> str | None:
    """Read a fact of a ledger.

    Args:
        ledger: the ledger.
        name: the fact, such as `OF_TEXTS`.

    Returns:
        Its value, or None where the ledger has no such fact.
    """
    row = ledger.database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row["value"])


def able_types(*backends: object) -> frozenset[str] | None:
    """Ask backends which types they can do.

    Args:
        backends: the writer and the editor; one without `edit_types` can try them all.

    Returns:
        The slugs they share, or None for all.
    """
    limited = [
        frozenset(map(str, found)) for one in backends if (found := getattr(one, "edit_types", None)) is not None
    ]
    return frozenset.intersection(*limited) if limited else None


def _turn_types(
    assigner: Assigner, photo: Photo, settings: SessionSettings, rng: random.Random, given: list[EditType]
) -> tuple[EditType, ...]:
    turns = rng.randint(settings.min_turns, settings.max_turns) if rng.random() < settings.share else 1
    types: list[EditType] = []
    for _ in range(turns):
        kind = assigner.next_type(photo, rng, taken=[*given, *types])
        if kind is None:
            break
        types.append(kind)
    return tuple(types)


def _shares(settings: AssignSettings, able: frozenset[str] | None) -> dict[EditType, float]:
    chosen = [edit_type(name) for name in settings.edit_types] or list(edit_types())
    weights: Mapping[str, float] = {str(edit_type(name)): factor for name, factor in settings.weights.items()}
    sizes = {
        kind: (kind.published_count if settings.balance == "published" else 1.0) * weights.get(str(kind), 1.0)
        for kind in chosen
        if able is None or str(kind) in able
    }
    total = sum(sizes.values())
    if total <= 0:
        names = ", ".join(sorted(able)) if able is not None else "every type has weight 0"
        raise ConfigError(f"no edit type is left; the backends can do: {names}", key="assign.edit_types")
    return {kind: size / total for kind, size in sizes.items() if size > 0}
