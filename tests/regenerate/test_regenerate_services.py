"""What services are sent where they differ, Vertex and a vLLM server; prices with sources; what is deprecated."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import ClassVar

import pytest

from pico_banana.regenerate.backends.base import ModelSettings
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.values import Outcome, Picture
from pico_banana.regenerate.work.advice import advice
from pico_banana.rehearsal.models.openai import parse_form
from tests.regenerate.scenes import draw_scene
from tests.regenerate.test_regenerate_sdks import ask, edit_request, photo, write_request  # noqa: F401 - a fixture

WRITTEN = json.dumps({"suitable": True, "why": "", "prompts": ["Make the whole photo warmer, please."]})
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": WRITTEN}]}, "finishReason": "STOP"}],
    "modelVersion": "gemini-3.8-flash",
}


class Recorder(BaseHTTPRequestHandler):
    """Answers as Gemini or as `/v1/images/edits` does, and remembers what it was sent."""

    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, dict(self.headers.items()), body))
        edited = {"created": 0, "data": [{"b64_json": base64.b64encode(png()).decode()}]}
        answer = json.dumps(edited if self.path.endswith("/images/edits") else GEMINI).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


def png():
    buffer = io.BytesIO()
    draw_scene(1, width=64, height=48)[0].save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def address():
    Recorder.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_vertex_is_asked_for_the_project_s_model_with_the_machine_s_credentials(address, photo, monkeypatch):  # noqa: F811
    import google.auth
    from google.oauth2.credentials import Credentials

    monkeypatch.setattr(google.auth, "default", lambda **_: (Credentials(token="of-this-machine"), "other"))
    place = {"project": "our-project", "location": "europe-west4"}
    settings = ModelSettings("gemini", "gemini-3.8-flash", address, timeout_s=3.0, **place)
    assert ask(settings, "write", write_request(photo)).text == WRITTEN
    path, headers, _ = Recorder.seen[0]
    wanted = "/projects/our-project/locations/europe-west4/publishers/google/models/gemini-3.8-flash:generateContent"
    assert path.endswith(wanted)
    assert {name.lower(): value for name, value in headers.items()}["authorization"] == "Bearer of-this-machine"


def test_an_own_server_s_edits_get_the_seed_and_what_only_it_knows(address, photo, monkeypatch):  # noqa: F811
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-real-key")
    parameters = {"size": "1024x1024", "extra_body": {"num_inference_steps": 20}}
    settings = ModelSettings("openai", "Qwen/Qwen-Image-Edit", f"{address}/v1", timeout_s=3.0, parameters=parameters)
    reply = ask(settings, "edit", edit_request(photo, seed=41))
    assert (reply.outcome, reply.picture) == (Outcome.OK, Picture.of(png()))
    path, headers, body = Recorder.seen[0]
    form = parse_form(body, {name.lower(): value for name, value in headers.items()}["content-type"])
    assert path == "/v1/images/edits"
    assert {name: form[name] for name in ("model", "seed", "num_inference_steps", "size", "prompt")} == {
        "model": "Qwen/Qwen-Image-Edit", "seed": "41", "num_inference_steps": "20", "size": "1024x1024",
        "prompt": "make it warmer",
    }  # fmt: skip
    assert base64.b64decode(form.get("image", form.get("image[]"))) == photo.data


def test_every_price_has_its_source_and_day():
    table = tomllib.loads(files("pico_banana.regenerate.settings").joinpath("prices.toml").read_text(encoding="utf-8"))
    for entry in table["price"]:
        assert "." in entry["source"], f"{entry['model']}: name the page"
        assert isinstance(entry["day"], dt.date), entry["model"]
        assert min(entry["input"], entry["output"]) >= 0


def test_criteria_that_the_shipped_prompt_does_not_ask_for_are_said(tmp_path):
    own = {"rubric": {"criteria": ["beauty"]}, "policy": {"weights": {"beauty": 1.0}}}
    told = [text for text in advice(config_from(own)) if "beauty" in text]
    assert len(told) == 1
    assert told[0].endswith("name yours in prompts.judge and prompts.judge_turn")
    for name in ("judge_mine", "judge_turn_mine"):
        (tmp_path / f"{name}.txt").write_text("How beautiful is it, after $instruction?")
    prompts = {"folder": str(tmp_path), "judge": "judge_mine", "judge_turn": "judge_turn_mine"}
    assert not [text for text in advice(config_from({**own, "prompts": prompts})) if "beauty" in text]


def test_deprecated_parameters_are_said():
    judge = {"backend": "gemini", "model": "gemini-3.8-flash", "parameters": {"temperature": 0.2, "top_k": 5}}
    told = [text for text in advice(config_from({"judge": judge})) if "deprecated" in text]
    wanted = "judge.parameters.temperature and judge.parameters.top_k: deprecated for gemini-3.8-flash"
    assert [text.split("; ")[0] for text in told] == [wanted]


def test_second_hand_prices_are_marked_where_the_cost_is_said(tmp_path, capsys):
    from pico_banana.cli import main
    from tests.regenerate.scenes import write_plain_folder

    write_plain_folder(tmp_path / "p", 2)
    text = '[source]\nfolder = "p"\n[writer]\nbackend = "gemini"\n[editor]\nbackend = "openai"\nmodel = "gpt-image-2"\n'
    (tmp_path / "c.toml").write_text(text)
    assert main(["regenerate", "run", str(tmp_path / "c.toml"), "--ledger", str(tmp_path / "l"), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "price of gpt-image-2: read on 2026-04-29, second-hand: all of it, OpenAI's pricing page" in said
    assert "price of gemini-3.5-flash-lite: read on 2026-10-07, https://ai.google.dev" in said
    for entry in tomllib.loads(files("pico_banana.regenerate.settings").joinpath("prices.toml").read_text("utf-8"))[
        "price"
    ]:
        assert entry.get("second_hand") or "second-hand" not in entry["source"], entry["model"]
    (tmp_path / "d.toml").write_text(text.replace("gpt-image-2", "nobody-knows"))
    assert main(["regenerate", "run", str(tmp_path / "d.toml"), "--ledger", str(tmp_path / "l"), "--dry-run"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    stages = {words[0]: words[2] for words in lines if len(words) == 3}
    assert stages["edit"] == "unknown"
    assert stages["write"] == "0.00"  # known: two calls of a cheap model
    (tmp_path / "c.toml").write_text(text + '[prices."gpt-image-2"]\n')
    arguments = ["regenerate", "run", str(tmp_path / "c.toml"), "--ledger", str(tmp_path / "l"), "--dry-run", "--json"]
    assert main(arguments) == 0
    assert list(json.loads(capsys.readouterr().out)["read"]) == ["gemini-3.5-flash-lite"]


class Swapped(Recorder):
    """Answers as OpenAI's `images.edit` does: no model, but what it made, and headers."""

    quality = "high"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        made = {"created": 0, "quality": self.quality, "size": "1024x1024", "output_format": "png"}
        answer = json.dumps(made | {"data": [{"b64_json": base64.b64encode(png()).decode()}]}).encode()
        self.send_response(200)
        for name, value in {
            "Content-Type": "application/json",
            "openai-version": "2020-10-01",
            "x-request-id": "r1",
        }.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@pytest.mark.parametrize(("quality", "model"), [("high", ""), ("low", "not told (quality low for high)")])
def test_an_editor_that_names_no_model_is_known_by_what_it_echoes(photo, quality, model):  # noqa: F811
    pytest.importorskip("openai")
    from pico_banana.errors import RunStoppedError
    from pico_banana.regenerate.values import Stage
    from pico_banana.regenerate.work.guards import check_model

    server = ThreadingHTTPServer(("127.0.0.1", 0), type("S", (Swapped,), {"quality": quality}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        settings = ModelSettings(
            backend="openai",
            model="gpt-image-2",
            base_url=f"http://127.0.0.1:{server.server_port}/v1",
            parameters={"quality": "high", "size": "auto"},
        )
        reply = ask(settings, "edit", edit_request(photo))
    finally:
        server.shutdown()
        server.server_close()
    assert (reply.outcome, reply.model) == (Outcome.OK, model)
    told = json.loads(reply.raw)
    assert told["headers"] == {"openai-version": "2020-10-01", "x-request-id": "r1"}
    assert told["quality"] == quality
    if model:
        with pytest.raises(RunStoppedError, match="'gpt-image-2' and 'not told"):
            check_model(settings, reply, Stage.EDIT)
    else:
        check_model(settings, reply, Stage.EDIT)
