"""Editing on a GPU of one's own through `diffusers`: InstructPix2Pix, Qwen-Image-Edit, FLUX Kontext.

torch and diffusers are imported when the first picture is edited, not before; the weights are loaded then, once. One
call at a time uses the GPU. A pipeline's safety checker that blacks a picture out is a refusal, not a black picture.
"""

from __future__ import annotations

import inspect
import io
import threading
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, missing_extra
from pico_banana.regenerate.values import Outcome, Picture, Reply, Usage

if TYPE_CHECKING:
    from PIL.Image import Image

    from pico_banana.regenerate.backends.base import EditRequest, ModelSettings

# What a model's name says about its pipeline, when `pipeline` is not given; first match counts.
_PIPELINES = (
    ("instruct-pix2pix", "StableDiffusionInstructPix2PixPipeline"),
    ("qwen-image-edit-2", "QwenImageEditPlusPipeline"),
    ("qwen-image-edit", "QwenImageEditPipeline"),
    ("kontext", "FluxKontextPipeline"),
)
# Latents are this many pixels a cell, patches included; some pipelines cut any other size, some refuse it.
_MULTIPLE = 16
_OWN = ("pipeline", "device", "dtype", "max_side")


class Diffusers:
    """Edits with one local pipeline.

    Args:
        settings: the stage's settings. `model` is a folder or a Hub name. `parameters` may hold `pipeline`, a class of
            diffusers, `device` ("cuda"), `dtype` ("bfloat16") and `max_side` (1024); all others go to the pipeline's
            call, e.g. `num_inference_steps`, `guidance_scale`.
        pipeline: a pipeline made elsewhere, used as it is.
    """

    def __init__(self, settings: ModelSettings, *, pipeline: Any = None) -> None:  # noqa: ANN401 - any of its pipelines
        """Load nothing yet."""
        self._settings = settings
        self._pipeline = pipeline
        self._one_at_a_time = threading.Lock()

    def edit(self, request: EditRequest) -> Reply:
        """Edit a picture; runs in a thread, one call at a time.

        Args:
            request: the picture and the instruction.

        Returns:
            The edited picture as PNG.

        Raises:
            MissingExtraError: torch or diffusers is not installed.
            ConfigError: the pipeline is unknown, cannot be loaded, does not take the parameters, or needs more memory
                than the GPU has.
            PictureCorruptError: the photo is no picture.
        """
        photo = _prepared(request.photo, self._parameter("max_side", 1024))
        with self._one_at_a_time:
            pipeline = self._loaded()
            made = self._called(pipeline, request, photo)
        flagged = getattr(made, "nsfw_content_detected", None)
        if flagged and flagged[0]:
            return Reply(Outcome.REFUSED, reason="the pipeline's safety checker", model=self._settings.model)
        buffer = io.BytesIO()
        made.images[0].save(buffer, "PNG")
        usage = Usage(pictures=1)
        return Reply(Outcome.OK, picture=Picture.of(buffer.getvalue()), usage=usage, model=self._settings.model)

    def _called(self, pipeline: Any, request: EditRequest, photo: Image) -> Any:  # noqa: ANN401 - diffusers' own values
        import torch

        given = {name: value for name, value in self._settings.parameters.items() if name not in _OWN}
        generator = torch.Generator("cpu").manual_seed(request.seed)  # on the CPU, so that every GPU draws the same
        # Some pipelines swallow what they do not know; a misspelled parameter must not be lost.
        known = inspect.signature(type(pipeline).__call__).parameters
        unknown = sorted(given.keys() - known.keys())
        if unknown:
            text = f"{type(pipeline).__name__} does not take {', '.join(unknown)}; see its documentation in diffusers"
            raise ConfigError(text, key=f"parameters.{unknown[0]}")
        if "max_area" in known:  # such a pipeline paints a square unless it is told the shape
            given = {"height": photo.height, "width": photo.width} | given
        try:
            return pipeline(image=photo, prompt=request.prompt, generator=generator, **given)
        except torch.OutOfMemoryError as error:
            raise _too_large(error, self._settings.model) from error

    def _loaded(self) -> Any:  # noqa: ANN401 - any of diffusers' pipelines
        if self._pipeline is None:
            try:
                import diffusers
                import torch
            except ImportError as error:
                raise missing_extra("diffusers", "diffusers", "The diffusers backend") from error
            kind = getattr(diffusers, self._pipeline_name(), None)
            if kind is None:
                text = f"diffusers {diffusers.__version__} has no {self._pipeline_name()}; upgrade it, or name another"
                raise ConfigError(text, key="parameters.pipeline")
            self._pipeline = self._on_device(kind, torch)
            self._pipeline.set_progress_bar_config(disable=True)
        return self._pipeline

    def _on_device(self, kind: Any, torch: Any) -> Any:  # noqa: ANN401 - a class of diffusers, and torch itself
        name, device = self._parameter("dtype", "bfloat16"), self._parameter("device", "cuda")
        dtype = getattr(torch, name, None)
        if not isinstance(dtype, torch.dtype):
            text = f"torch has no dtype {name!r}; take bfloat16, float16 or float32"
            raise ConfigError(text, key="parameters.dtype")
        if torch.device(device).type == "cuda" and not torch.cuda.is_available():
            text = (
                f'torch sees no GPU for device = {device!r}; set parameters.device = "cpu", or install torch for CUDA'
            )
            raise ConfigError(text, key="parameters.device")
        try:
            return kind.from_pretrained(self._settings.model, dtype=dtype).to(device)
        except torch.OutOfMemoryError as error:
            raise _too_large(error, self._settings.model) from error
        except (OSError, ValueError) as error:  # no such folder or repository, no network, or another pipeline's
            text = f"{self._settings.model!r} cannot be loaded as {kind.__name__} ({error})"
            raise ConfigError(text, key="model") from error

    def _pipeline_name(self) -> str:
        named: str = self._parameter("pipeline", "")
        model = self._settings.model.lower()
        found = named or next((kind for part, kind in _PIPELINES if part in model), "")
        if not found:
            known = ", ".join(kind for _, kind in _PIPELINES)
            text = f"no pipeline is known for {self._settings.model!r}; set parameters.pipeline, e.g. to one of {known}"
            raise ConfigError(text, key="parameters.pipeline")
        return found

    def _parameter(self, name: str, usual: Any) -> Any:  # noqa: ANN401 - as the configuration has it
        return self._settings.parameters.get(name, usual)


def backend(settings: ModelSettings) -> Diffusers:
    """Make the backend.

    Args:
        settings: the stage's settings.

    Returns:
        The backend.

    Raises:
        ConfigError: there is no model.
    """
    if not settings.model:
        text = 'the diffusers backend needs a model, e.g. model = "Qwen/Qwen-Image-Edit"'
        raise ConfigError(text, key="model")
    return Diffusers(settings)


def _too_large(error: Exception, model: str) -> ConfigError:
    text = f"the GPU's memory is too small for {model!r} ({error}); lower parameters.max_side, or take another device"
    return ConfigError(text, key="parameters.max_side")


def _prepared(photo: Picture, max_side: int) -> Image:
    # No larger than allowed, and of a size that every pipeline takes.
    from PIL import Image

    from pico_banana.records.decoding.pillow import border

    with border(photo.sha256), Image.open(io.BytesIO(photo.data)) as opened:
        image = opened.convert("RGB")
    image.thumbnail((max_side, max_side))
    width, height = (max(_MULTIPLE, side // _MULTIPLE * _MULTIPLE) for side in image.size)
    return image.resize((width, height)) if image.size != (width, height) else image
