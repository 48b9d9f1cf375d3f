"""The real SDKs against the rehearsal server: every protocol, finish reason and failure, translated as it should be."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from pico_banana.errors import ConfigError, InterruptedTransferError, RequestRefusedError, ServerError, ThrottledError
from pico_banana.regenerate.backends.base import (
    EditRequest,
    JudgeRequest,
    ModelSettings,
    ShortenRequest,
    WriteRequest,
    backend,
)
from pico_banana.regenerate.prompts import prompt
from pico_banana.regenerate.settings.policy import parse_verdict, verdict_schema
from pico_banana.regenerate.values import Instruction, Outcome, Picture
from pico_banana.regenerate.work.stages import parse_written
from pico_banana.taxonomy import edit_type
from tests.regenerate.scenes import draw_scene

genai = pytest.importorskip("google.genai")
openai = pytest.importorskip("openai")
KIND = edit_type("color_tone")


@pytest.fixture(scope="module")
def photo() -> Picture:
    buffer = io.BytesIO()
    draw_scene(0, width=64, height=48)[0].save(buffer, "JPEG")
    return Picture.of(buffer.getvalue())


def gemini(server, **settings) -> ModelSettings:
    return ModelSettings("gemini", "gemini-2.5-flash", server.gemini_url, timeout_s=3.0, **settings)


def chat(server, **settings) -> ModelSettings:
    return ModelSettings("openai", "Qwen/Qwen2.5-7B-Instruct", server.openai_url, timeout_s=3.0, **settings)


def ask(settings: ModelSettings, method: str, request):
    async def once():
        made = backend(settings)
        try:
            return await getattr(made, method)(request)
        finally:
            await made.aclose()

    return asyncio.run(once())


def write_request(photo: Picture) -> WriteRequest:
    values = {"edit_type": KIND.label, "definition": "", "guidance": "", "history": "", "turn": "1"}
    return WriteRequest(photo, KIND, prompt("write_v1").fill(values), seed=1)


def edit_request(photo: Picture, seed: int = 1) -> EditRequest:
    return EditRequest(photo, Instruction("rehearsal edit color_tone number 12345678"), KIND, "make it warmer", seed)


def judge_request(photo: Picture, count: int = 1) -> JudgeRequest:
    schema = verdict_schema(with_drift=count > 1)
    return JudgeRequest(photo, (photo,) * count, Instruction("x"), KIND, "judge this", schema, 1)


@pytest.mark.parametrize("make", [gemini, chat])
def test_write_shorten_judge(make, serve, photo):
    settings = make(serve())
    reply = ask(settings, "write", write_request(photo))
    assert (reply.outcome, reply.model) == (Outcome.OK, settings.model)
    assert "color_tone" in parse_written(reply.text).text
    assert reply.usage.input_tokens > 200
    assert reply.usage.output_tokens > 0
    short = ask(settings, "shorten", ShortenRequest(Instruction("long"), "Long: rehearsal edit color_tone", 1))
    assert short.text.startswith("Make rehearsal edit color_tone")
    assert parse_verdict(ask(settings, "judge", judge_request(photo)).text, with_drift=False).drift is None
    assert parse_verdict(ask(settings, "judge", judge_request(photo, 2)).text, with_drift=True).drift is not None


@pytest.mark.parametrize("make", [gemini, chat])
def test_an_edit_is_a_picture_and_its_bytes_are_not_in_the_raw_reply(make, serve, photo):
    reply = ask(make(serve()), "edit", edit_request(photo))
    assert reply.outcome is Outcome.OK
    assert reply.usage.pictures == 1
    with Image.open(io.BytesIO(reply.picture.data)) as image:
        assert image.size == (64, 48)
    assert len(reply.raw) < 2000
    assert json.loads(reply.raw)


@pytest.mark.parametrize("make", [gemini, chat])
def test_another_seed_is_another_request(make, serve, photo):
    server = serve()
    first, second = (ask(make(server), "edit", edit_request(photo, seed)) for seed in (1, 2))
    again = ask(make(server), "edit", edit_request(photo, 1))
    assert first.picture.sha256 != second.picture.sha256
    assert first.picture.sha256 == again.picture.sha256
    assert sorted(server.paid.values()) == [1, 2]


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        ("no_image", Outcome.NO_PICTURE, "NO_IMAGE"),
        ("silent_no_image", Outcome.NO_PICTURE, "STOP"),
        ("cut_off", Outcome.CUT_OFF, "MAX_TOKENS"),
        ("malformed_response", Outcome.MALFORMED, "MALFORMED_RESPONSE"),
    ],
)
def test_gemini_without_a_picture(fault, outcome, reason, serve, photo):
    reply = ask(gemini(serve(**{fault: 1.0})), "edit", edit_request(photo))
    assert (reply.outcome, reply.reason, reply.picture) == (outcome, reason, None)
    assert reply.usage.input_tokens > 0, "it was paid for all the same"


def test_gemini_refusals_of_each_kind_are_refusals(serve, photo):
    server = serve(refused=1.0)
    seen = set()
    for seed in range(60):
        reply = ask(gemini(server), "edit", edit_request(photo, seed)) if seed < 4 else _direct(server, photo, seed)
        assert reply.outcome is Outcome.REFUSED
        seen.add(reply.reason)
    assert seen >= {
        "SAFETY",
        "RECITATION",
        "PROHIBITED_CONTENT",
        "BLOCKLIST",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_RECITATION",
    }


def _direct(server, photo, seed):
    """Read the server's answer with the SDK's own types, without a client for each."""
    from google.genai import types

    from pico_banana.regenerate.backends.gemini_replies import read_reply
    from pico_banana.rehearsal.models.gemini import answer_gemini

    content = {"contents": [{"parts": [{"text": "x"}]}], "generationConfig": {"responseModalities": ["IMAGE"]}}
    answer = answer_gemini(server.mind, content, f"request {seed}")
    return read_reply(types.GenerateContentResponse.model_validate(answer), picture=True)


@pytest.mark.parametrize("reason", ["LANGUAGE", "OTHER", "MALFORMED_FUNCTION_CALL", "IMAGE_OTHER", "SOMETHING_NEW"])
def test_gemini_other_finish_reasons_never_count_as_done(reason):
    from google.genai import types

    from pico_banana.regenerate.backends.gemini_replies import read_reply

    with pytest.warns(UserWarning, match="SOMETHING_NEW") if reason == "SOMETHING_NEW" else _nothing():
        answer = types.GenerateContentResponse.model_validate(
            {"candidates": [{"content": {"parts": [{"text": "hm"}]}, "finishReason": reason}]}
        )
    found = read_reply(answer, picture=True)
    assert found.outcome is not Outcome.OK
    assert found.reason == reason


def _nothing():
    from contextlib import nullcontext

    return nullcontext()


def test_openai_refusal_and_missing_picture(serve, photo):
    refused = ask(chat(serve(refused=1.0)), "edit", edit_request(photo))
    assert refused.outcome is Outcome.REFUSED
    assert "safety system" in refused.reason
    said_no = ask(chat(serve(refused=1.0)), "shorten", ShortenRequest(Instruction("x"), "x", 1))
    assert (said_no.outcome, said_no.reason) == (Outcome.REFUSED, "I cannot help with that.")
    missing = ask(chat(serve(silent_no_image=1.0)), "edit", edit_request(photo))
    assert (missing.outcome, missing.picture) == (Outcome.NO_PICTURE, None)


@pytest.mark.parametrize("make", [gemini, chat])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("throttled", ThrottledError),
        ("throttled_with_wait", ThrottledError),
        ("server_error", ServerError),
        ("cut_connection", InterruptedTransferError),
    ],
)
def test_failures_of_the_way_are_translated(make, fault, error, serve, photo):
    with pytest.raises(error) as caught:
        ask(make(serve(retry_after_s=7.0, **{fault: 1.0})), "write", write_request(photo))
    assert caught.value.retry_after == (7.0 if fault == "throttled_with_wait" else None)


@pytest.mark.parametrize("make", [gemini, chat])
def test_nobody_listens(make, photo):
    class Nowhere:
        gemini_url = openai_url = "http://127.0.0.1:9"

    with pytest.raises(InterruptedTransferError):
        ask(make(Nowhere), "write", write_request(photo))


@pytest.mark.parametrize("make", [gemini, chat])
def test_a_service_that_hangs_is_given_up(make, serve, photo):
    settings = make(serve(hang=1.0, hang_s=5.0))
    with pytest.raises(InterruptedTransferError, match=r"Request timed out|no answer within 0\.3 s"):
        ask(
            ModelSettings(settings.backend, settings.model, settings.base_url, timeout_s=0.3),
            "write",
            write_request(photo),
        )


class HangsUp(BaseHTTPRequestHandler):
    """Takes a question and closes the connection without a word."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.mark.parametrize("make", [gemini, chat])
def test_who_hangs_up_is_not_asked_again_behind_our_back(make, photo):
    """Whatever the SDK asks by: aiohttp, where it is installed, has a retry of its own, and each may be paid."""
    with ThreadingHTTPServer(("127.0.0.1", 0), HangsUp) as server:
        server.asked = 0
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()

        class Place:
            gemini_url = openai_url = f"http://127.0.0.1:{server.server_port}"

        with pytest.raises(InterruptedTransferError):
            ask(make(Place), "write", write_request(photo))
        server.shutdown()
        thread.join()
        assert server.asked == 1


@pytest.mark.parametrize("make", [gemini, chat])
@pytest.mark.parametrize("fault", ["", "server_error", "cut_connection", "hang"])
def test_no_connection_and_no_thread_stays_open(make, fault, serve, photo):
    server = serve(**({fault: 1.0, "hang_s": 5.0} if fault else {}))
    threads = set(threading.enumerate())
    settings = make(server)
    settings = ModelSettings(settings.backend, settings.model, settings.base_url, timeout_s=0.5 if fault else 3.0)
    try:
        ask(settings, "write", write_request(photo))
    except (InterruptedTransferError, ServerError):
        assert fault
    clients = [one for name in ("aiohttp", "httpx", "httpx2") for one in _clients(name)]
    assert [one for one in clients if not (one.is_closed if hasattr(one, "is_closed") else one.closed)] == []
    assert set(threading.enumerate()) <= threads


def _clients(package):
    found = sys.modules.get(package)
    kind = getattr(found, "ClientSession", None) or getattr(found, "AsyncClient", None)
    return [one for one in gc.get_objects() if kind is not None and issubclass(type(one), kind)]


def test_a_service_that_says_no_to_the_request_itself(serve, photo):
    settings = ModelSettings("openai", "m", serve().openai_url + "/nowhere", timeout_s=3.0)
    with pytest.raises(ConfigError, match="model's name"):
        ask(settings, "write", write_request(photo))
    assert not RequestRefusedError.retryable


@pytest.mark.parametrize("name", ["gemini", "openai"])
def test_a_missing_key_or_model_is_named(name, monkeypatch):
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="_API_KEY"):
        backend(ModelSettings(name, "some-model")).connect()
    with pytest.raises(ConfigError, match="MY_KEY"):
        backend(ModelSettings(name, "some-model", key_env="MY_KEY")).connect()
    with pytest.raises(ConfigError, match="needs a model"):
        backend(ModelSettings(name))
