"""The configuration of a run: one TOML file, read into frozen values, with errors that say what would be right.

Keys of services are never in it; a `key_env` names the environment variable that holds one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import named_text
from pico_banana.regenerate.backends.base import ModelSettings
from pico_banana.regenerate.prompts import PromptSettings
from pico_banana.regenerate.settings.batching import BatchSettings
from pico_banana.regenerate.settings.checks import CheckSettings
from pico_banana.regenerate.settings.policy import NAMED, Policy
from pico_banana.regenerate.settings.pricelist import Price, default_model
from pico_banana.regenerate.settings.reader import read_section
from pico_banana.regenerate.settings.sections import (
    AssignSettings,
    RunSettings,
    SessionSettings,
    SourceSettings,
    VarietySettings,
)
from pico_banana.regenerate.settings.verdicts import Rubric
from pico_banana.taxonomy import edit_type

# A change here changes how fast or how far a run goes, never what a call asks; all else is compared on resume.
FREE_TO_CHANGE = (
    "run",
    "prices",
    "batch",
    "prompts.folder",
)  # a folder that moved; what is in it has versions of its own
_FREE_MODEL_KEYS = (
    "concurrency",
    "requests_per_minute",
    "tokens_per_minute",
    "timeout_s",
    "base_url",  # the same model at another host
    "project",
    "location",
    "key_env",
    "max_input_tokens",
)
STAGE_TABLES = ("inventory", "writer", "shortener", "editor", "judge", "second_judge")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a run depends on.

    Attributes:
        seed: what every seeded choice derives from.
        source: where photos come from.
        assign: which edit types.
        sessions: how many multi-turn sessions.
        variety: how unlike each other instructions are.
        inventory: who looks at each photo once before the plan is made, or None.
        writer: who writes instructions.
        shortener: who shortens them.
        editor: who edits.
        judge: who judges.
        second_judge: who gives a second opinion, or None.
        policy: how scores become accept or reject.
        rubric: what a judge is asked for.
        prompts: which prompts are asked.
        checks: pixel checks before a judge is paid.
        prices: model to price.
        run: how the run goes.
        batch: whether calls go one by one or in batches.
    """

    seed: int = 0
    source: SourceSettings = field(default_factory=SourceSettings)
    assign: AssignSettings = field(default_factory=AssignSettings)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    variety: VarietySettings = field(default_factory=VarietySettings)
    inventory: ModelSettings | None = None
    writer: ModelSettings = field(default_factory=ModelSettings)
    shortener: ModelSettings = field(default_factory=ModelSettings)
    editor: ModelSettings = field(default_factory=ModelSettings)
    judge: ModelSettings = field(default_factory=ModelSettings)
    second_judge: ModelSettings | None = None
    policy: Policy = field(default_factory=Policy)
    rubric: Rubric = field(default_factory=Rubric)
    prompts: PromptSettings = field(default_factory=PromptSettings)
    checks: CheckSettings = field(default_factory=CheckSettings)
    prices: Mapping[str, Price] = field(default_factory=dict)
    run: RunSettings = field(default_factory=RunSettings)
    batch: BatchSettings = field(default_factory=BatchSettings)

    @property
    def models(self) -> dict[str, ModelSettings]:
        """The settings of every stage that has a model, by the stage's table name."""
        named = {name: getattr(self, name) for name in STAGE_TABLES}
        return {name: settings for name, settings in named.items() if settings is not None}

    def judges_alone(self, *, but: str = "") -> Config:
        """Leave out the stages that nobody asks: their models need no key, and their settings make no difference.

        Args:
            but: the table of a stage that is asked as well: "writer", "shortener" or "editor"; empty for none.

        Returns:
            A configuration of the judges, and of that stage, without pixel checks.
        """
        idle = {name: ModelSettings() for name in ("writer", "shortener", "editor") if name != but}
        checks = dataclasses.replace(self.checks, enabled=False)
        return dataclasses.replace(self, inventory=None, checks=checks, **idle)  # type: ignore[arg-type]

    def as_json(self) -> str:
        """Give the configuration as JSON text, for the ledger.

        Returns:
            Sorted, so that equal configurations have equal text.
        """
        return json.dumps(dataclasses.asdict(self), sort_keys=True, default=list)

    def digest(self) -> str:
        """Hash what calls ask and what is made of the answers; not how fast or how far the run goes.

        Returns:
            The first 16 hexadecimal digits of the SHA-256.
        """
        return digest_of(self.as_json())


def read_config(path: str | Path) -> Config:
    """Read a configuration file.

    Args:
        path: a TOML file; relative paths in it are relative to its folder.

    Returns:
        The configuration, checked.

    Raises:
        ConfigError: the file is missing, is not TOML, or has an unknown or impossible value; the text names the key.
    """
    path = Path(path)
    try:
        document = tomllib.loads(named_text(path))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is not there; see docs/guides/regenerate.md for one to start from") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    return config_from(document, folder=path.parent)


def config_from(document: Mapping[str, Any], *, folder: Path | None = None) -> Config:
    """Read a configuration from plain tables.

    Args:
        document: tables as TOML gives them.
        folder: what relative paths in `source` are relative to; None for the current folder.

    Returns:
        The configuration, checked.

    Raises:
        ConfigError: an unknown or impossible value; the text names the key.
    """
    config = _with_models(read_section(Config, _with_named_policy(document), ""))
    return _checked(_anchored(config, folder) if folder is not None else config)


def differing_keys(before: str, config: Config) -> tuple[str, ...]:
    """Compare the configuration of a ledger with another one.

    Args:
        before: the ledger's configuration, as `Config.as_json` gave it.
        config: the one to go on with.

    Returns:
        Dotted keys that differ and matter: those that change what calls ask.
    """
    old, new = _flat(json.loads(_completed(before))), _flat(json.loads(config.as_json()))
    differing = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return tuple(key for key in differing if not _is_free(key))


def digest_of(text: str) -> str:
    """Hash what matters of a configuration; see `Config.digest`.

    Args:
        text: as `Config.as_json` gave it, in this version or an earlier one.

    Returns:
        The first 16 hexadecimal digits of the SHA-256.
    """
    matters = {key: value for key, value in _flat(json.loads(text)).items() if not _is_free(key)}
    return hashlib.sha256(json.dumps(matters, sort_keys=True).encode()).hexdigest()[:16]


def _completed(before: str) -> str:
    """Give settings that an earlier version did not know yet the values it went by: their defaults."""
    try:
        return config_from({key: value for key, value in json.loads(before).items() if value is not None}).as_json()
    except ConfigError:
        return before


def _is_free(key: str) -> bool:
    table, _, rest = key.partition(".")
    if table in STAGE_TABLES:
        return rest in _FREE_MODEL_KEYS
    return any(key == free or key.startswith(f"{free}.") for free in FREE_TO_CHANGE)


def _flat(value: object, prefix: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        nested = (_flat(inner, f"{prefix}.{key}" if prefix else key) for key, inner in value.items())
        return {key: inner for table in nested for key, inner in table.items()}
    return {prefix: value}


def _with_models(config: Config) -> Config:
    """Name the model of every stage that leaves it to its backend, so that the ledger says which it was."""
    named: dict[str, Any] = {
        name: dataclasses.replace(settings, model=model)
        for name, settings in config.models.items()
        if not settings.model and (model := default_model(settings.backend, name))
    }
    return dataclasses.replace(config, **named)


def _with_named_policy(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put in what the policy's name sets; what is set beside it stays."""
    table = document.get("policy")
    name = table.get("name") if isinstance(table, Mapping) else None
    if not isinstance(table, Mapping) or not isinstance(name, str):
        return document
    return {**document, "policy": {**NAMED.get(name, {}), **table}}


def _anchored(config: Config, folder: Path) -> Config:
    source = config.source
    moved: dict[str, Any] = {
        name: str(folder / value)
        for name in ("folder", "open_images", "label_names")
        if (value := getattr(source, name)) and value != "sample" and "://" not in value
    }
    moved["labels"] = tuple(str(folder / table) for table in source.labels)
    prompts = config.prompts
    if prompts.folder:
        prompts = dataclasses.replace(prompts, folder=str(folder / prompts.folder))
    return dataclasses.replace(config, source=dataclasses.replace(source, **moved), prompts=prompts)


def _checked(config: Config) -> Config:
    config.policy.checked(config.rubric.checked().criteria)
    config.prompts.checked()
    chosen = [name for name in ("folder", "open_images", "subset") if getattr(config.source, name)]
    if len(chosen) > 1:
        text = f"[source] names {' and '.join(chosen)}; name exactly one of folder, open_images, subset"
        raise ConfigError(text, key="source")
    if bool(config.source.labels) != bool(config.source.label_names):
        text = "source.labels and source.label_names go together: labels are codes, which only their names explain"
        raise ConfigError(text, key="source.label_names")
    for name in (*config.assign.edit_types, *config.assign.weights):
        edit_type(name)
    sessions = config.sessions
    if not (0 <= sessions.share <= 1 and 2 <= sessions.min_turns <= sessions.max_turns):  # noqa: PLR2004 - a session has 2 turns
        text = "[sessions] needs share from 0 to 1 and 2 <= min_turns <= max_turns"
        raise ConfigError(text, key="sessions")
    _positive(config)
    return config


def _positive(config: Config) -> None:
    numbers = {"run.items_in_flight": config.run.items_in_flight, "run.tries": config.run.tries}
    numbers |= {"source.per_photo": config.source.per_photo}
    numbers |= {f"{name}.concurrency": settings.concurrency for name, settings in config.models.items()}
    for key, value in numbers.items():
        if value < 1:
            raise ConfigError(f"{key} is {value}; it must be at least 1", key=key)
