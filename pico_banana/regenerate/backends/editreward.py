"""EditReward through its own package, with its own prompts and weights.

The package is on no registry: clone it and put the clone on PYTHONPATH. It gives one unbounded number that it was
trained to compare by the logistic function, which makes a score from 0 to 1 of it here: ranks are the package's own,
while a success, more than 0.5, has no meaning that its authors gave it.
"""

from __future__ import annotations

import math
import sys
import tempfile
import threading
from contextlib import redirect_stdout
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pico_banana.errors import ConfigError
from pico_banana.regenerate.values import Outcome, Reply

if TYPE_CHECKING:
    from pico_banana.regenerate.backends.base import JudgeRequest, ModelSettings
    from pico_banana.regenerate.values import Picture

_WHERE = "https://github.com/TIGER-AI-Lab/EditReward"


class EditReward:
    """Asks the package, one edit at a time.

    Args:
        settings: the stage's settings. `model` is the folder of a checkpoint; `parameters` has `config_path`, the
            package's YAML for it, and what else its class takes: `device` ("cuda"), `reward_dim`, `rm_head_type`.
    """

    def __init__(self, settings: ModelSettings) -> None:
        """Load nothing yet."""
        self._settings = settings
        self._one_at_a_time = threading.Lock()

    @cached_property
    def _inferencer(self) -> Any:  # noqa: ANN401 - the package has no types
        given: dict[str, Any] = {"device": "cuda", "reward_dim": "overall_detail", "rm_head_type": "ranknet_multi_head"}
        given |= {**self._settings.parameters, "checkpoint_path": self._settings.model}
        # Its class for all models, EditRewardVLInferencer, names a parameter that none of them has (edb027e).
        if _is_qwen3(Path(given["config_path"])):
            from EditReward.inference_qwen3_vl_edit import EditRewardQwen3Inferencer

            return EditRewardQwen3Inferencer(**given)
        from EditReward.inference_edit import EditRewardInferencer

        return EditRewardInferencer(**given)

    def judge(self, request: JudgeRequest) -> Reply:
        """Score an edit.

        Args:
            request: the edit; its prompt and schema do not count.

        Returns:
            One number from 0 to 1.
        """
        import torch

        # The package tells the standard output what it is made of, and --json is there.
        with tempfile.TemporaryDirectory() as folder, self._one_at_a_time, redirect_stdout(sys.stderr), torch.no_grad():
            before, after = (_written(one, Path(folder)) for one in (request.inputs[-1], request.edited))
            (reward,) = self._inferencer.reward([request.instruction.text], [before], [after])
        value = float(reward[0])
        raw = f'{{"reward": {value!r}}}' if math.isfinite(value) else "{}"
        return Reply(Outcome.OK, text=str(logistic(value)), model=self._settings.model, raw=raw)


def logistic(value: float) -> float:
    """Give a number between 0 and 1 that grows with any number.

    Args:
        value: any number.

    Returns:
        0.5 for 0.
    """
    return (1 + math.tanh(value / 2)) / 2


def backend(settings: ModelSettings) -> EditReward:
    """Make the backend.

    Args:
        settings: the stage's settings.

    Returns:
        The backend.

    Raises:
        ConfigError: the package is not there, or there is no checkpoint or no configuration.
    """
    if not settings.model or "config_path" not in settings.parameters:
        text = 'the editreward backend needs a checkpoint, and in parameters "config_path", the package\'s YAML for it'
        raise ConfigError(text, key="parameters")
    if find_spec("EditReward") is None:
        text = f"the package EditReward is not there; it is on no registry: clone {_WHERE} and put it on PYTHONPATH"
        raise ConfigError(text, key="backend")
    return EditReward(settings)


def _is_qwen3(config: Path) -> bool:
    """Tell the model of a configuration as the package tells it, by its name."""
    name = str(yaml.safe_load(config.read_text("utf-8")).get("model_name_or_path", "")).lower()
    return "qwen3-vl" in name or "qwen3vl" in name


def _written(picture: Picture, folder: Path) -> str:
    path = folder / f"{picture.sha256}.{picture.media_type.removeprefix('image/')}"
    path.write_bytes(picture.data)
    return str(path)
