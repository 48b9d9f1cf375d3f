"""Judges through their own packages (`.ci/matrix judges`), and a model of tiny random weights as a function."""

from __future__ import annotations

import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import pico_banana as pb
from pico_banana import benchmark
from pico_banana.errors import ModelUnavailableError
from pico_banana.regenerate.backends.base import JudgeRequest, ModelSettings
from pico_banana.regenerate.values import Instruction, Picture
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs
QUICK = benchmark.Options(limit=3, anchors=False, parts=("single_turn",))


def judged(definition, folder, judge, options=QUICK):
    return benchmark.run(definition, folder, editor="published", judge=judge, mirror="sample", options=options).results


def test_editscore_s_own_package_asks_a_server_its_own_prompts(definition, tmp_path, capsys):
    pytest.importorskip("editscore")
    with ModelServer() as server:
        results = judged(definition, tmp_path, f"editscore:critic@{server.openai_url}")
        assert server.paid.total() == 2 * len(results.items)
    assert results.passport["judge"]["preset"] == "editscore-package-1"
    for item in results.items:
        weaker = min(item.scores["prompt_following"], item.scores["consistency"])
        assert item.score == pytest.approx(math.sqrt(weaker * item.scores["perceptual_quality"]), abs=1e-5)
    assert capsys.readouterr().out == ""


def test_what_the_package_only_guesses_is_missing(definition, tmp_path):
    pytest.importorskip("editscore")
    with ModelServer(Mind(faults=ModelFaults(bad_json=1.0))) as server:
        results = judged(definition, tmp_path, f"editscore:critic@{server.openai_url}")
    assert all(item.score is None and "the package guessed" in item.reason for item in results.items)


class Page(BaseHTTPRequestHandler):
    """Answers as a proxy does whose server is gone."""

    asked = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked += 1
        self.send_response(502)
        self.end_headers()
        self.wfile.write(b"<html>Bad Gateway</html>")

    def log_message(self, *args):
        pass


def test_a_page_of_a_proxy_is_no_answer_and_is_asked_again():
    pytest.importorskip("editscore")
    from pico_banana.regenerate.backends.editscore import EditScore

    picture = Picture.of(next(iter(pb.load("single_turn", mirror="sample"))).source.path.read_bytes())
    request = JudgeRequest(picture, (picture,), Instruction("x"), pb.edit_type("zoom_in"), "", {})
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/v1"
        with pytest.raises(ModelUnavailableError, match="no answer of the protocol"):
            EditScore(ModelSettings("editscore", "critic", address)).judge(request)
        server.shutdown()
    assert Page.asked == 1


TINY = '''
import torch

def score(before, after, instruction):
    """A vision-language reward model of tiny random weights: two pictures and text in, one number out."""
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration
    torch.manual_seed(0)
    text = dict(vocab_size=300, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
                num_key_value_heads=1, max_position_embeddings=512, bos_token_id=None, eos_token_id=None,
                rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]})
    vision = dict(depth=1, embed_dim=16, hidden_size=16, num_heads=2, patch_size=14, mlp_ratio=2)
    special = dict(image_token_id=299, vision_start_token_id=297, vision_end_token_id=298, video_token_id=296)
    model = Qwen2VLForConditionalGeneration(Qwen2VLConfig(text_config=text, vision_config=vision, **special)).eval()
    small = [bytearray(one.resize((56, 56)).tobytes()) for one in (before, after)]
    patches = [torch.frombuffer(data, dtype=torch.uint8) for data in small]
    pixels = torch.cat([p.float().div(255).reshape(4, 14, 4, 14, 3).permute(0, 2, 4, 1, 3).reshape(16, 3, 1, 196)
                        .expand(-1, -1, 2, -1).reshape(16, -1) for p in patches])
    image = [297, *[299] * 4, 298]
    words = torch.tensor([[*image, *image, *[ord(c) % 256 for c in instruction[:32]]]])
    with torch.no_grad():
        found = model(input_ids=words, pixel_values=pixels, image_grid_thw=torch.tensor([[1, 4, 4]] * 2),
                      mm_token_type_ids=(words == 299).int())
    return torch.sigmoid(found.logits[0, -1].mean())
'''


def test_a_model_of_tiny_random_weights_judges_as_a_function(definition, tmp_path, monkeypatch):
    pytest.importorskip("transformers")
    pytest.importorskip("torch")
    (tmp_path / "tiny_reward.py").write_text(TINY)
    monkeypatch.syspath_prepend(tmp_path)
    results = judged(definition, tmp_path / "a", "python:tiny_reward:score")
    again = judged(definition, tmp_path / "b", "python:tiny_reward:score")
    scores = [item.score for item in results.items]
    assert [item.reason for item in results.items] == [""] * len(scores)
    assert all(0 < score < 1 for score in scores)
    assert len(set(scores)) == len(scores)  # it has seen the pictures
    assert scores == [item.score for item in again.items]


# The class and signature of TIGER-AI-Lab/EditReward at edb027e, over weights of our own: the package is on no registry.
STAND_IN = """
import torch
from PIL import Image

class EditRewardInferencer:
    def __init__(self, config_path=None, checkpoint_path=None, device="cuda", differentiable=False, reward_dim="dim1",
                 rm_head_type="ranknet_multi_head"):
        assert (config_path, device, reward_dim) == ("c.yaml", "cpu", "overall_detail")
        torch.manual_seed(len(checkpoint_path))
        self.model = torch.nn.Linear(2 * 64, 2)

    def reward(self, prompts, image_src, image_paths):
        files = [(one, other) for one, other in zip(image_src, image_paths)]
        small = [[bytearray(Image.open(path).convert("L").resize((8, 8)).tobytes()) for path in pair] for pair in files]
        rows = [torch.cat([torch.frombuffer(data, dtype=torch.uint8) for data in pair]).float() / 255 for pair in small]
        assert len(prompts) == len(rows)
        return 20 * self.model(torch.stack(rows))
"""


def test_editreward_is_asked_by_its_own_class_and_its_number_becomes_a_score(definition, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    (tmp_path / "EditReward").mkdir()
    (tmp_path / "EditReward" / "__init__.py").write_text("")
    (tmp_path / "EditReward" / "inference_edit.py").write_text(STAND_IN)
    (tmp_path / "c.yaml").write_text("model_name_or_path: Qwen/Qwen2.5-VL-7B-Instruct")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    parameters = {"config_path": "c.yaml", "device": "cpu"}
    options = benchmark.Options(limit=3, anchors=False, parts=("single_turn",), parameters=parameters)
    results = judged(definition, tmp_path / "out", "editreward:checkpoint", options)
    scores = [item.score for item in results.items]
    assert results.passport["judge"]["preset"] == "reward-1"
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(scores)) == len(scores)
