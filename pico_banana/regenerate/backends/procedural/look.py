"""A look: one way a whole photo can be changed, and the craft that chooses among looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.backends.procedural.craft import Measured, Proposal, ramp, strength
from pico_banana.regenerate.backends.procedural.pixels import Generator, Pixels, blur, edges, likeness, luma
from pico_banana.regenerate.backends.procedural.witness import again, testify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.regenerate.values import KnownObject

Change = Callable[[Pixels, float, Generator], Pixels]
See = Callable[[Pixels, Pixels], float]


@dataclass(frozen=True, slots=True)
class Look:
    """One way a whole photo can be changed.

    Attributes:
        name: of the look, in the recipe.
        instruction: the long instruction.
        short: the short one.
        change: makes it, at a strength around 1.
        see: how much of it is there, 0 to 1.
        keeps: correlation of edges, 0 to 1, below which too much of the photo was lost.
    """

    name: str
    instruction: str
    short: str
    change: Change
    see: See
    keeps: float = 0.7


@dataclass(frozen=True, slots=True)
class LookCraft:
    """A craft that chooses among looks.

    Attributes:
        edit_type: the slug.
        looks: to choose from.
        suits: whether a look makes sense for a photo.
    """

    edit_type: str
    looks: tuple[Look, ...]
    suits: Callable[[Look, Pixels], bool] = lambda _look, _photo: True

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Choose a look that makes sense for the photo."""
        choices = [look for look in self.looks if self.suits(look, photo)]
        if not choices:
            return None
        look = choices[int(rng.integers(len(choices)))]
        return Proposal(look.instruction, look.short, {"look": look.name})

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Apply the look."""
        return self._look(recipe).change(photo, strength(rng), rng)

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """See the look, and that the photo is still the same photo."""
        look = self._look(recipe)
        done = look.see(before, after)
        same = likeness(blur(luma(before), 2), blur(luma(after), 2))
        lines = likeness(blur(edges(before) * 4, 2), blur(edges(after) * 4, 2))
        kept = ramp(max(same, lines), look.keeps - 0.35, look.keeps)
        clipped = float(((after <= 0.002) | (after >= 0.998)).mean() - ((before <= 0.002) | (before >= 0.998)).mean())
        note = f"look {done:.2f}, brightness alike {same:.2f}, edges alike {lines:.2f}, newly clipped {clipped:.2f}"
        right, made = again(look.change, before, after)
        # What a look measures is the whole photo's; a photo that has some of it already gains less than another.
        done = max(done, ramp(made, 0.35, 0.75))
        return testify(after, right).tempered(Measured(done, kept, ramp(clipped, 0.35, 0.05), note))

    def _look(self, recipe: dict[str, Any]) -> Look:
        return next(look for look in self.looks if look.name == recipe["look"])
