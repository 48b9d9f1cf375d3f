"""The prompts: every type has a rubric, a folder of one's own comes first, a broken one is found before it is paid."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from pico_banana.errors import ConfigError
from pico_banana.regenerate import open_ledger, run
from pico_banana.regenerate.prompts import PLACES, guidance, prompt
from pico_banana.regenerate.settings.config import config_from
from pico_banana.taxonomy import edit_types
from tests.regenerate.conftest import gemini_config, gemini_document
from tests.regenerate.scenes import write_plain_folder


@pytest.mark.parametrize("kind", edit_types(), ids=str)
def test_every_type_has_its_rubric(kind):
    assert guidance(kind).rubric.startswith("5 ")
    assert guidance(kind).judge


@pytest.mark.parametrize("name", ["judge_v2", "judge_turn_v2"])
def test_the_judge_is_asked_for_what_comparable_judges_are_asked(name):
    text = prompt(name).template.template
    assert text.index("list every difference") < text.index("- compliance:") < text.index("- quality:")
    for wanted in (
        "faces",
        "how many",
        "framed anew",
        "EDITED alone",
        "higher level than compliance",
        "$rubric",
        "$findings",
    ):
        assert wanted in text
    assert prompt(name).asks_levels
    assert not prompt(name.replace("v2", "v1")).asks_levels


def test_versions_used_before_are_kept_as_they_were():
    assert prompt("judge_v1").version == "judge_v1.b21eff28"
    assert prompt("judge_turn_v1").version == "judge_turn_v1.463b87c5"
    assert prompt("write_v1").version == "write_v1.b1fdcf9b"


def test_a_folder_of_one_s_own_comes_first(tmp_path):
    (tmp_path / "judge_mine.txt").write_text("Say a level for $instruction")
    config = config_from({"prompts": {"folder": tmp_path.name, "judge": "judge_mine"}}, folder=tmp_path.parent)
    assert config.prompts.chosen("judge").version.startswith("judge_mine.")
    assert config.prompts.chosen("write") == prompt("write_v1", str(tmp_path))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Judge $instruction and $colour", "has $colour, which nobody fills"),
        ("Judge it", "lacks $instruction"),
        ("Judge $instruction for $ 5", "lone $"),
    ],
)
def test_a_broken_prompt_is_found_when_the_configuration_is_read(tmp_path, text, told):
    (tmp_path / "judge_v2.txt").write_text(text)
    with pytest.raises(ConfigError) as caught:
        config_from({"prompts": {"folder": str(tmp_path)}})
    assert told in str(caught.value)
    assert caught.value.key == "prompts.judge"


def test_a_prompt_that_is_not_there():
    told = "there is no prompt 'judge_v9' among the package's prompts: caption_v1, .*edit_v1, inventory_v1, judge"
    with pytest.raises(ConfigError, match=told):
        config_from({"prompts": {"judge": "judge_v9"}})


def test_every_shipped_prompt_has_the_places_of_its_stage():
    assert config_from({}).prompts.checked()
    stages = {"inventory", "write", "write_turn", "shorten", "edit", "judge", "judge_turn", "judge_axis", "judge_alone"}
    of_texts = {"repair", "caption", "translate", "compare_short", "compare_caption", "compare_translation"}
    assert set(PLACES) == stages | of_texts


def test_findings_reach_the_ledger(serve, tmp_path):
    """The rehearsal's local edits leave most of a small photo as it was or change much of it; either is told."""
    photos = write_plain_folder(tmp_path / "photos", 6)
    config = gemini_config(serve(), photos, assign={"edit_types": ["remove_object"]}, checks={"min_changed": 0.9})
    run(config, tmp_path / "l")
    with open_ledger(tmp_path / "l") as ledger:
        found = ledger.database.execute("SELECT findings FROM attempts WHERE outcome = 'made'")
        kept = [json.loads(row[0]) for row in found]
    assert kept
    assert all("unchanged" in found["noticed"] for found in kept)


class RecordingJudge(BaseHTTPRequestHandler):
    """Speaks the OpenAI protocol, remembers what it was asked, and finds everything perfect."""

    asked: ClassVar[list[str]] = []

    def do_POST(self):
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        parts = document["messages"][-1]["content"]
        self.asked.append("".join(part["text"] for part in parts if part["type"] == "text"))
        names = ("compliance", "seamlessness", "preservation", "quality")
        verdict = {"differences": [], **{name: {"reason": "fine", "level": 5} for name in names}}
        message = {"role": "assistant", "content": json.dumps(verdict)}
        reply = {
            "id": "1", "object": "chat.completion", "created": 0, "model": "recorder",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }  # fmt: skip
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def recorder():
    RecordingJudge.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), RecordingJudge) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


@pytest.mark.parametrize("least", [0.9, 0.0])
def test_findings_reach_the_judges_prompt(serve, tmp_path, recorder, monkeypatch, least):
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-real-key")
    photos = write_plain_folder(tmp_path / "photos", 2)
    judge = {"backend": "openai", "model": "recorder", "base_url": recorder}
    types = {"edit_types": ["remove_object"]}
    document = gemini_document(serve(), photos, assign=types, checks={"min_changed": least, "max_changed_local": 1.0})
    run(config_from({**document, "judge": judge}), tmp_path / "l")
    assert RecordingJudge.asked
    for text in RecordingJudge.asked:
        told = text.split("it may be what was asked for:", 1)[1].split("Instruction:")[0]
        assert ("of the picture differs visibly" in told) == (least > 0)


def test_several_passes_are_several_calls(serve, tmp_path):
    photos = write_plain_folder(tmp_path / "photos", 2)
    config = gemini_config(serve(), photos, assign={"edit_types": ["season"]}, policy={"passes": 3, "max_attempts": 1})
    run(config, tmp_path / "l")
    with open_ledger(tmp_path / "l") as ledger:
        by_stage = dict(map(tuple, ledger.database.execute("SELECT stage, count(*) FROM calls GROUP BY stage")))
    assert by_stage["judge"] == 3 * by_stage["edit"]
