"""Names of editors and judges as people write them: `gemini:MODEL`, `openai:MODEL@http://…`, `procedural:0.5`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.mirrors.inside import ALLOW_VARIABLE, is_held
from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.regenerate.backends.base import ModelSettings, backend_names
from pico_banana.regenerate.backends.failure import require_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.rows.choosing.definition import Definition

PUBLISHED, PROCEDURAL = "published", "procedural"


@dataclass(frozen=True, slots=True)
class EditorName:
    """An editor, not yet made.

    Attributes:
        name: what it is called in tables.
        settings: how its model is reached; None where its pictures are there already.
        pictures: (row id, turn) to the path of a picture that was made elsewhere.
        published: whether the release's own edits are taken.
        rate: of a procedural editor: the share of edits it makes well.
        rivals: the two editors of a duel, whose edits are compared.
    """

    name: str
    settings: ModelSettings | None = None
    pictures: Mapping[tuple[str, int], str] = field(default_factory=dict)
    published: bool = False
    rate: float = 1.0
    rivals: tuple[str, ...] = ()

    def outside(self, definition: Definition) -> list[str]:
        """Name the rows that have pictures here and are not in a benchmark.

        Args:
            definition: the benchmark.

        Returns:
            Their ids, sorted.
        """
        return sorted({row for row, _ in self.pictures} - {*definition.single_turn, *definition.multi_turn})


def editor_named(text: str, *, name: str = "") -> EditorName:
    """Read the name of an editor.

    Args:
        text: "published" for the release's own edits; "procedural", or "procedural:0.4" for one that does four edits in
            ten; "BACKEND:MODEL", with "@ADDRESS" for a server of one's own; a folder with `results.jsonl`, or such a
            file, of lines `{"id", "image_path"}` and for sessions `"turn"`.
        name: what to call it in tables; empty for the text itself.

    Returns:
        The editor.

    Raises:
        UnknownNameError: there is no such backend.
        ConfigError: a rate is no share, a model is missing, a line of results cannot be read, or two name one edit.
    """
    head, _, rest = text.partition(":")
    if text == PUBLISHED:
        return EditorName(name or PUBLISHED, published=True)
    if head == PROCEDURAL:
        rate = _rate(rest or "1")
        settings = ModelSettings(model=f"procedural-{rate:g}" if rest else "", parameters={"rate": rate})
        return EditorName(name or text, settings, rate=rate)
    if head in backend_names():
        return EditorName(name or text, model_named(text))
    if Path(text).exists():
        return EditorName(name or Path(text).stem, pictures=_pictures(Path(text)))
    error = unknown_name("editor", text, [PUBLISHED, *backend_names()])
    raise error


def model_named(text: str) -> ModelSettings:
    """Read the name of a model.

    Args:
        text: "BACKEND:MODEL" or "BACKEND:MODEL@ADDRESS".

    Returns:
        How it is reached.

    Raises:
        UnknownNameError: there is no such backend.
        ConfigError: a backend that needs a model is named without one, or an address is no URL.
    """
    head, _, rest = text.partition(":")
    if head not in backend_names():
        error = unknown_name("backend", head, backend_names())
        raise error
    model, _, address = rest.partition("@")
    if head in {"openai", "gemini", "diffusers"} and not model:
        raise ConfigError(f"{text!r} names no model; write {head}:MODEL", key="model")
    if head in {"openai", "gemini"}:
        require_url(address, "editor or judge")
    return ModelSettings(backend=head, model=model, base_url=address)


def with_parameters(settings: ModelSettings, parameters: Mapping[str, Any]) -> ModelSettings:
    """Add parameters that a backend passes on."""
    return replace(settings, parameters={**settings.parameters, **parameters})


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise ConfigError(f"procedural:{text} needs a share from 0 to 1, such as procedural:0.5", key="editor")
    return rate


def _pictures(place: Path) -> dict[tuple[str, int], str]:
    files = [place] if place.is_file() else sorted(place.glob("*.jsonl"))
    if len(files) != 1:
        text = f'{place} holds {len(files)} .jsonl files; it needs one, with lines {{"id": …, "image_path": …}}'
        raise ConfigError(text, key="editor")
    found: dict[tuple[str, int], str] = {}
    for number, line in enumerate(files[0].read_bytes().split(b"\n"), 1):
        if line.strip():
            name, turn, path = _line(line, f"{files[0]}:{number}")
            held = _held(files[0].parent, path, f"{files[0]}:{number}")
            if found.setdefault((name, turn), held) != held:
                text = f"{files[0]}:{number}: {name} has a picture already, {found[name, turn]}; leave one of them"
                raise ConfigError(text, key="editor")
    return found


def _held(folder: Path, path: str, where: str) -> str:
    """Give the path of a picture that a list names; the list may be somebody else's, and its pictures go to a judge.

    Raises:
        ConfigError: it lies outside the list's folder.
    """
    whole = str(folder / path)
    if not is_held(whole, str(folder)):
        text = f"{where}: {path!r} lies outside {folder}; {ALLOW_VARIABLE} can name its folder if it is yours"
        raise ConfigError(text, key="editor")
    return whole


def _line(line: bytes, where: str) -> tuple[str, int, str]:
    try:
        told = parse_note(line)
        return str(told["id"]), int(told.get("turn", 1)), str(told["image_path"])
    except ODD_SHAPE as error:
        text = f'{where}: a line must be {{"id": "…", "image_path": "…"}}, with "turn" for a session ({error!r})'
        raise ConfigError(text, key="editor") from error
