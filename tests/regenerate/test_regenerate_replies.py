"""What strangers' models send: drafts, half surrogates, deep nesting, odd bodies; where it matters through the SDKs."""

from __future__ import annotations

import asyncio
import base64
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pico_banana.errors import ConfigError, ModelReplyError, PicoBananaError, RunStoppedError, ServerError
from pico_banana.regenerate.backends.base import ModelSettings, backend
from pico_banana.regenerate.backends.json_replies import parse_json_object, repaired, unfenced
from pico_banana.regenerate.values import Outcome, Reply
from tests.regenerate.test_regenerate_odd_replies import SHORTEN, answering
from tests.regenerate.test_regenerate_sdks import ask, chat, edit_request, gemini, photo

pytest.importorskip("google.genai")
pytest.importorskip("openai")
__all__ = ["photo"]


def png(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


DRAFT, FINAL = png("red"), png("green")


def inline(data: bytes, mime: str = "image/png", **more: object) -> dict:
    return {"inlineData": {"mimeType": mime, "data": base64.b64encode(data).decode()}, **more}


def gemini_body(*parts: dict, **more: object) -> dict:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", **more}]}


@pytest.mark.parametrize(
    ("body", "outcome", "data"),
    [
        (gemini_body(inline(DRAFT, thought=True), inline(FINAL)), Outcome.OK, FINAL),
        (gemini_body(inline(DRAFT), inline(FINAL)), Outcome.OK, FINAL),
        (gemini_body(inline(FINAL), inline(DRAFT, thought=True)), Outcome.OK, FINAL),
        (gemini_body(inline(DRAFT, thought=True), {"text": "I cannot."}), Outcome.NO_PICTURE, None),
        (gemini_body(inline(FINAL, thought=True)), Outcome.NO_PICTURE, None),
        (gemini_body(inline(b"RIFF....WAVE", "audio/wav")), Outcome.NO_PICTURE, None),
        (gemini_body(inline(FINAL), finishReason=None), Outcome.OK, FINAL),
    ],
)
def test_the_last_picture_that_is_no_thought_is_the_edit(body, outcome, data, photo):
    with answering(200, body) as server:
        reply = ask(gemini(server), "edit", edit_request(photo))
    assert (reply.outcome, reply.picture and reply.picture.data) == (outcome, data)


def test_drafts_and_token_kinds_are_counted(photo, serve):
    given_ = ModelSettings("gemini", "gemini-3-pro-image", serve().gemini_url, timeout_s=20.0)
    reply = ask(given_, "edit", edit_request(photo))
    assert reply.outcome is Outcome.OK
    used = reply.usage
    assert (used.drafts, used.pictures, used.thought_tokens, used.picture_tokens) == (1, 1, 180, 1290)
    assert (used.input_tokens, used.picture_input_tokens, used.output_tokens) == (458, 258, 1470)


HALF = {"text": "Make it \ud83d bright"}


@pytest.mark.parametrize("make", [gemini, chat])
def test_half_a_surrogate_pair_is_repaired(make):
    text = HALF["text"]
    body = {
        **gemini_body({"text": text}),
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
    }
    with answering(200, body) as server:
        reply = ask(make(server), "shorten", SHORTEN)
    assert (reply.outcome, reply.text) == (Outcome.OK, "Make it \ufffd bright")
    reply.raw.encode()


def test_surrogates_in_json_texts_and_whole_pairs():
    assert parse_json_object(r'{"a": ["\ud83d x", {"\udc00": "\ud83d\ude00"}]}') == {
        "a": ["\ufffd x", {"\ufffd": "\U0001f600"}]
    }
    assert repaired("plain") == "plain"


@pytest.mark.parametrize(
    "text", ["[" * 5000, '{"a":' * 900 + "1" + "}" * 900, "[" * 200_000, '{"a": ' + "9" * 5000 + "}"]
)
def test_a_reply_nested_too_deep_is_a_reply_error(text):
    with pytest.raises(ModelReplyError):
        parse_json_object(text)


def test_fences_are_taken_off_by_lines():
    assert unfenced("```json\n{}\n```") == "{}"
    assert unfenced("```\nMake it red.\n```  ") == "Make it red."
    assert unfenced("no ``` fence") == "no ``` fence"
    text = "```json\n" + "\n" * 500_000 + "x"  # by the pattern this took longer than the universe has
    with pytest.raises(ModelReplyError):
        parse_json_object(text)


@pytest.mark.parametrize(
    ("message", "finish", "outcome"),
    [
        ({"content": "half"}, "error", Outcome.MALFORMED),
        ({"content": "half"}, None, Outcome.MALFORMED),
        ({"content": "half"}, "max_tokens", Outcome.CUT_OFF),
        ({"content": [{"type": "text", "text": "whole"}]}, "stop", Outcome.OK),
        (None, "stop", Outcome.MALFORMED),
    ],
)
def test_only_stop_is_the_end_of_a_chat_reply(message, finish, outcome):
    body = {
        "id": "x",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
    }
    with answering(200, body) as server:
        reply = ask(chat(server), "shorten", SHORTEN)
    assert reply.outcome is outcome
    assert reply.text in {"half", "whole", ""}


@pytest.mark.parametrize("entry", [{"b64_json": "data:image/png;base64,{}"}, {"url": "data:image/png;base64,{}"}])
def test_data_addresses_are_pictures(entry, photo):
    name, form = next(iter(entry.items()))
    body = {"created": 1, "data": [{name: form.format(base64.b64encode(FINAL).decode())}]}
    with answering(200, body) as server:
        assert ask(chat(server), "edit", edit_request(photo)).picture.data == FINAL


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.png", "https://127.0.0.1/x", "file:///etc/passwd", "ftp://h/x"])
def test_a_reply_chooses_no_host_inside_and_no_file(url, photo):
    with answering(200, {"created": 1, "data": [{"url": url}]}) as server:
        reply = ask(chat(server), "edit", edit_request(photo))
    assert (reply.outcome, reply.picture) == (Outcome.MALFORMED, None)


def test_pictures_through_chat_as_openrouter_sends_them(photo, serve):
    reply = ask(chat(serve(), parameters={"edit_through": "chat"}), "edit", edit_request(photo))
    assert (reply.outcome, reply.usage.pictures, reply.usage.picture_tokens) == (Outcome.OK, 1, 1056)
    assert reply.picture.media_type == "image/png"


@pytest.mark.parametrize("count", [2**70, -5, "many", 1.5, True])
def test_absurd_token_counts_are_none(count):
    body = {**gemini_body({"text": "x"}), "usageMetadata": {"promptTokenCount": count, "candidatesTokenCount": 7}}
    with answering(200, body) as server:
        reply = ask(gemini(server), "shorten", SHORTEN)
    assert reply.usage.input_tokens in {0, 1}
    body = {"id": "x", "created": 1, "model": "m", "usage": {"prompt_tokens": count, "completion_tokens": 7}}
    with answering(200, body) as server:
        assert ask(chat(server), "shorten", SHORTEN).usage.input_tokens == 0


@pytest.mark.parametrize("make", [gemini, chat])
@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("cancelled", ServerError, "499"),
        ("daily_quota", RunStoppedError, r"filled up again at \d{4}-\d\d-\d\d \d\d:\d\d UTC, in "),
        ("account_empty", RunStoppedError, "the account is empty or at its limit"),
    ],
)
def test_accounts_and_quotas_end_a_run_with_words(make, fault, error, says, serve):
    with pytest.raises(error, match=says):
        ask(make(serve(**{fault: 1.0})), "shorten", SHORTEN)


@pytest.mark.parametrize(
    ("name", "method", "parameters", "key"),
    [
        ("gemini", "judge", {"thinking_level": "enormous"}, "parameters"),
        ("gemini", "judge", {"temprature": 1}, "parameters.temprature"),
        ("gemini", "edit", {"aspect_ratio": ["16:9"]}, "parameters.image_config"),
        ("gemini", "write", {"image_size": "2K"}, "parameters.image_size"),
        ("gemini", "write", {"seed": 1}, "parameters.seed"),
        ("openai", "write", {"temprature": 1}, "parameters.temprature"),
        ("openai", "write", {"temperature": "hot"}, "parameters.temperature"),
        ("openai", "edit", {"quality": "best"}, "parameters.quality"),
        ("openai", "edit", {"edit_through": "mail"}, "parameters.edit_through"),
    ],
)
def test_a_wrong_parameter_is_named_before_anything_is_asked(name, method, parameters, key):
    with pytest.raises(ConfigError) as caught:
        backend(ModelSettings(name, "m", parameters=parameters)).check(method)
    assert caught.value.key.startswith(key)


def test_right_parameters_pass():
    safety = {"harassment": "BLOCK_NONE"}
    for_edit = {"thinking_level": "low", "aspect_ratio": "3:2", "image_size": "1K", "safety_settings": safety}
    backend(ModelSettings("gemini", "m", parameters=for_edit)).check("edit")
    backend(ModelSettings("openai", "m", parameters={"quality": "high", "extra_body": {"steps": 4}})).check("edit")
    backend(ModelSettings("openai", "m", parameters={"temperature": 0.2})).check("judge")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
GEMINI_KEYS = ("candidates", "usageMetadata", "promptFeedback", "modelVersion")
CHAT_KEYS = ("choices", "usage", "model", "data")


def mutated(draw, body: dict, keys: tuple[str, ...]) -> dict:
    found = dict(body)
    for name in draw(st.lists(st.sampled_from(keys), max_size=2)):
        found[name] = draw(JSON)
    if "choices" in found and isinstance(found["choices"], list) and draw(st.booleans()):
        found["choices"] = [{"message": draw(JSON), "finish_reason": draw(JSON)}]
    if "candidates" in found and isinstance(found["candidates"], list) and draw(st.booleans()):
        found["candidates"] = [{"content": {"parts": draw(JSON)}, "finishReason": draw(JSON)}]
    return found


@pytest.mark.filterwarnings("ignore::UserWarning")  # the Gemini SDK warns of unknown finish reasons
@pytest.mark.parametrize(("make", "keys"), [(gemini, GEMINI_KEYS), (chat, CHAT_KEYS)])
@pytest.mark.parametrize("method", ["shorten", "edit"])
def test_whatever_a_service_sends_is_a_reply_or_an_error_of_ours(make, keys, method, photo):
    whole = {**gemini_body({"text": "x"}), "id": "x", "created": 1, "model": "m"}
    whole |= {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}]}
    request = SHORTEN if method == "shorten" else edit_request(photo)
    with answering(200, whole) as server, asyncio.Runner() as loop:
        made = backend(make(server))

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(data=st.data())
        def holds(data):
            sent = json.dumps(mutated(data.draw, whole, keys)).encode()
            server.status = data.draw(st.sampled_from([200, 200, 200, 400, 404, 429, 500]))
            server.data = sent[: data.draw(st.integers(0, 400)) if data.draw(st.booleans()) else None]
            try:
                reply = loop.run(getattr(made, method)(request))
            except PicoBananaError as error:
                str(error).encode()
            else:
                assert isinstance(reply, Reply)
                (reply.text + reply.raw + reply.reason + reply.model).encode()

        holds()
        loop.run(made.aclose())
