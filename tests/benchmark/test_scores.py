"""Judges over published rows, by the real client at the rehearsal server, whose verdicts are known beforehand."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import time

import fsspec
import pytest

import pico_banana as pb
from pico_banana import benchmark
from pico_banana.benchmark.scores.asking import plan_scores, score
from pico_banana.benchmark.scores.judges import ScoreOptions
from pico_banana.benchmark.scores.reading import read_scores
from pico_banana.benchmark.scores.sharded import score_shard
from pico_banana.cli import main
from pico_banana.errors import ConfigError, StoreError, UnknownNameError
from pico_banana.regenerate.judging import published_edits
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer
from pico_banana.rehearsal.models.faults import draw
from pico_banana.rehearsal.models.mind import DEFAULT_RATE
from pico_banana.rows.sharding.shard import Shard

CRITERIA = ("compliance", "seamlessness", "preservation", "quality")


@pytest.fixture
def singles():
    return pb.load("single_turn", mirror="sample")


@pytest.fixture
def pairs():
    return pb.load("preference", mirror="sample")


@pytest.fixture
def sessions():
    return pb.load("multi_turn", mirror="sample")


def critic(server, model="critic"):
    return f"openai:{model}@{server.openai_url}"


def truth(rows):
    """Say of every edit whether the rehearsed judge calls it good, and of those without a picture nothing."""
    good = {}
    for edit in published_edits(rows):
        if edit.edited:
            with fsspec.open(edit.edited, "rb") as file:
                good[edit.name] = draw(0, "accept", hashlib.sha256(file.read()).hexdigest()) < DEFAULT_RATE
    return good


def by_id(folder):
    (one,) = read_scores(folder).judges
    return {row["id"]: row for row in one.rows}


def test_edits_pairs_and_turns_are_scored_as_the_truth_is(singles, pairs, sessions, tmp_path):
    with ModelServer() as server:
        for rows in (singles[:6], pairs[:3], sessions[:3]):
            score(rows, tmp_path, judges=critic(server))
        assert max(server.paid.values()) == 1
    known = {**truth(singles[:6]), **truth(pairs[:3]), **truth(sessions[:3])}
    found = by_id(tmp_path)
    assert set(known.values()) == {True, False}
    assert {name: row["accepted"] for name, row in found.items() if row["score"] is not None} == known
    one = found[singles[0].id]
    assert one["judge"] == "openai:critic/paper-1"
    assert one["answered_by"] == "critic"
    assert one["prompt"].startswith("judge_v2.")
    assert set(dict(one["reasons"])) >= set(CRITERIA)
    assert (one["row_id"], one["turn"], one["type_source"]) == (one["id"], None, "published")


def test_turns_say_what_type_they_were_told_and_how_sure_it_was(sessions, tmp_path):
    session = sessions[0]
    with ModelServer() as server:
        score(sessions[:1], tmp_path, judges=critic(server))
    rows = [by_id(tmp_path)[f"{session.id}#turn{number}"] for number in range(1, len(session.turns) + 1)]
    for row, turn in zip(rows, session.turns, strict=True):
        assert row["row_id"] == session.id
        assert row["told_type"] == (turn.inferred_edit_type or "an edit of a session")
        assert row["type_source"] == "words"
        assert row["type_confidence"] == pytest.approx(turn.inferred_confidence)
    assert [row["drift"] is None for row in rows] == [True] + [False] * (len(rows) - 1)
    assert rows[0]["prompt"].startswith("judge_v2.")
    assert rows[1]["prompt"].startswith("judge_turn_v2.")


def test_types_of_first_turns_can_come_from_elsewhere(sessions, tmp_path):
    known = sessions.first_turns().types
    with ModelServer() as server:
        score(sessions[:2], tmp_path, judges=critic(server), options=ScoreOptions(first_turns=known))
    for session in sessions[:2]:
        row = by_id(tmp_path)[f"{session.id}#turn1"]
        assert (row["told_type"], row["type_source"]) == (known[session.id].edit_type, known[session.id].source)


def test_a_turn_without_a_picture_is_listed_with_the_reason(sessions, tmp_path):
    rows = sessions.select(has_flags="turn_image_missing")
    (session,) = rows
    lost = next(number for number, turn in enumerate(session.turns, 1) if turn.image is None)
    with ModelServer() as server:
        (scored,) = score(rows, tmp_path, judges=critic(server))
    found = by_id(tmp_path)
    assert len(found) == len(session.turns)
    for number in (lost, lost + 1)[: len(session.turns) - lost + 1]:
        row = found[f"{session.id}#turn{number}"]
        assert row["score"] is None
        assert "the rows name no picture for this turn, or for the one before it" in row["problem"]
    assert scored.state.failed == sum(row["score"] is None for row in found.values())


@pytest.mark.parametrize(
    ("preset", "subset", "words"),
    [
        *((name, "single_turn", "asks questions of its own") for name in ("editscore", "editreward", "pairwise")),
        ("reward", "multi_turn", "looks at one edit alone"),
    ],
)
def test_presets_that_cannot_be_asked_here_are_refused_before_anything_is_paid(preset, subset, words, tmp_path):
    rows = pb.load(subset, mirror="sample")[:1]
    with ModelServer() as server:
        with pytest.raises(ConfigError, match=words):
            score(rows, tmp_path, judges=critic(server), options=ScoreOptions(preset=preset))
        assert not server.paid


def test_nothing_is_paid_twice_whichever_shard_asked(singles, tmp_path):
    rows = singles[:20]
    with ModelServer() as server:
        half, judge = Shard(0, 2), critic(server)
        score_shard(rows, tmp_path, half, judges=judge)
        first = server.paid.total()
        assert 0 < first < len(rows)
        assert score_shard(rows, tmp_path, half, judges=judge)[0].state.calls == 0
        (plan,) = plan_scores(rows, tmp_path, judges=critic(server))
        assert (plan.edits, plan.judged, plan.left) == (20, first, 20 - first)
        (whole,) = score(rows, tmp_path, judges=critic(server))
        assert whole.state.calls == 20 - first
        (rest,) = score_shard(rows, tmp_path, Shard(1, 2), judges=judge)
        assert (rest.state.total, rest.state.earlier) == (0, 20 - first)
        elsewhere = tmp_path.with_name("others"), ScoreOptions(known=(tmp_path,))
        for index in range(3):  # another number of shards, in another folder
            score_shard(rows, elsewhere[0], Shard(index, 3), judges=judge, options=elsewhere[1])
        with pytest.raises(StoreError, match="made of other rows or with other options"):
            score_shard(rows[:5], tmp_path, half, judges=judge)
        assert server.paid.total() == 20
    assert sorted(by_id(tmp_path)) == sorted(rows.ids)


def test_a_judge_that_gives_nothing_readable_is_missing_with_the_reason_and_never_a_zero(singles, tmp_path):
    with ModelServer(Mind(faults=ModelFaults(bad_json=1.0))) as server:
        score(singles[:3], tmp_path, judges=critic(server))
    (one,) = read_scores(tmp_path).judges
    assert [row["score"] for row in one.rows] == [None] * 3
    assert list(one.missing) == singles[:3].ids
    assert one.missing_by_reason == {"malformed": 3}
    report = benchmark.score_report(read_scores(tmp_path))
    (line,) = report.judges
    assert (line.edits, line.scored, line.missing) == (3, 0, {"malformed": 3})
    assert line.types[0].mean is None


def test_columns_as_omniedit_has_them(singles, tmp_path):
    with ModelServer() as server:
        score(singles[:3], tmp_path, judges=critic(server))
    table = read_scores(tmp_path).to_arrow(columns="omniedit")
    assert table.column_names == [
        "id", "task", "sc_score_1", "sc_score_2", "sc_reasoning", "pq_score", "pq_reasoning", "o_score",
        "judge", "prompt", "answered_by", "problem",
    ]  # fmt: skip
    for row in table.to_pylist():
        own = by_id(tmp_path)[row["id"]]
        look = min(own["seamlessness"], own["quality"])
        assert row["sc_score_1"] == pytest.approx(10 * own["compliance"])
        assert row["sc_score_2"] == pytest.approx(10 * own["preservation"])
        assert row["pq_score"] == pytest.approx(10 * look)
        assert row["o_score"] == pytest.approx(
            math.sqrt(min(row["sc_score_1"], row["sc_score_2"]) * row["pq_score"]), abs=1e-3
        )
        assert row["task"] == singles[row["id"]].edit_type
        assert row["sc_reasoning"] == "rehearsed compliance rehearsed preservation"


def test_rows_of_sessions_and_pairs(sessions, pairs, tmp_path):
    pytest.importorskip("duckdb")
    with ModelServer() as server:
        score(sessions[:2], tmp_path / "s", judges=critic(server))
        score(pairs[:4], tmp_path / "p", judges=critic(server))
    edits = by_id(tmp_path / "s")
    table = read_scores(tmp_path / "s").to_arrow(per="row")
    for row in table.to_pylist():
        turns = [edits[f"{row['id']}#turn{number}"]["score"] for number in range(1, row["edits"] + 1)]
        assert row["turn_scores"] == turns
        assert row["score"] == min(turns)
    assert table["id"].to_pylist() == sessions[:2].ids
    assert len(sessions.where("score >= 0", table)) == 2
    edits = by_id(tmp_path / "p")
    for row in read_scores(tmp_path / "p").to_arrow(per="row").to_pylist():
        rejected = [edits[f"{row['id']}#rejected{number}"]["score"] for number in range(1, row["edits"])]
        assert row["rejected_scores"] == rejected
        assert row["score"] == edits[row["id"]]["score"]
        assert row["margin"] == pytest.approx(row["score"] - max(rejected))


def test_judges_side_by_side(singles, tmp_path):
    rows = singles[:10]
    with ModelServer() as mild, ModelServer(Mind(seed=9)) as other:
        score(rows, tmp_path, judges=[critic(mild), critic(mild, "twin")])
        score(rows[:6], tmp_path, judges=critic(other, "stranger"))
    found = read_scores(tmp_path)
    names = [one.judge for one in found.judges]
    assert names == ["openai:critic/paper-1", "openai:stranger/paper-1", "openai:twin/paper-1"]
    report = benchmark.score_report(found)
    pairs = {(one.one, one.other): one for one in report.agreements}
    alike = pairs["openai:critic/paper-1", "openai:twin/paper-1"]
    assert (alike.edits, alike.spearman, alike.kappa) == (10, 1.0, 1.0)
    assert pairs["openai:critic/paper-1", "openai:stranger/paper-1"].edits == 6
    wide = {row["id"]: row for row in found.to_arrow().to_pylist()}
    one = wide[rows.ids[0]]
    three = [one[f"openai_{name}_paper_1_score"] for name in ("critic", "stranger", "twin")]
    assert one["score"] == pytest.approx(sum(three) / 3)
    assert one["spread"] == pytest.approx(max(three) - min(three))
    assert one["judged_by"] == 3
    assert wide[rows.ids[9]]["openai_stranger_paper_1_score"] is None
    assert wide[rows.ids[9]]["judged_by"] == 2
    assert [one.judge for one in found.of("openai:twin").judges] == ["openai:twin/paper-1"]
    with pytest.raises(ConfigError, match="hold one judge"):
        found.to_arrow(columns="omniedit")
    with pytest.raises(UnknownNameError, match="openai:critic"):
        found.of("openai:critik")


def test_a_configuration_is_a_judge_with_its_own_rubric(singles, tmp_path):
    with ModelServer() as server:
        file = tmp_path / "strict.toml"
        file.write_text(
            f'[judge]\nbackend = "openai"\nmodel = "critic"\nbase_url = "{server.openai_url}"\n'
            '[rubric]\ncriteria = ["quality", "compliance"]\n'
            "[policy]\nthreshold = 0.9\nweights = { quality = 0.25, compliance = 0.75 }\n"
        )
        score(singles[:4], tmp_path / "l", judges=str(file))
    (one,) = read_scores(tmp_path / "l").judges
    assert one.judge == "openai:critic/strict.toml"
    for row in one.rows:
        assert row["score"] == pytest.approx(0.25 * row["quality"] + 0.75 * row["compliance"], abs=1e-6)
        assert row["accepted"] == (row["score"] > 0.9)
    with pytest.raises(ConfigError, match="this one gave"):
        read_scores(tmp_path / "l").to_arrow(columns="omniedit")


@pytest.mark.parametrize(
    ("judge", "error", "words"),
    [
        ("procedural", ConfigError, "by the recipe"),
        ("openai", ConfigError, "openai:MODEL"),
        ("gemni:x", UnknownNameError, "gemini"),
    ],
)
def test_judges_that_cannot_be_asked_are_refused(singles, tmp_path, judge, error, words):
    with pytest.raises(error, match=words):
        plan_scores(singles[:1], tmp_path, judges=judge)


def test_texts_have_nothing_to_score_and_an_empty_folder_says_so(tmp_path):
    with pytest.raises(ConfigError, match="instructions are texts"):
        plan_scores(pb.load("instructions", mirror="sample")[:1], tmp_path, judges="openai:critic")
    with pytest.raises(StoreError, match="pico-banana score"):
        read_scores(tmp_path)


def test_a_plan_reads_no_picture_and_knows_what_a_turn_costs(sessions, tmp_path):
    from pico_banana.regenerate.settings.pricelist import Price

    prices = {"critic": Price(input_per_million=1.0, output_per_million=10.0)}
    (plan,) = plan_scores(sessions[:2], tmp_path / "l", judges="openai:critic", options=ScoreOptions(prices=prices))
    turns = sum(len(session.turns) for session in sessions[:2])
    assert (plan.edits, plan.turns, plan.left) == (turns, turns, turns)
    assert plan.usd == pytest.approx((turns * 2700 + (turns - 2) * 1032 + turns * 760 * 10) / 1e6, rel=1e-4)
    (unknown,) = plan_scores(sessions[:2], tmp_path / "l", judges="openai:critic")
    assert (unknown.usd, unknown.unpriced) == (None, ("critic",))
    assert "cost unknown" in str(unknown)
    assert not (tmp_path / "l").exists()


def test_the_commands(singles, tmp_path, capsys):
    pytest.importorskip("duckdb")
    ledger, out, labels = str(tmp_path / "l"), tmp_path / "scores.parquet", tmp_path / "human.csv"
    rows = singles[:24]
    with ModelServer() as server:
        words = ["score", "single_turn", "--mirror", "sample", "--limit", "24", "--judge", critic(server)]
        words += ["--ledger", ledger]
        assert main([*words, "--dry-run", "--json"]) == 0
        (plan,) = json.loads(capsys.readouterr().out)["judges"]
        assert (plan["judge"], plan["edits"], plan["left"]) == ("openai:critic/paper-1", 24, 24)
        assert not (tmp_path / "l").exists()
        assert main([*words, "--shard", "0/2"]) == 0
        capsys.readouterr()
        assert main([*words, "--json", "--out", str(out)]) == 0
        (told,) = json.loads(capsys.readouterr().out)["judges"]
        assert told["failed"] == 0
        assert main(words) == 0
        assert f"see them with `pico-banana scores {ledger}" in capsys.readouterr().out
        assert server.paid.total() == 24
    good = truth(rows)
    assert set(rows.where("accepted", out).ids) == {name for name, yes in good.items() if yes}
    with labels.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "label"), *((name, "good" if yes else "bad") for name, yes in good.items())])
    assert main(["scores", ledger, "--labels", str(labels), "--out", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["judges"][0]["calibration"]["auc"] == 1.0
    assert report["agreements"][0]["kappa"] == 1.0
    suggested = report["judges"][0]["types"][0]
    assert suggested["rests_on"] == "labels"
    assert suggested["kept"] == pytest.approx(sum(good.values()) / 24, abs=0.05)
    assert len(rows.where("chance > 0.5", out)) == sum(good.values())
    assert main(["scores", ledger]) == 0
    assert "suggested" in capsys.readouterr().out


RUN = """
import sys
import pico_banana as pb
from pico_banana.benchmark import score

score(pb.load("multi_turn", mirror="sample"), sys.argv[2], judges=sys.argv[1])
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_and_pays_nothing_twice(sessions, tmp_path):
    with ModelServer(Mind(faults=ModelFaults(latency_s=0.1))) as server:
        words = [sys.executable, "-c", RUN, critic(server), str(tmp_path / "l")]
        for share in (4, 12):
            program = subprocess.Popen(words, env=os.environ)
            while program.poll() is None and server.paid.total() < share:
                time.sleep(0.02)
            program.send_signal(signal.SIGKILL)
            program.wait()
        subprocess.run(words, check=False, env=os.environ)
        paid, twice = server.paid.total(), max(server.paid.values())
    found = by_id(tmp_path / "l")
    known = truth(sessions)
    scored = {name: row["accepted"] for name, row in found.items() if row["score"] is not None}
    assert scored.items() <= known.items()
    assert len(found) == sum(len(session.turns) for session in sessions)
    assert twice <= 3  # what was in flight at a kill is asked again, and nothing else
    assert len(scored) <= paid <= len(scored) + 2 * 8
