"""A changed judge, editor or limit asks only what it concerns; every verdict stays, and a policy says whose count."""

from __future__ import annotations

import dataclasses
import io
import json
import threading
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

import pico_banana as pb
from pico_banana.errors import ConfigError, StoreError
from pico_banana.regenerate import assemble, config_from, make_report, open_ledger, rejudge, run
from pico_banana.regenerate.values import Outcome, Picture, Reply
from pico_banana.regenerate.work.staff import Staff

ITEMS = 6
CRITERIA = ("compliance", "seamlessness", "preservation", "quality")
PHOTO = sorted((Path(pb.__file__).parent / "rehearsal" / "sample" / "source").rglob("*.jpg"))[0]


def coloured(seed):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (seed % 251, seed // 251 % 251, seed // 63001 % 251)).save(buffer, "PNG")
    return buffer.getvalue()


class Crew:
    """Answers every stage and counts what it was asked; scores are as a test wants them."""

    def __init__(self, score=0.9, unreadable=(), tint=0):
        self.asked = Counter()
        self.score = score
        self.tint = tint
        self.unreadable = set(unreadable)
        self.lock = threading.Lock()

    def _count(self, stage):
        with self.lock:
            self.asked[stage] += 1
            return self.asked[stage]

    def write(self, request):
        self._count("write")
        text = json.dumps(
            {"suitable": True, "why": "", "prompts": ["Make the whole photo a good deal warmer, please."]}
        )
        return Reply(Outcome.OK, text)

    def shorten(self, request):
        self._count("shorten")
        return Reply(Outcome.OK, "Warmer.")

    def edit(self, request):
        self._count("edit")
        return Reply(Outcome.OK, "", Picture.of(coloured(request.seed + self.tint)))

    def judge(self, request):
        if self._count("judge") in self.unreadable:
            return Reply(Outcome.OK, "I would rather not say.")
        said = {name: {"score": self.score, "reason": "because"} for name in request.schema["required"]}
        return Reply(Outcome.OK, json.dumps(said))


def config(folder, **tables):
    folder.mkdir(exist_ok=True)
    for number in range(ITEMS):
        target = folder / f"{number}.jpg"
        if not target.exists():
            target.write_bytes(PHOTO.read_bytes() + bytes([number]))
    stages = {
        name: {"backend": "gemini", "model": f"{name}-model"} for name in ("writer", "shortener", "editor", "judge")
    }
    for name in [name for name in tables if name in stages]:
        stages[name] |= tables.pop(name)
    document = {"seed": 3, "source": {"folder": str(folder)}, **stages, "checks": {"enabled": False}, **tables}
    return config_from({**document, "assign": {"edit_types": ["color_tone"]}})


def staff(crew):
    return Staff(crew, crew, crew, crew)


def accepted(ledger, **policy):
    with open_ledger(ledger) as opened:
        rule = dataclasses.replace(opened.latest_config().policy, **policy)
        return make_report(opened, policy=rule).accepted


def verdicts(ledger):
    with open_ledger(ledger) as opened:
        return Counter(
            (row["model"], row["outcome"])
            for row in opened.database.execute("SELECT model, outcome FROM verdicts JOIN makers ON makers.id = maker")
        )


def test_a_changed_judge_is_asked_and_nobody_else(tmp_path):
    first, second = Crew(0.9), Crew(0.8)
    run(config(tmp_path / "p"), tmp_path / "l", staff=staff(first))
    assert first.asked == {"write": ITEMS, "shorten": ITEMS, "edit": ITEMS, "judge": ITEMS}
    changed = config(tmp_path / "p", judge={"model": "newer"})
    with pytest.raises(ConfigError, match=r"judge\.model"):
        run(changed, tmp_path / "l", staff=staff(second))
    state = run(changed, tmp_path / "l", staff=staff(second), accept_changes=True)
    assert second.asked == {"judge": ITEMS}
    assert verdicts(tmp_path / "l") == {("judge-model", "ok"): ITEMS, ("newer", "ok"): ITEMS}
    assert state.ended == {"accepted": ITEMS}
    assert accepted(tmp_path / "l") == ITEMS
    assert run(changed, tmp_path / "l", staff=staff(second)).total == 0


def test_under_the_first_verdict_another_judge_is_asked_of_what_is_new_alone(tmp_path):
    run(config(tmp_path / "p", policy={"judge": "first"}), tmp_path / "l", staff=staff(Crew()))
    other = Crew(0.1)
    changed = config(tmp_path / "p", policy={"judge": "first"}, judge={"model": "newer"})
    assert run(changed, tmp_path / "l", staff=staff(other), accept_changes=True).total == 0
    assert other.asked == {}
    assert accepted(tmp_path / "l") == ITEMS


def test_a_stricter_judge_has_more_attempts_made_and_no_old_one_again(tmp_path):
    run(config(tmp_path / "p"), tmp_path / "l", staff=staff(Crew(0.9)))
    strict = Crew(0.3)
    run(config(tmp_path / "p", judge={"model": "strict"}), tmp_path / "l", staff=staff(strict), accept_changes=True)
    assert strict.asked == {"judge": 3 * ITEMS, "edit": 2 * ITEMS}
    assert accepted(tmp_path / "l") == 0
    assert accepted(tmp_path / "l", judge="judge-model") == ITEMS


def test_a_changed_editor_edits_anew_and_the_old_edits_stay(tmp_path):
    run(config(tmp_path / "p"), tmp_path / "l", staff=staff(Crew()))
    other = Crew(tint=1)
    run(config(tmp_path / "p", editor={"model": "newer"}), tmp_path / "l", staff=staff(other), accept_changes=True)
    assert other.asked == {"edit": ITEMS, "judge": ITEMS}
    with open_ledger(tmp_path / "l") as ledger:
        assert ledger.database.execute("SELECT count(*), count(DISTINCT editor) FROM attempts").fetchone()[:] == (
            2 * ITEMS,
            2,
        )


def test_a_changed_shortener_shortens_alone(tmp_path):
    run(config(tmp_path / "p"), tmp_path / "l", staff=staff(Crew()))
    other = Crew()
    run(config(tmp_path / "p", shortener={"model": "newer"}), tmp_path / "l", staff=staff(other), accept_changes=True)
    assert other.asked == {"shorten": ITEMS}


def test_another_host_of_the_same_model_is_no_change(tmp_path):
    run(config(tmp_path / "p", judge={"base_url": "http://one.invalid"}), tmp_path / "l", staff=staff(Crew()))
    other = Crew()
    assert (
        run(
            config(tmp_path / "p", judge={"base_url": "http://me:pw@two.invalid/v1"}),
            tmp_path / "l",
            staff=staff(other),
        ).total
        == 0
    )
    assert other.asked == {}
    for path in (tmp_path / "l").glob("ledger.sqlite*"):
        assert b"me:pw" not in path.read_bytes()


def test_an_unjudged_edit_keeps_its_picture_and_is_judged_later(tmp_path):
    blind = Crew(unreadable=range(1, 1000))
    state = run(config(tmp_path / "p"), tmp_path / "l", staff=staff(blind))
    assert state.ended == {"unjudged": ITEMS}
    assert blind.asked["edit"] == ITEMS, "nothing more is bought while a picture waits for its judge"
    seeing = Crew(0.9)
    state = rejudge(config(tmp_path / "p"), tmp_path / "l", staff=staff(seeing), unjudged=True)
    assert (state.total, state.done, state.ended) == (ITEMS, ITEMS, {"judged": ITEMS})
    assert seeing.asked == {"judge": ITEMS}
    assert accepted(tmp_path / "l") == ITEMS
    assert rejudge(config(tmp_path / "p"), tmp_path / "l", staff=staff(seeing), unjudged=True).total == 0
    assert run(config(tmp_path / "p"), tmp_path / "l", staff=staff(seeing)).total == 0


def test_what_a_later_verdict_rejects_is_open_again_for_the_run(tmp_path):
    run(config(tmp_path / "p"), tmp_path / "l", staff=staff(Crew(unreadable=range(1, 1000))))
    rejudge(config(tmp_path / "p"), tmp_path / "l", staff=staff(Crew(0.2)), unjudged=True)
    good = Crew(0.9)
    state = run(config(tmp_path / "p"), tmp_path / "l", staff=staff(good))
    assert (state.total, state.ended) == (ITEMS, {"accepted": ITEMS})
    assert good.asked == {"edit": ITEMS, "judge": ITEMS}
    with open_ledger(tmp_path / "l") as ledger:
        assert assemble(ledger, tmp_path / "out", pictures=False).preference == ITEMS


def test_another_judges_verdicts_stand_beside_and_a_policy_says_whose_count(tmp_path):
    run(config(tmp_path / "p"), tmp_path / "l", staff=staff(Crew(0.8)))
    other = Crew(0.4)
    rejudge(config(tmp_path / "p", judge={"model": "other"}), tmp_path / "l", staff=staff(other))
    assert other.asked == {"judge": ITEMS}
    found = {
        name: accepted(tmp_path / "l", judge=name)
        for name in ("current", "first", "latest", "mean", "other", "judge-model")
    }
    assert found == {
        "current": ITEMS, "first": ITEMS, "latest": 0, "mean": 0, "other": 0, "judge-model": ITEMS,
    }  # fmt: skip
    assert accepted(tmp_path / "l", judge="mean", threshold=0.59) == ITEMS
    with pytest.raises(ConfigError, match=r"policy\.judge is 'othre'.* did you mean 'other'"):
        accepted(tmp_path / "l", judge="othre")
    with pytest.raises(ConfigError, match=r"policy\.tie_break is 'judge-modle'.* did you mean 'judge-model'"):
        accepted(tmp_path / "l", tie_break="judge-modle")
    breaker = Crew(0.95)
    rejudge(config(tmp_path / "p", judge={"model": "breaker"}), tmp_path / "l", staff=staff(breaker))
    assert accepted(tmp_path / "l", tie_break="breaker") == ITEMS
    assert accepted(tmp_path / "l", tie_break="other") == ITEMS, "the two others agree"


def test_there_must_be_a_ledger(tmp_path):
    with pytest.raises(StoreError, match="holds no ledger"):
        rejudge(config(tmp_path / "p"), tmp_path / "l", staff=staff(Crew()))
