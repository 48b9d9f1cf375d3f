"""The diffusers backend: with a tiny, randomly initialised pipeline where torch and diffusers are installed."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import ClassVar

import pytest
from PIL import Image

from pico_banana.errors import ConfigError, PictureCorruptError
from pico_banana.regenerate.backends.base import EditRequest, ModelSettings, backend
from pico_banana.regenerate.backends.diffusers import Diffusers, _prepared
from pico_banana.regenerate.values import Instruction, Outcome, Picture
from pico_banana.taxonomy import edit_type
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


def test_a_tiny_instruct_pix2pix_edits():
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    pytest.importorskip("transformers")
    pipeline = tiny_pipeline(torch, diffusers)
    settings = ModelSettings("diffusers", "tiny", parameters={"num_inference_steps": 2})
    made = Diffusers(settings, pipeline=pipeline)
    first, second, again = (made.edit(request(seed)) for seed in (1, 2, 1))
    with Image.open(io.BytesIO(first.picture.data)) as image:
        assert image.size == (64, 48)
    assert first.picture.sha256 == again.picture.sha256 != second.picture.sha256
    with pytest.raises(ConfigError, match="does not take"):
        Diffusers(ModelSettings("diffusers", "tiny", parameters={"stepz": 2}), pipeline=pipeline).edit(request())


def tiny_pipeline(torch, diffusers):
    """Build an InstructPix2Pix of a few thousand random weights, with a tokenizer of a few words."""
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(32, 64),
        layers_per_block=1,
        sample_size=8,
        in_channels=8,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
    )
    vae = diffusers.AutoencoderKL(
        block_out_channels=[32, 64],
        in_channels=3,
        out_channels=3,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        latent_channels=4,
    )
    config = CLIPTextConfig(
        hidden_size=32,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        vocab_size=100,
        eos_token_id=2,
        bos_token_id=0,
    )
    scheduler = diffusers.DDIMScheduler()
    parts = {"vae": vae, "unet": unet, "scheduler": scheduler, "text_encoder": CLIPTextModel(config)}
    rest = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    pipeline = diffusers.StableDiffusionInstructPix2PixPipeline(tokenizer=Words(torch), **parts, **rest)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


class Words:
    """Stands in for a tokenizer, which would need a vocabulary file."""

    model_max_length = 16
    added_tokens_encoder: ClassVar[dict[str, int]] = {}

    def __init__(self, torch):
        self._torch = torch

    def __call__(self, text, **_):
        texts = [text] if isinstance(text, str) else text
        ids = self._torch.ones((len(texts), self.model_max_length), dtype=self._torch.long)
        return SimpleNamespace(input_ids=ids, attention_mask=None)

    def tokenize(self, text):
        return text.split()

    def batch_decode(self, ids):
        return [""] * len(ids)
