"""Photos and changes to them, read from text: what `photos.toml` and the edits of the sample say, as scenes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from math import log, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.errors import ConfigError
from tests.sample_maker.studio.filters import FILTERS
from tests.sample_maker.studio.people.person import Person
from tests.sample_maker.studio.render import Drawn, render
from tests.sample_maker.studio.scene import Look, Scene, Thing
from tests.sample_maker.studio.styles import STYLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.sample_maker.studio.painter import View

Change: TypeAlias = "Mapping[str, Any]"  # a table of the edits file: one verb, and what it needs

# name of the shape: (view in points, size of the photo in pixels)
SHAPES: dict[str, tuple[View, tuple[int, int]]] = {
    "4:3": ((0.0, 0.0, 400.0, 300.0), (352, 264)),
    "3:2": ((0.0, 20.0, 400.0, 286.667), (366, 244)),
    "square": ((60.0, 10.0, 350.0, 300.0), (300, 300)),
    "portrait": ((50.0, 0.0, 350.0, 400.0), (264, 352)),
    "square portrait": ((50.0, 10.0, 350.0, 310.0), (300, 300)),
}
# what editors give back, whatever they get; a third of the real ones: 1024 by 1024, 1152 by 896, ...
EDITOR_SIZES = (
    (308, 308),
    (346, 268),
    (268, 346),
    (374, 250),
    (250, 374),
    (354, 258),
    (258, 354),
    (402, 230),
    (440, 212),
)


@dataclass(frozen=True, slots=True)
class Shot:
    """A scene, and what is done to the finished picture of it.

    Attributes:
        scene: what is shown.
        filters: names of filters and styles, in order.
    """

    scene: Scene
    filters: tuple[str, ...] = ()

    def drawn(self, size: tuple[int, int]) -> Drawn:
        """Draw it.

        Args:
            size: width and height in pixels; where their ratio is not the view's, the view is widened and cropped.

        Returns:
            The picture and the boxes of its things.
        """
        drawn = render(replace(self.scene, view=fitted(self.scene.view, size)), size)
        picture = drawn.picture
        for name in self.filters:
            picture = (FILTERS | STYLES)[name](picture)
        return replace(drawn, picture=picture)

    def changed(self, changes: Iterable[Change]) -> Shot:
        """Apply changes one after the other.

        Args:
            changes: tables of the edits file.

        Returns:
            The changed shot.

        Raises:
            ConfigError: a change has no known verb, or names a thing that is not there.
        """
        shot = self
        for change in changes:
            shot = _changed(shot, change)
        return shot


@dataclass(frozen=True, slots=True)
class Photo:
    """A source photo.

    Attributes:
        name: what the edits file calls it.
        shot: what it shows.
        size: width and height in pixels.
    """

    name: str
    shot: Shot
    size: tuple[int, int]


@cache
def photos() -> dict[str, Photo]:
    """Read the photos of the sample.

    Returns:
        Every photo by name, in the file's order.
    """
    data = tomllib.loads(Path(__file__).with_name("photos.toml").read_text(encoding="utf-8"))
    return {entry["name"]: _photo(entry) for entry in data["photos"]}


def _photo(entry: dict[str, Any]) -> Photo:
    view, size = SHAPES[entry.get("shape", "4:3")]
    scene = Scene(
        backdrop=entry["backdrop"],
        things=tuple(_thing(facts) for facts in entry["things"]),
        view=view,
        look=Look(**entry.get("look", {})),
    )
    return Photo(entry["name"], Shot(scene), size)


def _thing(facts: Mapping[str, Any]) -> Thing:
    person = facts.get("person")
    return Thing(**{**facts, "person": Person(**person) if person else None})


def fitted(view: View, size: tuple[int, int]) -> View:
    """Give a view the ratio of a picture: the same middle and area, widened and cropped as editors do.

    Args:
        view: left, top, right, bottom in points.
        size: width and height in pixels.

    Returns:
        The view that fits.
    """
    left, top, right, bottom = view
    stretch = sqrt(size[0] / size[1] / ((right - left) / (bottom - top)))
    x, y = (left + right) / 2, (top + bottom) / 2
    half_width, half_height = (right - left) / 2 * stretch, (bottom - top) / 2 / stretch
    return x - half_width, y - half_height, x + half_width, y + half_height


def editor_size(view: View) -> tuple[int, int]:
    """Give the size that an editor gives back for a view.

    Args:
        view: left, top, right, bottom in points.

    Returns:
        Width and height in pixels, of the nearest ratio.
    """
    left, top, right, bottom = view
    ratio = log((right - left) / (bottom - top))
    return min(EDITOR_SIZES, key=lambda size: abs(log(size[0] / size[1]) - ratio))


def _changed(shot: Shot, change: Change) -> Shot:
    for verb, apply in _VERBS.items():
        if verb in change:
            facts = {key: value for key, value in change.items() if key != verb}
            return apply(shot, change[verb], facts)
    text = f"{dict(change)} has no verb; use one of {', '.join(_VERBS)}"
    raise ConfigError(text, key="change")


def _on_scene(apply: Callable[[Scene, Any, dict[str, Any]], Scene]) -> Callable[[Shot, Any, dict[str, Any]], Shot]:
    return lambda shot, value, facts: replace(shot, scene=apply(shot.scene, value, facts))


def _view(left: float, top: float, right: float, bottom: float) -> View:
    return float(left), float(top), float(right), float(bottom)


def _add(scene: Scene, name: str, facts: dict[str, Any]) -> Scene:
    behind = facts.pop("behind", "")
    return scene.plus(_thing({"name": name, **facts}), behind=behind)


def _person(scene: Scene, name: str, facts: dict[str, Any]) -> Scene:
    who = scene.thing(name).person
    if who is None:
        text = f"{name!r} is not a person"
        raise ConfigError(text, key=name)
    return scene.changed(name, person=replace(who, **facts))


_VERBS: dict[str, Callable[[Shot, Any, dict[str, Any]], Shot]] = {
    "remove": _on_scene(lambda scene, name, _facts: scene.without(name)),
    "change": _on_scene(lambda scene, name, facts: scene.changed(name, **facts)),
    "add": _on_scene(_add),
    "person": _on_scene(_person),
    "look": _on_scene(lambda scene, facts, _none: replace(scene, look=replace(scene.look, **facts))),
    "view": _on_scene(lambda scene, view, _facts: replace(scene, view=_view(*view))),
    "backdrop": _on_scene(lambda scene, name, _facts: replace(scene, backdrop=name)),
    "filter": lambda shot, name, _facts: replace(shot, filters=(*shot.filters, name)),
}
