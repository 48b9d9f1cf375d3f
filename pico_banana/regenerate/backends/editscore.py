"""EditScore through its own package and prompts: weights on this machine's GPU, or any server of the protocol.

The package guesses a score at random when it cannot read a reply; such a score is not taken. It prints to the standard
output and keeps its seed in itself, so it is asked one edit at a time, and what it prints goes to the standard error.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import redirect_stdout
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, ModelError, ModelUnavailableError, missing_extra
from pico_banana.records.decoding.images import image_of
from pico_banana.regenerate.values import Outcome, Reply

if TYPE_CHECKING:
    from pico_banana.regenerate.backends.base import JudgeRequest, ModelSettings

_AXES = ("prompt_following", "consistency", "perceptual_quality")
_REASONS = ("SC_reasoning", "PQ_reasoning")
_GUESSED, _THROTTLED = "guess_if_cannot_parse", "rate_limit_exceeded"  # in the package's own words
_KEY = "none"
# The package's name of what runs the weights, by the model's name; parameters may say `backbone`.
_BACKBONES = (("qwen3", "qwen3vl"), ("qwen2.5", "qwen25vl"), ("internvl", "internvl3_5"))


class EditScore:
    """Asks the package.

    Args:
        settings: the stage's settings. `model` is the base model, with "+" and the adapter behind it where there is
            one; with `base_url` the name that a server knows it by. `parameters` go to the package's class, such as
            `backbone`, `temperature`, `key`.
    """

    def __init__(self, settings: ModelSettings) -> None:
        """Load nothing yet."""
        self._settings = settings
        self._one_at_a_time = threading.Lock()

    @cached_property
    def _scorer(self) -> Any:  # noqa: ANN401 - the package has no types
        import editscore

        base, _, adapter = self._settings.model.partition("+")
        given: dict[str, Any] = {"model_name_or_path": base, "lora_path": adapter or None, "score_range": 25}
        if self._settings.base_url:
            given |= {"backbone": "openai", "key": _KEY, "openai_url": f"{self._settings.base_url}/chat/completions"}
        else:
            given["backbone"] = next((one for word, one in _BACKBONES if word in base.lower()), "qwen25vl")
        return editscore.EditScore(**{**given, **self._settings.parameters, "num_pass": 1})

    def judge(self, request: JudgeRequest) -> Reply:
        """Score an edit.

        Args:
            request: the edit; its prompt and schema do not count.

        Returns:
            JSON with three numbers from 0 to 10; malformed where the package could only guess.

        Raises:
            ModelUnavailableError: the server wants to be asked later, is not there, or something else answers for it.
            ModelError: the package cannot use what came.
        """
        pictures = [image_of(request.inputs[-1].data), image_of(request.edited.data)]
        with self._one_at_a_time, redirect_stdout(sys.stderr):
            self._scorer.seed = request.seed
            try:
                found = self._scorer.evaluate(pictures, request.instruction.text)
            except OSError as error:  # what `requests` raises is one
                raise ModelUnavailableError(f"editscore: {error}", backend="editscore") from error
            except (TypeError, LookupError) as error:  # it looks for the protocol's words in any page of a proxy
                text = f"editscore: what the server sent is no answer of the protocol ({error!r})"
                raise ModelUnavailableError(text, backend="editscore") from error
            except ValueError as error:
                kind = ModelUnavailableError if str(error) == _THROTTLED else ModelError
                raise kind(f"editscore: {error}", backend="editscore") from error
        guesses = [str(found[name]) for name in _REASONS if str(found[name]).startswith(_GUESSED)]
        if guesses:
            return Reply(Outcome.MALFORMED, reason=f"the package guessed: {guesses[0]}", model=self._settings.model)
        text = json.dumps({name: float(found[name]) for name in _AXES})
        raw = json.dumps({name: str(found[name]) for name in _REASONS})
        return Reply(Outcome.OK, text=text, model=self._settings.model, raw=raw)


def backend(settings: ModelSettings) -> EditScore:
    """Make the backend.

    Args:
        settings: the stage's settings.

    Returns:
        The backend.

    Raises:
        MissingExtraError: `editscore` is not installed.
        ConfigError: there is no model.
    """
    if not settings.model:
        example = "Qwen/Qwen3-VL-4B-Instruct+EditScore/EditScore-Qwen3-VL-4B-Instruct"
        raise ConfigError(f"the editscore backend needs a model, e.g. {example}", key="model")
    if find_spec("editscore") is None:
        error = missing_extra("editscore", "editscore", "The editscore backend")
        raise error
    return EditScore(settings)
