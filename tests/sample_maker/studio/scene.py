"""What a picture shows, as a value: a backdrop, the things in it, season, weather, light, and the part that is seen.

An edit is another value: the same scene without the boat, in winter, seen from nearer. So an edited picture is drawn
anew, as truly as the photo was, and nothing has to be patched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter, View
    from tests.sample_maker.studio.people.person import Person


@dataclass(frozen=True, slots=True)
class Thing:
    """One object, drawn by the function that `kind` names, standing on its origin.

    Attributes:
        name: what instructions call it.
        kind: what it is.
        x: where it stands, in points.
        y: where it stands; the lower edge of most things.
        size: times its usual size.
        colour: its main colour, by name.
        wide: stretches it across; negative mirrors it.
        tall: stretches it upward.
        turn: degrees, clockwise.
        text: what is written on it.
        hand: in which hand.
        ink: in which colour.
        person: for a person, who it is and how it is drawn.
    """

    name: str
    kind: str
    x: float
    y: float
    size: float = 1.0
    colour: str = "red"
    wide: float = 1.0
    tall: float = 1.0
    turn: float = 0.0
    text: str = ""
    hand: str = "plain"
    ink: str = "white"
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What colours everything outdoors.

    Attributes:
        season: spring, summer, autumn or winter.
        weather: clear, cloudy, rain, snow, fog or storm.
        light: day, golden, sunset, night or fluorescent.
    """

    season: str = "summer"
    weather: str = "clear"
    light: str = "day"


Backdrop: TypeAlias = Callable[["Painter", Look], None]
Kind: TypeAlias = Callable[["Painter", Thing, Look], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is needed to draw a picture.

    Attributes:
        backdrop: what lies behind, by name.
        things: what stands before it, farthest first.
        view: the part that is seen: left, top, right, bottom, in points.
        look: season, weather and light.
    """

    backdrop: str
    things: tuple[Thing, ...] = ()
    view: View = (0.0, 0.0, 400.0, 300.0)
    look: Look = field(default_factory=Look)

    def thing(self, name: str) -> Thing:
        """Give a thing.

        Args:
            name: its name.

        Returns:
            The thing.

        Raises:
            ConfigError: there is none of that name.
        """
        for thing in self.things:
            if thing.name == name:
                return thing
        known = ", ".join(thing.name for thing in self.things)
        text = f"there is no {name!r} in this scene, only: {known}"
        raise ConfigError(text, key=name)

    def without(self, name: str) -> Scene:
        """Take a thing away.

        Args:
            name: its name.

        Returns:
            The scene without it.

        Raises:
            ConfigError: there is none of that name.
        """
        gone = self.thing(name)
        return replace(self, things=tuple(thing for thing in self.things if thing is not gone))

    def changed(self, name: str, /, **facts: object) -> Scene:
        """Change facts of a thing.

        Args:
            name: its name.
            facts: attributes of `Thing` and their new values.

        Returns:
            The scene with the changed thing, in the same place of the order.

        Raises:
            ConfigError: there is none of that name.
        """
        old = self.thing(name)
        new = replace(old, **facts)  # type: ignore[arg-type]  # attributes by name, as the edits file gives them
        return replace(self, things=tuple(new if thing is old else thing for thing in self.things))

    def plus(self, thing: Thing, *, behind: str = "") -> Scene:
        """Add a thing.

        Args:
            thing: what to add.
            behind: the thing that it stands behind; in front of all when empty.

        Returns:
            The scene with it.

        Raises:
            ConfigError: there is no thing of the name `behind`.
        """
        place = self.things.index(self.thing(behind)) if behind else len(self.things)
        return replace(self, things=(*self.things[:place], thing, *self.things[place:]))
