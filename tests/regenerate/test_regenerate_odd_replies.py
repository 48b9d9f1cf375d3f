"""What the real SDKs make of answers that no rehearsal gives: bad keys, empty accounts, bodies that cannot be read."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from pico_banana.errors import ConfigError, InterruptedTransferError, RunStoppedError, ThrottledError
from pico_banana.regenerate.backends.base import ShortenRequest
from pico_banana.regenerate.values import Instruction, Outcome
from tests.regenerate.test_regenerate_sdks import ask, chat, edit_request, gemini, photo

pytest.importorskip("google.genai")
pytest.importorskip("openai")
__all__ = ["photo"]  # a fixture of that module, used here too

SHORTEN = ShortenRequest(Instruction("long"), "Long: x", 1)


@contextmanager
def answering(status: int, body: object, **headers: str):
    """Serve one answer to every request."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    place = SimpleNamespace(status=status, data=data)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(place.status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(place.data)),
                **headers,
            }.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(place.data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        place.gemini_url, place.openai_url = url, f"{url}/v1"
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_wrong_gemini_key_ends_the_run_and_is_no_refused_picture():
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
    error = {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": details}
    with answering(400, {"error": error}) as server, pytest.raises(ConfigError, match="check the key"):
        ask(gemini(server), "shorten", SHORTEN)


def test_an_empty_openai_account_is_no_throttling():
    error = {"message": "You exceeded your current quota.", "type": "insufficient_quota", "code": "insufficient_quota"}
    with answering(429, {"error": error}) as server, pytest.raises(RunStoppedError, match="the account is empty"):
        ask(chat(server), "shorten", SHORTEN)


def test_gemini_says_in_the_body_how_long_to_wait():
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17.5s"}]
    error = {"code": 429, "message": "Resource exhausted.", "status": "RESOURCE_EXHAUSTED", "details": details}
    with answering(429, {"error": error}) as server, pytest.raises(ThrottledError) as caught:
        ask(gemini(server), "shorten", SHORTEN)
    assert caught.value.retry_after == 17.5


@pytest.mark.parametrize("make", [gemini, chat])
@pytest.mark.parametrize(
    ("value", "wait"), [("2.5", 2.5), ("inf", None), ("-3", None), (formatdate(0, usegmt=True), 0.0)]
)
def test_retry_after_is_seconds_or_a_date_and_never_nonsense(make, value, wait):
    body = {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}
    with answering(429, body, Retry_After=value) as server, pytest.raises(ThrottledError) as caught:
        ask(make(server), "shorten", SHORTEN)
    assert caught.value.retry_after == wait


@pytest.mark.parametrize("make", [gemini, chat])
@pytest.mark.parametrize("body", [b'{"cut', b"", b'"text"', b"[]"])
def test_a_body_that_cannot_be_read_is_asked_for_again(make, body):
    with answering(200, body) as server:
        assert outcome(make(server)) in {Outcome.MALFORMED, InterruptedTransferError}


def outcome(settings):
    try:
        return ask(settings, "shorten", SHORTEN).outcome
    except InterruptedTransferError as error:
        return type(error)


def test_a_picture_whose_base64_is_broken_was_paid_and_is_not_asked_for_again(photo):
    with answering(200, {"created": 1, "data": [{"b64_json": "ab=c!"}]}) as server:
        reply = ask(chat(server), "edit", edit_request(photo))
    assert (reply.outcome, reply.picture) == (Outcome.MALFORMED, None)
    assert "Base64" in reply.reason


@pytest.mark.parametrize("make", [gemini, chat])
def test_an_empty_text_is_malformed(make):
    body = {
        "candidates": [{"content": {"parts": []}, "finishReason": "STOP"}],
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ""}}],
    }
    with answering(200, body) as server:
        assert ask(make(server), "shorten", SHORTEN).outcome is Outcome.MALFORMED
