"""EditReward's own package with tiny random weights: `PYTHONPATH=CLONE .ci/matrix editreward`, as it is on no registry.

Checked against TIGER-AI-Lab/EditReward at edb027edde6080b8a9521ef8e87049b3797f8374: its class, its prompts, its models,
its checkpoint's layout and the configuration of its Qwen2.5-VL, all but the weights and the tokenizer's words.
"""

from __future__ import annotations

import json

import pytest

import pico_banana as pb
from pico_banana import benchmark
from pico_banana.regenerate.backends.editreward import logistic

pytest.importorskip("EditReward.inference_edit")
pytestmark = pytest.mark.filterwarnings("ignore")  # theirs
SPECIAL = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# The package's EditReward-Qwen2.5-7B-VL.yaml, but for what a CPU cannot do and where things lie.
SETTINGS = {
    "rm_head_type": "ranknet_multi_head", "pooling_strategy": "mean", "lora_enable": False, "tune_merger": True,
    "max_pixels": 200704, "min_pixels": 200704, "with_instruction": True, "reward_dim": "overall_detail",
    "use_special_tokens": True, "reward_token": "special", "output_dim": 2, "loss_type": "uncertainty",
    "disable_flash_attn2": True, "bf16": False, "torch_dtype": "float32", "report_to": "none",
}  # fmt: skip


def write_processor(folder):
    from tokenizers import pre_tokenizers
    from transformers import Qwen2_5_VLProcessor, Qwen2TokenizerFast, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({letter: number for number, letter in enumerate(letters)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = Qwen2TokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL})
    parts = (Qwen2VLImageProcessor(), tokenizer, Qwen2VLVideoProcessor())
    Qwen2_5_VLProcessor(*parts, chat_template=TEMPLATE).save_pretrained(folder)
    return tokenizer


def write_base(folder):
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    tokenizer = write_processor(folder)
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 2]},
    }
    sizes = {"hidden_size": 16, "intermediate_size": 32, "out_hidden_size": 16}
    vision = {"depth": 1, "num_heads": 2, "fullatt_block_indexes": [0], **sizes}
    words = {"image": "image_pad", "video": "video_pad", "vision_start": "vision_start", "vision_end": "vision_end"}
    ids = {f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{word}|>") for name, word in words.items()}
    torch.manual_seed(0)
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, **ids)
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Make a checkpoint and its configuration as the package reads them."""
    import torch
    from EditReward.train_qwen2_5_edit import create_model_and_processor
    from EditReward.utils.parser import DataConfig, ModelConfig, PEFTLoraConfig, TrainingConfig, parse_args_with_yaml

    root = tmp_path_factory.mktemp("editreward")
    write_base(root / "base")
    told = {**SETTINGS, "model_name_or_path": str(root / "base"), "output_dir": str(root / "out")}
    config = root / "tiny.yaml"
    config.write_text(json.dumps(told))  # JSON is YAML
    kinds = (DataConfig, TrainingConfig, ModelConfig, PEFTLoraConfig)
    (_, training, model, lora), _ = parse_args_with_yaml(kinds, str(config), is_train=False)
    torch.manual_seed(1)
    made, _, _ = create_model_and_processor(model_config=model, peft_lora_config=lora, training_args=training)
    for weights in made.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.3)  # weights as they are drawn tell neither edits nor their order
    (root / "checkpoint").mkdir()
    torch.save(made.state_dict(), root / "checkpoint" / "model.pth")
    return {"config_path": str(config), "device": "cpu"}, str(root / "checkpoint")


def own_rewards(checkpoint, photos, edits, instructions):
    import torch
    from EditReward.inference_edit import EditRewardInferencer

    parameters, weights = checkpoint
    inferencer = EditRewardInferencer(**parameters, checkpoint_path=weights, reward_dim="overall_detail")
    with torch.no_grad():
        return [float(one[0]) for one in inferencer.reward(instructions, photos, edits)]


def test_the_package_s_own_class_gives_our_scores(definition, checkpoint, tmp_path, capsys):
    parameters, weights = checkpoint
    options = benchmark.Options(limit=4, anchors=False, parts=("single_turn",), parameters=parameters)
    judge = {"editor": "published", "judge": f"editreward:{weights}", "mirror": "sample"}
    items = benchmark.run(definition, tmp_path, options=options, **judge).results.items
    assert capsys.readouterr().out == ""
    records = {record.id: record for record in pb.load("single_turn", mirror="sample", ids=[one.id for one in items])}
    photos = [str(records[one.id].source.path) for one in items]
    edits = [str(records[one.id].edited.path) for one in items]
    texts = [records[one.id].instruction for one in items]
    wanted = [logistic(reward) for reward in own_rewards(checkpoint, photos, edits, texts)]
    turned = [logistic(reward) for reward in own_rewards(checkpoint, edits, photos, texts)]
    assert [one.score for one in items] == pytest.approx(wanted, abs=1e-5)
    assert wanted != pytest.approx(turned, abs=2e-5)  # it sees which picture comes first
    assert len(set(wanted)) == len(wanted)
