"""Statistics count what is there, and charts say what statistics count."""

from __future__ import annotations

import json
import re
from collections import Counter
from statistics import median

import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import UnknownNameError
from pico_banana.records.charts.style import BLUE, GREEN, GREY, ORANGE, PURPLE

pytest.importorskip("matplotlib")


@pytest.fixture
def rows():
    return pb.load("single_turn", mirror="sample")


def annotations(rows) -> dict[str, list]:
    """Give every row a shape, an alignment, a score and a cost, by its place."""
    places = range(len(rows))
    kinds = ["aligned", "shifted", "rescaled", "reframed", "not_comparable"]
    return {
        "id": rows.ids,
        "aspect_change": [1.0 if place % 4 else 1.13 for place in places],
        "alignment": [kinds[place % 5] for place in places],
        "score": [place % 11 / 10 for place in places],
        "accepted": [place % 11 > 7 for place in places],
        "usd": [0.001 * (place % 3) for place in places],
    }


def test_rows_are_counted_as_they_are(rows):
    found = rows.stats()
    assert found.rows == len(rows)
    assert found.edit_types == Counter(str(row.edit_type) for row in rows)
    assert found.categories == Counter(str(row.category) for row in rows)
    assert found.flags == Counter(str(flag) for row in rows for flag in row.flags)
    words = sorted(len(row.instruction.split()) for row in rows)
    assert (found.words["long"].count, found.words["long"].least, found.words["long"].most) == (
        len(rows),
        words[0],
        words[-1],
    )
    assert found.words["long"].middle == median(words)
    assert found.words["long"].mean == pytest.approx(sum(words) / len(words))
    assert sum(found.words["long"].counts) == len(rows)
    assert found.words["short"].count == sum(row.short_instruction is not None for row in rows)


def test_sessions_are_counted_by_turns_and_inferred_types():
    sessions = pb.load("multi_turn", mirror="sample")
    found = sessions.stats()
    assert found.turns == {str(n): count for n, count in sorted(Counter(len(row.turns) for row in sessions).items())}
    turns = [turn for row in sessions for turn in row.turns]
    assert sum(found.edit_types.values()) == len(turns) == found.words["turn"].count
    assert {chart.name for chart in found.charts()} >= {"edit_types", "categories", "turns", "lengths"}


def test_annotations_tell_shape_alignment_scores_and_cost(rows):
    told = annotations(rows)
    more = {**{name: [*values] for name, values in told.items()}}
    for name, value in {"id": "single_turn/elsewhere", "aspect_change": 1.0, "alignment": "aligned"}.items():
        more[name].append(value)
    for name, value in {"score": 1.0, "accepted": True, "usd": 5.0}.items():
        more[name].append(value)
    found = rows.stats(more)
    assert found.unknown_ids == 1
    assert found.annotated == dict.fromkeys(list(told)[1:], len(rows))
    kinds = [str(row.edit_type) for row in rows]
    for kind in set(kinds):
        here = [place for place, one in enumerate(kinds) if one == kind]
        scores = [told["score"][place] for place in here]
        assert found.scores[kind].middle == pytest.approx(median(scores))
        assert found.survival[kind] == tuple(
            pytest.approx(sum(score >= step for score in scores) / len(scores)) for step in (0.5, 0.6, 0.7, 0.8, 0.9)
        )
        assert found.accepted[kind] == (sum(told["accepted"][place] for place in here), len(here))
        assert found.alignment[kind] == Counter(told["alignment"][place] for place in here)
        assert found.usd[kind] == pytest.approx(sum(told["usd"][place] for place in here))
    assert found.aspect.most == pytest.approx(1.13)
    assert [chart.name for chart in found.charts()][-5:] == ["aspect", "alignment", "scores", "survival", "cost"]


def test_turns_of_sessions_are_annotated_by_their_own_type():
    sessions = pb.load("multi_turn", mirror="sample")[:4]
    turns = {f"{row.id}#turn{n}": turn for row in sessions for n, turn in enumerate(row.turns, 1)}
    found = sessions.stats({"id": list(turns), "score": [1.0] * len(turns)})
    expected = Counter(str(turn.inferred_edit_type or "undecided") for turn in turns.values())
    assert {kind: one.count for kind, one in found.scores.items()} == expected


def test_numbers_are_plain_and_shown(rows):
    found = rows.stats(annotations(rows))
    again = json.loads(json.dumps(found.to_dict()))
    assert (again["rows"], again["edit_types"]) == (len(rows), dict(found.edit_types))
    page = found._repr_html_()
    assert page.count("<svg") == len(found.charts())
    assert "prefers-color-scheme" not in page  # inside a page charts take its colours
    assert "currentColor" in page
    assert f"{len(rows):,} rows of single_turn" in page


def test_charts_are_files_with_words_and_paper_of_their_own(rows, tmp_path):
    found = rows.stats(annotations(rows))
    files = found.plot(tmp_path)
    assert [file.stem for file in files] == [chart.name for chart in found.charts()]
    for file in files:
        text = file.read_text("utf-8")
        label = re.search(r'aria-label="([^"]+)"', text)[1]
        assert len(label) > 20
        assert "@media (prefers-color-scheme:dark)" in text
        assert "#010203" not in text
        assert "#fdfcfb" not in text
    again = next(chart for chart in found.charts() if chart.name == "lengths")
    assert (tmp_path / "lengths.svg").read_text("utf-8") == again.svg()  # the same numbers are the same file


def test_pictures_of_charts_are_as_large_as_they_say(rows, tmp_path):
    from PIL import Image

    found = rows[:5].stats()
    for file, chart in zip(found.plot(tmp_path, form="png"), found.charts(), strict=True):
        with Image.open(file) as opened:
            assert opened.size == pytest.approx([side * 160 for side in chart.size], abs=1)
    with pytest.raises(UnknownNameError, match="unknown form of charts 'pdf'"):
        rows.stats().plot(tmp_path, form="pdf")


@pytest.mark.parametrize("paper", ["#ffffff", "#161b22", "#0d1117"])
@pytest.mark.parametrize("colour", [BLUE, ORANGE, GREEN, PURPLE, GREY])
def test_series_stand_out_on_light_and_dark_paper(colour, paper):
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(colour), light(paper)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 3  # WCAG 2.2, 1.4.11


def test_the_command_says_counts_and_draws(rows, tmp_path, capsys):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table(annotations(rows)), tmp_path / "told.parquet")
    stats = ["stats", "single_turn", "--mirror", "sample", "--sidecar", str(tmp_path / "told.parquet")]
    assert main([*stats, "--plot", str(tmp_path / "charts"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == len(rows)
    assert len(told["charts"]) == len(list((tmp_path / "charts").glob("*.svg"))) == 9
    assert main(["stats", "multi_turn", "--mirror", "sample"]) == 0
    assert re.search(r"sessions by turns: .*\d+ of 2", capsys.readouterr().out)
