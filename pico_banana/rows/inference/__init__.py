"""Guesses the edit type of an instruction; the release gives none for the turns of its sessions.

::

    infer("Zoom in on the clock").edit_type             # EditType('zoom_in')
    infer("Zoom in on the clock").cues                  # why
    codes, confidence = infer_many(instructions)        # 50,000 to 200,000 texts a second

    model = train(texts, edit_types)                    # your own model from the real single-turn rows
    model.save(path)
    infer_many(instructions, model=load_model(path))

    print(evaluate(rows))                               # how good it is on rows whose types are known

The built-in model is a set of rules that a person can read and mend: `cues.json`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pico_banana.rows.inference.evaluation import Evaluation, evaluate
from pico_banana.rows.inference.results import UNDECIDED, Cue, Inference, Inferences, Model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.rows.inference.bayes import Bayes, load_model
    from pico_banana.rows.inference.training import train

__all__ = [
    "UNDECIDED",
    "Bayes",
    "Cue",
    "Evaluation",
    "Inference",
    "Inferences",
    "Model",
    "evaluate",
    "infer",
    "infer_many",
    "load_model",
    "train",
]

_ROOMS = {"Bayes": "bayes", "load_model": "bayes", "train": "training"}  # what needs numpy, and where it is


def infer(instruction: str, *, model: Model | None = None) -> Inference:
    """Guess the edit type of one instruction, and say why.

    Args:
        instruction: one request, in English.
        model: what guesses; the built-in rules when None.

    Returns:
        The guess, its confidence and its cues.
    """
    return (model or _built_in()).infer(instruction)


def infer_many(instructions: Iterable[str], *, model: Model | None = None) -> Inferences:
    """Guess the edit types of many instructions.

    Args:
        instructions: requests, in English.
        model: what guesses; the built-in rules when None.

    Returns:
        A code, which is an index into `edit_types()` or `UNDECIDED`, and a confidence for each, in order.
    """
    return (model or _built_in()).infer_many(instructions)


def _built_in() -> Model:
    from pico_banana.rows.inference.rules import built_in_rules

    return built_in_rules()


def __getattr__(name: str) -> object:
    """Fetch what needs numpy when it is first used.

    Args:
        name: a public name of this package.

    Returns:
        What it names.

    Raises:
        AttributeError: there is no such name.
    """
    if name in _ROOMS:
        return getattr(import_module(f"pico_banana.rows.inference.{_ROOMS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
