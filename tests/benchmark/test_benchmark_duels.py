"""Two edits side by side: both orders are asked and kept, and where they disagree it is a tie."""

from __future__ import annotations

import json
import math

import pytest

from pico_banana import benchmark
from pico_banana.benchmark.numbers.contests import contests
from pico_banana.benchmark.runs.results import Result, Results
from pico_banana.benchmark.tasks import tasks_of
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer
from tests.benchmark.conftest import asked, pictures_shown

QUICK = benchmark.Options(limit=4, anchors=False, parts=("single_turn",))


def duelled(definition, folder, server, options=QUICK):
    names = []
    for editor in ("painter", "other"):
        benchmark.run(definition, folder, mirror="sample", options=options, **asked(server, editor=editor))
        names.append(asked(server, editor=editor)["editor"])
    paid = server.paid.total()
    judge = asked(server)["judge"]
    ran = benchmark.duel(definition, folder, editors=tuple(names), judge=judge, mirror="sample", options=options)
    return ran, server.paid.total() - paid


def test_both_orders_are_asked_and_kept_and_paid_once(definition, tmp_path):
    with ModelServer() as server:
        ran, paid = duelled(definition, tmp_path, server)
        assert paid == 2 * 4
        again, paid_again = duelled(definition, tmp_path, server)
        assert paid_again == 0
    assert again.results.items == ran.results.items
    assert all(set(item.scores) == {"shown_first", "shown_second"} for item in ran.results.items)
    first, second = pictures_shown(tmp_path, ran.results.items[0].calls[1:])
    assert first == [second[0], second[2], second[1]]
    (contest,) = benchmark.report(tmp_path).contests
    (match,) = contest.matches
    assert (match.edits, match.missing, match.turned) == (4, 0, 0)
    assert match.wins + match.ties + match.losses == 4
    assert {one.editor for one in contest.strengths} == {match.one, match.other}


def test_a_judge_that_prefers_what_is_shown_first_makes_nothing_but_ties(definition, tmp_path):
    with ModelServer(Mind(faults=ModelFaults(prefers_first=1.0))) as server:
        duelled(definition, tmp_path, server)
    (contest,) = benchmark.report(tmp_path).contests
    (match,) = contest.matches
    assert (match.wins, match.ties, match.losses, match.turned) == (0, 4, 0, 4)
    assert (match.points.value, match.first) == (0.5, 1.0)
    assert [one.strength.value for one in contest.strengths] == [0, 0]


def test_who_gave_no_picture_has_lost_without_a_question(definition, tmp_path):
    photos = [read_photo(task.photo).data for task in tasks_of(definition, resolve_mirror("sample"))[:3]]
    tasks = tasks_of(definition, resolve_mirror("sample"))[:3]
    for name, files in (("good", (photos[0], photos[1])), ("bad", (photos[1], b"no picture", photos[2]))):
        (tmp_path / name).mkdir()
        lines = []
        for number, (task, data) in enumerate(zip(tasks, files, strict=False)):
            (tmp_path / name / f"{number}.png").write_bytes(data)
            lines.append(json.dumps({"id": task.id, "image_path": f"{number}.png"}))
        (tmp_path / name / "r.jsonl").write_text("\n".join(lines))
    options = benchmark.Options(limit=3, anchors=False, parts=("single_turn",))
    with ModelServer() as server:
        judge = asked(server)["judge"]
        for name in ("good", "bad"):
            editor = str(tmp_path / name)
            benchmark.run(definition, tmp_path / "out", editor=editor, judge=judge, mirror="sample", options=options)
        paid = server.paid.total()
        words = ["--judge", judge, "--mirror", "sample", "--size", "mini", "--no-anchors", "--json"]
        assert main(["benchmark", "duel", "--out", str(tmp_path / "out"), *words]) == 0
        assert server.paid.total() == paid + 2
    (match,) = benchmark.report(tmp_path / "out").contests[0].matches
    points = {"good": match.points.value, "bad": 1 - match.points.value}
    assert (match.edits, match.missing) == (3, 1)
    assert points["good"] >= 0.5  # one was won without a question, the other is the judge's


def test_a_judge_of_two_is_measured_on_the_pairs(definition, tmp_path):
    options = benchmark.Options(limit=4, preset="pairwise")
    with ModelServer(Mind(faults=ModelFaults(bad_json=0.6), seed=3)) as server:
        judge = asked(server)["judge"]
        ran = benchmark.judge_pairs(definition, tmp_path, judge=judge, mirror="sample", options=options)
    there = [item for item in ran.results.items if item.score is not None]
    assert 0 < len(there) < 4
    assert all(item.score + item.rival == 1 for item in there)
    assert all("judge: malformed" in item.reason for item in ran.results.items if item.score is None)
    (line,) = benchmark.judge_report(tmp_path).judges
    assert line.missing == 4 - len(there)
    known = {name: score for name, score in ran.results.anchors.items() if score is not None}
    assert all(
        known[f"wrong-{n}"] == 1 - known[f"right-{n}"]
        for n in range(1, 11)
        if {f"wrong-{n}", f"right-{n}"} <= set(known)
    )


@pytest.fixture(scope="module")
def two_editors(definition, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    for editor in ("procedural", "published"):
        benchmark.run(definition, folder, editor=editor, mirror="sample", options=QUICK)
    return folder


@pytest.mark.parametrize(
    ("editors", "judge", "preset", "words"),
    [
        (("procedural", "nobody"), "openai:x", "", "no results of the editor 'nobody'"),
        (("procedural", "published"), "openai:x", "", "asked other things than a model"),
        (("procedural", "published"), "openai:x", "paper", "needs a model as the judge and the preset pairwise"),
        (("procedural", "published"), "procedural", "", "duels of scores are in the report anyhow"),
    ],
)
def test_duels_that_would_mean_nothing_are_refused(definition, two_editors, editors, judge, preset, words):
    options = benchmark.Options(preset=preset)
    with pytest.raises(ConfigError, match=words):
        benchmark.duel(definition, two_editors, editors=editors, judge=judge, mirror="sample", options=options)


def test_a_preset_of_two_judges_no_edit_alone(definition, tmp_path):
    paired = benchmark.Options(preset="pairwise")
    with pytest.raises(ConfigError, match="compares two edits"):
        benchmark.run(definition, tmp_path, editor="published", judge="openai:x", mirror="sample", options=paired)


def test_matches_and_strengths_have_the_right_values():
    def results(one, other, points):
        told = {"editor": {"name": f"{one} against {other}", "rivals": [one, other]}, "judge": {"name": "j"}}
        about = {"wording": "long", "definition": {"checksum": "c"}}
        orders = {1.0: (1.0, 1.0), 0.5: (1.0, 0.0), 0.0: (0.0, 0.0)}
        items = [
            Result(f"e{at}", "duel", 1, 1, "t", "g", f"p{at}", "made", score, bool(score),
                   dict(zip(("shown_first", "shown_second"), orders[score], strict=True)))
            for at, score in enumerate(points)
        ]  # fmt: skip
        return Results({**told, **about}, tuple(items))

    won = [1.0] * 30 + [0.5] * 4 + [0.0] * 6
    (contest,) = contests([results("a", "b", won), results("b", "c", won), results("a", "c", won)])
    match = contest.matches[0]
    assert (match.wins, match.ties, match.losses, match.turned) == (30, 4, 6, 4)
    assert match.points.value == 32 / 40
    assert match.points.low > 0.5
    assert match.first == (36 * 0.5 + 4 * 1.0) / 40
    assert [one.editor for one in contest.strengths] == ["a", "b", "c"]
    assert contest.strengths[0].strength.low > contest.strengths[2].strength.high
    (two,) = contests([results("a", "b", won)])
    gap = two.strengths[0].strength.value - two.strengths[1].strength.value
    assert gap == pytest.approx(math.log(32.5 / 8.5), abs=1e-3)  # with half a win each way as the prior
