"""Editors and judges over one ledger: nothing is paid twice, what fails is missing, what is declined is a failure."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

import pico_banana as pb
from pico_banana import benchmark
from pico_banana.errors import ConfigError, SelectionError, UnknownNameError
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer
from tests.benchmark.conftest import asked

QUICK = benchmark.Options(limit=3, anchors=False, parts=("single_turn",))
WITH_SESSIONS = benchmark.Options(limit=2, anchors=False)


def free_port():
    """Give a port of this machine that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_an_editor_more_pays_its_own_calls_and_a_second_run_pays_nothing(definition, tmp_path):
    with ModelServer() as server:
        first = benchmark.run(definition, tmp_path, mirror="sample", options=WITH_SESSIONS, **asked(server))
        paid = server.paid.total()
        assert first.results.passport["endings"] == {"made": len(first.results.items)}
        again = benchmark.run(definition, tmp_path, mirror="sample", options=WITH_SESSIONS, **asked(server))
        assert server.paid.total() == paid
        assert again.results.items == first.results.items
        other = {**asked(server), "editor": f"openai:other@{server.openai_url}"}
        benchmark.run(definition, tmp_path, mirror="sample", options=WITH_SESSIONS, **other)
        assert server.paid.total() == 2 * paid
        assert max(server.paid.values()) == 1
    assert {one.editor.split("@")[0] for one in benchmark.results_in(tmp_path)} == {"openai:painter", "openai:other"}


def test_a_session_is_edited_turn_by_turn_on_the_editors_own_result(definition, tmp_path):
    options = benchmark.Options(limit=1, anchors=False, parts=("multi_turn",))
    with ModelServer() as server:
        ran = benchmark.run(definition, tmp_path, mirror="sample", options=options, **asked(server))
    items = ran.results.items
    assert [item.turn for item in items] == list(range(1, items[0].turns + 1))
    assert len({item.picture for item in items}) == len(items)
    assert "drift" in items[1].scores
    assert "drift" not in items[0].scores


def test_a_judge_that_gives_nothing_readable_is_missing_and_never_a_zero(definition, tmp_path):
    with ModelServer(Mind(faults=ModelFaults(bad_json=1.0))) as server:
        ran = benchmark.run(definition, tmp_path, mirror="sample", options=QUICK, **asked(server))
    assert [(item.ended, item.score, item.success) for item in ran.results.items] == [("made", None, None)] * 3
    assert all("judge: malformed" in item.reason for item in ran.results.items)
    line = benchmark.report(ran.results).editors[0].whole
    assert (line.edits, line.missing, line.refused, line.score.value) == (3, 3, 0, None)


def test_what_a_judge_stops_at_keeps_its_picture_and_is_judged_the_next_time(definition, tmp_path):
    options = benchmark.Options(limit=1, anchors=False, parts=("multi_turn",))
    with ModelServer() as server, ModelServer(Mind(faults=ModelFaults(account_empty=1.0))) as without_money:
        words = asked(server) | {"judge": asked(without_money)["judge"]}
        first, *later = benchmark.run(definition, tmp_path, mirror="sample", options=options, **words).results.items
        assert (first.ended, first.score) == ("made", None)
        assert "Billing hard limit" in first.reason
        assert {(item.ended, item.picture) for item in later} == {("missing", "")}
        ran = benchmark.run(definition, tmp_path, mirror="sample", options=options, **asked(server))
        assert max(server.paid.values()) == 1
    assert ran.results.items[0].picture == first.picture
    assert all(item.score is not None for item in ran.results.items)


def test_an_editor_that_declines_has_failed(definition, tmp_path):
    options = benchmark.Options(limit=20, anchors=False, parts=("single_turn",))
    ran = benchmark.run(definition, tmp_path, editor="procedural", mirror="sample", options=options)
    refused = [item for item in ran.results.items if item.ended == "refused"]
    assert refused
    assert all(item.score == 0 and item.success is False and item.reason for item in refused)


def test_pictures_made_elsewhere_are_judged_and_those_not_given_are_missing(definition, tmp_path):
    from pico_banana.benchmark.tasks import tasks_of
    from pico_banana.mirrors.catalog import resolve_mirror
    from pico_banana.regenerate.plan.photos import read_photo

    tasks = tasks_of(definition, resolve_mirror("sample"))[:3]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.jpg").write_bytes(read_photo(tasks[0].photo).data)
    (tmp_path / "mine" / "b.png").write_bytes(b"no picture")
    lines = [{"id": task.id, "image_path": name} for task, name in zip(tasks, ("a.jpg", "b.png"), strict=False)]
    (tmp_path / "mine" / "results.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with ModelServer() as server:
        judge = asked(server)["judge"]
        folder = str(tmp_path / "mine")
        ran = benchmark.run(definition, tmp_path / "out", editor=folder, judge=judge, mirror="sample", options=QUICK)
    ends = [item.ended for item in ran.results.items]
    assert ends == ["made", "refused", "missing"]
    assert ran.results.items[0].distance == 0
    assert ran.results.items[0].score is not None
    assert ran.results.passport["editor"]["name"] == "mine"


def listed(folder, *lines):
    folder.mkdir(exist_ok=True)
    picture = next(iter(pb.load("single_turn", mirror="sample"))).edited.path.read_bytes()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(picture)
    rows = [{"id": row, "image_path": str(path)} for row, path in lines]
    (folder / "results.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return str(folder)


def test_a_list_of_pictures_is_held_against_the_benchmark(definition, tmp_path):
    """Absolute and relative paths are alike, foreign edits are counted, two pictures for one edit are refused."""
    one, other = definition.single_turn[:2]
    whole = {"mirror": "sample", "options": QUICK, "judge": "python:tests.benchmark.judges:ill"}
    folder = listed(
        tmp_path / "mine", (one, "a.png"), (other, tmp_path / "mine" / "b.png"), ("single_turn/no", "a.png")
    )
    ran = benchmark.run(definition, tmp_path / "out", editor=folder, **whole)
    assert ["my judge is ill" in item.reason for item in ran.results.items] == [True, True, False]
    assert ran.results.passport["editor"]["foreign"] == ["single_turn/no"]
    told = benchmark.report_table(benchmark.report(tmp_path / "out"))
    assert "mine: pictures listed for edits that are not in this benchmark: 1, such as single_turn/no" in told
    assert "mine: without a score: 3, 2 of them for: " in told
    assert "my judge is ill" in told
    listed(tmp_path / "mine", ("single_turn/no", "a.png"))
    with pytest.raises(ConfigError, match="none of the 1 edits of mine is in this benchmark, such as 'single_turn/no'"):
        benchmark.run(definition, tmp_path / "out", editor=folder, **whole)
    listed(tmp_path / "mine", (one, "a.png"), (one, "b.png"))
    with pytest.raises(ConfigError, match=r"results.jsonl:2: .* has a picture already, .*a.png; leave one of them"):
        benchmark.run(definition, tmp_path / "out", editor=folder, **whole)


def test_a_passport_says_how_results_came_about(definition, tmp_path):
    with ModelServer() as server:
        ran = benchmark.run(definition, tmp_path, mirror="sample", options=QUICK, **asked(server))
    told = ran.results.passport
    assert told["definition"] == {"size": "mini", "seed": definition.seed, "checksum": definition.checksum}
    assert told["editor"]["answered_by"] == {"not said": 3}  # as the endpoint for edits does not
    assert told["judge"]["answered_by"] == {"critic": 3}
    assert told["judge"]["preset"] == "paper-1"
    assert told["judge"]["prompts"][0].startswith("judge_v2.")
    assert len(told["judge"]["asked_between"]) == 2
    assert benchmark.results_in(tmp_path)[0].items == ran.results.items


def test_pairs_are_scored_on_both_sides(definition, tmp_path):
    with ModelServer() as server:
        options = benchmark.Options(limit=4, anchors=False)
        ran = benchmark.judge_pairs(
            definition, tmp_path, judge=asked(server)["judge"], mirror="sample", options=options
        )
    assert all(item.part == "preference" and None not in (item.score, item.rival) for item in ran.results.items)
    (line,) = benchmark.judge_report(tmp_path).judges
    assert (line.pairs, line.missing) == (4, 0)
    assert 0 <= line.accuracy.value <= 1


@pytest.mark.parametrize("preset", ["minimum"])
def test_a_preset_changes_what_is_made_of_scores(definition, tmp_path, preset):
    options = benchmark.Options(limit=3, anchors=False, parts=("single_turn",), preset=preset)
    with ModelServer() as server:
        ran = benchmark.run(definition, tmp_path, mirror="sample", options=options, **asked(server))
    assert all(item.score == min(item.scores.values()) for item in ran.results.items)


@pytest.mark.parametrize(
    ("editor", "error", "words"),
    [
        ("procedurl", UnknownNameError, "procedural"),
        ("procedural:2", ConfigError, "a share from 0 to 1"),
        ("gemini:", ConfigError, "gemini:MODEL"),
    ],
)
def test_names_that_mean_nothing_are_refused(definition, tmp_path, editor, error, words):
    with pytest.raises(error, match=words):
        benchmark.run(definition, tmp_path, editor=editor, mirror="sample")


def test_a_service_that_nobody_can_reach_stops_the_run_and_the_same_command_goes_on(definition, tmp_path):
    options = benchmark.Options(limit=6, anchors=False, parts=("single_turn",))
    with ModelServer() as server:
        words = asked(server)
        port = free_port()
        nowhere = words | {"editor": f"openai:painter@http://127.0.0.1:{port}/v1"}
        ran = benchmark.run(definition, tmp_path, mirror="sample", options=options, **nowhere)
        assert f"nobody could be reached at http://127.0.0.1:{port}/v1 for 3 items in a row" in ran.state.stopped
        assert "run the same command again" in ran.state.stopped
        assert ran.state.failed == 2
        assert {item.ended for item in ran.results.items} == {"missing"}
        again = benchmark.run(definition, tmp_path, mirror="sample", options=options, **words)
    assert (again.state.stopped, {item.ended for item in again.results.items}) == ("", {"made"})


@pytest.mark.parametrize(
    "address", ["localhost", "localhost:8000/v1", "ftp://localhost/v1", "http://", "http://h:x/v1"]
)
def test_an_address_that_is_no_url_is_refused_with_the_name(address):
    with pytest.raises(ConfigError, match="is no address of a service; write a URL such as http://localhost:8000/v1"):
        benchmark.editor_named(f"openai:m@{address}")


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"parts": ("singleturn",)}, UnknownNameError, "single_turn"),
        ({"parts": ()}, ConfigError, "no part is named"),
        ({"wording": "longer"}, UnknownNameError, "long"),
        ({"limit": 0}, ConfigError, "limit is 0; it is a number from 1"),
        ({"limit": -2}, ConfigError, "limit is -2; it is a number from 1"),
    ],
)
def test_options_that_would_run_nothing_are_refused(given, error, says):
    with pytest.raises(error, match=says):
        benchmark.Options(**given)


def test_a_part_may_be_named_alone_and_a_benchmark_by_its_file(definition, tmp_path):
    options = benchmark.Options(limit=1, anchors=False, parts="single_turn")
    assert options == benchmark.Options(limit=1, anchors=False, parts=("single_turn",))
    definition.write(tmp_path / "bench.json")
    words = {"editor": "procedural", "mirror": "sample", "options": options}
    ran = benchmark.run(str(tmp_path / "bench.json"), tmp_path / "out", **words)
    assert ran.results.passport["definition"]["checksum"] == definition.checksum
    with pytest.raises(SelectionError, match="dict is no definition of a benchmark"):
        benchmark.run({}, tmp_path / "out", **words)


def test_a_seed_that_no_benchmark_can_have_is_refused():
    with pytest.raises(ConfigError, match="seed is -1; it is a whole number from 0"):
        benchmark.make(mirror="sample", seed=-1)


@pytest.mark.parametrize(("name", "model"), [("mine:x", "x"), ("mine", "")])
def test_the_template_of_an_editor_runs_under_any_model_s_name(definition, tmp_path, monkeypatch, name, model):
    template = Path(__file__).parents[2] / "examples" / "templates" / "editor_backend.py"
    (tmp_path / "editor_template.py").write_text(template.read_text())
    installed = tmp_path / "mine-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[pico_banana.regenerate]\nmine = editor_template:backend\n")
    monkeypatch.syspath_prepend(tmp_path)
    ran = benchmark.run(definition, tmp_path / "out", editor=name, mirror="sample", options=QUICK)
    assert ran.state.stopped == ""
    assert {item.ended for item in ran.results.items} == {"made"}
    assert set(ran.state.models["editor"]) == {model}


def test_excluding_says_in_a_line_what_it_takes(definition):
    for given, says in (
        (definition, "a Definition names no benchmark: give 'benchmark' or a file; write this one"),
        (["benchmark"], "a list names no benchmark: give 'benchmark' or a file"),
        ("benchmrk", "did you mean 'benchmark'"),
        ("bench.json", "there is no definition of a benchmark at bench.json; make one"),
    ):
        with pytest.raises(SelectionError, match=says) as raised:
            pb.load("single_turn", mirror="sample", exclude=given)
        assert len(str(raised.value)) < 200
