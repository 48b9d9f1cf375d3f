"""The diffusers backend: with a tiny, randomly initialised pipeline where torch and diffusers are installed."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from PIL import Image

from pico_banana.errors import ConfigError, PictureCorruptError
from pico_banana.regenerate.backends.base import EditRequest, ModelSettings, backend
from pico_banana.regenerate.backends.diffusers import Diffusers, _prepared
from pico_banana.regenerate.values import Instruction, Outcome, Picture
from pico_banana.taxonomy import edit_type
from tests.regenerate import tiny_models
from tests.regenerate.scenes import draw_scene


def photo() -> Picture:
    buffer = io.BytesIO()
    draw_scene(0, width=70, height=50)[0].save(buffer, "PNG")
    return Picture.of(buffer.getvalue())


def request(seed: int = 1) -> EditRequest:
    return EditRequest(photo(), Instruction("make it warm"), edit_type("color_tone"), "make it warm", seed)


def test_sizes_are_what_every_pipeline_takes():
    assert _prepared(photo(), 1024).size == (64, 48)
    assert _prepared(photo(), 40).size == (32, 16)
    with pytest.raises(PictureCorruptError):
        _prepared(Picture.of(b"no"), 64)


def test_a_model_and_its_pipeline_must_be_known():
    with pytest.raises(ConfigError, match="needs a model"):
        backend(ModelSettings("diffusers"))
    made = Diffusers(ModelSettings("diffusers", "somebody/unheard-of"))
    with pytest.raises(ConfigError, match="FluxKontextPipeline"):
        made._pipeline_name()
    for model, name in {
        "timbrooks/instruct-pix2pix": "StableDiffusionInstructPix2PixPipeline",
        "Qwen/Qwen-Image-Edit": "QwenImageEditPipeline",
        "Qwen/Qwen-Image-Edit-2509": "QwenImageEditPlusPipeline",
        "black-forest-labs/FLUX.1-Kontext-dev": "FluxKontextPipeline",
    }.items():
        assert Diffusers(ModelSettings("diffusers", model))._pipeline_name() == name


def test_a_blacked_out_picture_is_a_refusal():
    pytest.importorskip("torch")
    black = SimpleNamespace(images=[Image.new("RGB", (64, 48))], nsfw_content_detected=[True])
    made = Diffusers(ModelSettings("diffusers", "m"), pipeline=lambda **_: black)
    assert made.edit(request()).outcome is Outcome.REFUSED


def test_the_named_pipelines_exist():
    diffusers = pytest.importorskip("diffusers")
    from pico_banana.regenerate.backends.diffusers import _PIPELINES

    assert [name for _, name in _PIPELINES if not hasattr(diffusers, name)] == []


MODELS = {
    "instruct-pix2pix": ("save_instruct_pix2pix", {}),
    "FLUX.1-Kontext-dev": ("save_kontext", {"_auto_resize": False, "max_area": 64 * 48, "max_sequence_length": 16}),
    "Qwen-Image-Edit": ("save_qwen_image_edit", {"height": 48, "width": 64}),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_is_loaded_and_edits(name, tmp_path):
    """The published layouts with random weights: on the GPU where there is one, as `from_pretrained` finds them."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    pytest.importorskip("transformers")
    save, arguments = MODELS[name]
    folder = getattr(tiny_models, save)(tmp_path / name)
    gpu = torch.cuda.is_available()
    own = {"num_inference_steps": 2, "device": "cuda" if gpu else "cpu", "dtype": "bfloat16" if gpu else "float32"}
    made = Diffusers(ModelSettings("diffusers", str(folder), parameters=own | arguments))
    first, second, again = (made.edit(request(seed)) for seed in (1, 2, 1))
    assert first.outcome is Outcome.OK
    with Image.open(io.BytesIO(first.picture.data)) as image:
        assert image.size == (64, 48)
    assert first.picture.sha256 == again.picture.sha256 != second.picture.sha256


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"device": "cpu", "dtype": "bfloat15"}, "take bfloat16"),
        ({"device": "cpu"}, "cannot be loaded as StableDiffusionInstructPix2PixPipeline"),
    ],
)
def test_what_cannot_be_loaded_says_so(parameters, what, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    empty = tmp_path / "instruct-pix2pix"
    empty.mkdir()
    with pytest.raises(ConfigError, match=what):
        Diffusers(ModelSettings("diffusers", str(empty), parameters=parameters)).edit(request())


def test_a_missing_or_full_gpu_is_a_mistake_in_the_configuration(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    pytest.importorskip("transformers")
    made = Diffusers(ModelSettings("diffusers", str(tiny_models.save_instruct_pix2pix(tmp_path / "instruct-pix2pix"))))
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match='device = "cpu"'):
            made.edit(request())
        return
    made.edit(request())
    torch.cuda.set_per_process_memory_fraction(1e-6)
    torch.cuda.empty_cache()
    try:
        with pytest.raises(ConfigError, match="lower parameters"):
            made.edit(request())
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_parameter_that_the_pipeline_does_not_know_is_refused(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    pytest.importorskip("transformers")
    folder = tiny_models.save_instruct_pix2pix(tmp_path / "instruct-pix2pix")
    made = Diffusers(ModelSettings("diffusers", str(folder), parameters={"stepz": 2, "device": "cpu"}))
    with pytest.raises(ConfigError, match="does not take stepz"):
        made.edit(request())
