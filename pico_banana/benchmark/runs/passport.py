"""The passport of a file of results: everything one needs to know to make it again, or not to trust it."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pico_banana import __version__
from pico_banana.regenerate.settings.hosts import without_userinfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pico_banana.benchmark.runs.names import EditorName
    from pico_banana.benchmark.runs.presets import Preset
    from pico_banana.benchmark.runs.results import Result
    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.rows.choosing.definition import Definition

_AT_ONCE = 500  # numbers in one question to SQLite


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a run before it ends.

    Attributes:
        definition: the benchmark.
        mirror: the mirror's name.
        wording: "long" or "short".
        editor: the editor.
        judge: what the judge is called.
        preset: how it judges.
        config: seed, models and parameters.
        role: the prompt that editors are asked with: "edit", or "shorten" for texts.
    """

    definition: Definition
    mirror: str
    wording: str
    editor: EditorName
    judge: str
    preset: Preset
    config: Config
    role: str = "edit"


def passport(told: Told, ledger: Ledger, items: Iterable[Result], *, judge_changed: str = "") -> dict[str, Any]:
    """Write a passport.

    Args:
        told: what was known before.
        ledger: where the calls are.
        items: the results.
        judge_changed: what was noticed of the judge during the run.

    Returns:
        JSON values.
    """
    config = without_userinfo(told.config)
    every = list(items)
    edits = [call for one in every for call in one.calls[:1] if call]
    verdicts = [call for one in every for call in one.calls[1:] if call]
    edit, judge = (_calls(ledger, sorted(set(numbers))) for numbers in (edits, verdicts))
    asked = config.shortener if told.role == "shorten" else config.editor
    editor = {"name": told.editor.name, **_model(asked if told.editor.settings else None), **edit}
    if told.editor.rivals:
        editor["rivals"] = list(told.editor.rivals)
    if foreign := told.editor.outside(told.definition):
        editor["foreign"] = foreign
    return {
        "library": __version__,
        "written_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "definition": {
            "size": told.definition.size,
            "seed": told.definition.seed,
            "checksum": told.definition.checksum,
        },
        "mirror": told.mirror,
        "wording": told.wording,
        "seed": config.seed,
        "editor": editor,
        "judge": {
            "name": told.judge,
            "preset": told.preset.name,
            "threshold": told.preset.threshold,
            **_model(config.judge),
            "prompts": told.preset.versions,
            "changed": judge_changed,
            **judge,
        },
        "prompts": {told.role: config.prompts.chosen(told.role).version},
        "usd": round(float(edit["usd"]) + float(judge["usd"]), 6),
        "endings": dict(Counter(one.ended for one in every)),
    }


def _model(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - a `ModelSettings` or nothing
    if settings is None:
        return {"backend": "", "model": "", "parameters": {}}
    return {"backend": settings.backend, "model": settings.model, "parameters": dict(settings.parameters)}


def _calls(ledger: Ledger, numbers: list[int]) -> Mapping[str, Any]:
    """Sum up calls: who answered how often, what they cost, when they were made."""
    models: Counter[str] = Counter()
    usd, times = 0.0, []
    for first in range(0, len(numbers), _AT_ONCE):
        page = numbers[first : first + _AT_ONCE]
        for answered_by, cost, at in ledger.database.execute(
            "SELECT answered_by, usd, at FROM calls WHERE opened IN (SELECT value FROM json_each(?))",
            (json.dumps(page),),
        ):
            models[answered_by or "not said"] += 1
            usd += cost
            times.append(at)
    dates = (
        [dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="seconds") for at in (min(times), max(times))]
        if times
        else []
    )
    return {"answered_by": dict(models), "usd": round(usd, 6), "asked_between": dates}
