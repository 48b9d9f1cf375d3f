"""`publish --check`: what the Hub's viewer would show of a folder, and what it would stumble over."""

from __future__ import annotations

import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.sharing.hub import viewer, viewer_rows, viewer_statistics
from pico_banana.sharing.hub.licence import Origin, Terms
from pico_banana.sharing.hub.repository import Publication, build_repository
from pico_banana.sharing.hub.viewer import check_folder
from pico_banana.sharing.hub.viewer_search import find_rows
from pico_banana.sharing.parquet.writing import Limits


@pytest.fixture(scope="module")
def folder(synthetic, tmp_path_factory):
    folder = tmp_path_factory.mktemp("viewed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PICO_BANANA_HOME", str(tmp_path_factory.mktemp("viewed-home")))
        _write(synthetic, folder)
    return folder


def _write(synthetic, folder):
    datasets = tuple(pb.load(subset, mirror=synthetic) for subset in ("single_turn", "multi_turn", "preference"))
    small = {dataset.subset: Limits(group_bytes=20_000, group_rows=7, shard_bytes=60_000) for dataset in datasets}
    build_repository(Publication(datasets, Terms(Origin.RELEASE, ("cc-by-nc-nd-4.0",), ())), folder, limits=small)


@pytest.fixture
def copy(folder, tmp_path):
    import shutil

    return shutil.copytree(folder, tmp_path / "copy")


def edit_card(folder, pattern, replacement):
    card = folder / "README.md"
    text = card.read_text("utf-8")
    changed = re.sub(pattern, replacement, text, count=1, flags=re.DOTALL)
    assert changed != text
    card.write_text(changed, "utf-8")


def column(view, name):
    return next(column for column in view.columns if column.name == name)


def test_a_publication_has_no_problem_and_shows_its_default_first(folder):
    report = check_folder(folder)
    assert report.problems == ()
    assert report.default == "single_turn"
    assert [view.config for view in report.splits] == ["single_turn", "multi_turn", "preference"]
    assert [view.rows for view in report.splits] == [70, 20, 15]


def test_statistics_are_what_counting_by_hand_gives(folder):
    view = check_folder(folder).splits[0]
    rows = [row for file in view.files for row in pq.read_table(folder / file).to_pylist()]
    lengths = [len(row["instruction"]) for row in rows]
    text = column(view, "instruction")
    assert (text.kind, text.rows, text.empty) == ("string_text", 70, 0)
    assert (text.numbers["min"], text.numbers["max"]) == (min(lengths), max(lengths))
    assert text.numbers["mean"] == pytest.approx(sum(lengths) / 70, abs=0.001)
    assert sum(text.histogram) == 70
    labels = column(view, "edit_type")
    assert labels.kind == "class_label"
    assert sum(labels.frequencies.values()) + labels.empty == 70
    assert labels.empty == sum(row["edit_type"] is None for row in rows)
    pictures = column(view, "source_image")
    assert (pictures.kind, pictures.numbers["min"], pictures.numbers["max"]) == ("image", 48, 48)
    sessions = check_folder(folder).splits[1]
    lengths = [len(turns) for file in sessions.files for turns in pq.read_table(folder / file)["turns"].to_pylist()]
    turns = column(sessions, "turns")
    assert (turns.kind, turns.numbers["min"], turns.numbers["max"]) == ("list", min(lengths), max(lengths))


def test_cells_are_told_as_they_will_look(folder):
    single, multi, preference = check_folder(folder).splits
    assert single.first.rows >= 10
    assert single.first.cells["source_image"] == "picture 48x36 JPEG"
    assert single.first.cells["edited_image"].endswith(" PNG")
    assert re.match(r"\d x \[\{instruction: .*, image: picture \d+x\d+ PNG\}\]", multi.first.cells["turns"])
    assert re.match(r"[12] x \[picture", preference.first.cells["rejected_images"])


def test_a_page_is_cut_at_200_kilobytes_but_never_below_ten_rows(tmp_path):
    for letters, page in ((6_000, (33, False)), (30_000, (10, True))):
        pq.write_table(pa.table({"text": ["x" * letters] * 80}), tmp_path / "a.parquet")
        found = viewer_rows.first_rows(tmp_path / "a.parquet")
        assert (found.rows, found.cut) == page


@pytest.mark.parametrize(
    ("pattern", "replacement", "told"),
    [
        (r"num_examples: 70", "num_examples: 71", "says 71 rows, the files hold 70"),
        (r"train-\*-of-00005", "train-*-of-00009", "no file fits"),
        (r"- config_name: multi_turn\n", "- config_name: multi_turn\n  default: true\n", "2 configs say default"),
        (r"split: train", "split: train-1", "is no split name"),
        (r"- name: source_url\n    dtype: string\n", "", "dataset_info lists columns"),
        (r"  - name: train\n    num_bytes", "  - name: other\n    num_bytes", "lists no split train"),
    ],
)
def test_a_card_that_disagrees_with_the_files_is_an_error(copy, capsys, pattern, replacement, told):
    edit_card(copy, pattern, replacement)
    assert any(told in problem.what for problem in check_folder(copy).errors)
    assert main(["publish", "--check", str(copy)]) == 1
    assert "error:" in capsys.readouterr().out


def test_no_default_is_a_warning_and_no_card_a_mistake(copy, tmp_path, capsys):
    edit_card(copy, r"  default: true\n", "")
    report = check_folder(copy)
    assert (report.errors, [problem.level for problem in report.problems]) == ((), ["warning"])
    assert main(["publish", "--check", str(tmp_path)]) == 2
    with pytest.raises(ConfigError, match="no dataset card"):
        check_folder(tmp_path)


def test_damaged_and_foreign_files_are_errors(copy):
    files = sorted((copy / "single_turn").glob("*.parquet"))
    files[0].write_bytes(b"PAR1 nonsense")
    pq.write_table(pa.table({"other": [1]}), sorted((copy / "preference").glob("*.parquet"))[1])
    told = " ".join(problem.what for problem in check_folder(copy).errors)
    assert "not readable as Parquet" in told
    assert "has other columns than" in told


def test_a_page_too_large_for_the_viewer_is_an_error(copy, monkeypatch):
    monkeypatch.setattr(viewer, "PAGE_BYTES", 10_000)
    assert any("a page of 100 rows reads" in problem.what for problem in check_folder(copy).errors)
    monkeypatch.setattr(viewer, "PAGE_BYTES", 300_000_000)
    file = sorted((copy / "single_turn").glob("*.parquet"))[0]
    pq.write_table(pq.read_table(file), file)
    assert any("no page index" in problem.what for problem in check_folder(copy).problems)


def test_pictures_that_will_not_show_are_warned_of(tmp_path):
    none = {"bytes": None, "path": None}
    cells = [{"bytes": None, "path": "/here/a.png"}, {"bytes": b"no picture", "path": "b.png"}, None, none]
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    pq.write_table(pa.table({"image": pa.array(cells, kind)}), tmp_path / "a.parquet")
    assert viewer_rows.first_rows(tmp_path / "a.parquet").remarks == (
        "image: a picture has a path but no bytes; the viewer fails on its page. Write null in place of the whole cell",
        "image: a picture cannot be decoded; the viewer fails on its page",
        "image: a picture has neither bytes nor a path; the viewer fails on its page. "
        "Write null in place of the whole cell",
    )


def test_statistics_stop_where_the_viewer_stops(folder, monkeypatch):
    monkeypatch.setattr(viewer_statistics, "READ_BYTES", 5_000)
    found = column(check_folder(folder).splits[0], "id")
    assert found.partial
    assert 0 < found.rows < 70


def test_search_and_filter_find_rows(folder):
    pytest.importorskip("duckdb")
    view = check_folder(folder).splits[0]
    files = [folder / file for file in view.files]
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    word = rows[7]["instruction"].split()[-2].strip(".,;").upper()
    found = find_rows(files, search=word)
    assert rows[7]["id"] in [row["id"] for row in found]
    assert "edited_image" not in found[0]
    assert len(find_rows(files, where="edit_type = 2")) == sum(row["edit_type"] == 2 for row in rows)
    assert find_rows(files, search="it's") is not None
    with pytest.raises(ConfigError, match="no condition over id"):
        find_rows(files, where="nope = 1")


def test_rows_are_searched_and_filtered_on_the_command_line(folder, capsys):
    pytest.importorskip("duckdb")
    words = ["publish", "--check", str(folder)]
    assert main([*words, "--where", "edit_type = 2", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found
    assert {row["edit_type"] for row in found} == {2}
    assert main([*words, "sinlge_turn", "--search", "red"]) == 2
    assert "Did you mean 'single_turn'" in capsys.readouterr().err


def test_texts_of_turns_are_searched_too(tmp_path, capsys):
    pytest.importorskip("duckdb")
    published = ["--mirror", "sample", "--own", "--licence", "mit", "--to", str(tmp_path / "r")]
    assert main(["publish", "multi_turn", *published]) == 0
    capsys.readouterr()
    assert main(["publish", "--check", str(tmp_path / "r"), "--search", "RED", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found
    assert all("red" in " ".join(row["turns.instruction"]).lower() for row in found)


def test_the_report_is_plain_json(folder, capsys):
    assert main(["publish", "--check", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["default"] == "single_turn"
    assert told["splits"][0]["columns"][0]["name"] == "id"


def summed(tmp_path, column):
    pq.write_table(pa.table({"one": column}), tmp_path / "one.parquet")
    return viewer_statistics.statistics([tmp_path / "one.parquet"])[0]


def test_kinds_are_those_of_the_viewer(tmp_path):
    for different, rows, kind in ((10, 10, "string_label"), (11, 11, "string_text"), (200, 1000, "string_label")):
        assert summed(tmp_path, [f"{number % different}" * 3 for number in range(rows)]).kind == kind
    assert summed(tmp_path, [f"{number % 201}" * 3 for number in range(1000)]).kind == "string_text"
    assert summed(tmp_path, [f"{number % 1001}" * 3 for number in range(6000)]).kind == "string_text"
    truth = summed(tmp_path, [True, False, True, None])
    assert (truth.kind, truth.empty, truth.frequencies) == ("bool", 1, {"True": 2, "False": 1})


def test_whole_numbers_have_whole_bins_and_the_deviation_of_a_sample(tmp_path):
    found = summed(tmp_path, [0, 1, 2, 10, 24, 24])
    assert (found.kind, found.histogram) == ("int", (3, 0, 0, 1, 0, 0, 0, 2))  # bins of 3: 0-2, 3-5, … 21-24
    assert found.numbers == {"min": 0, "max": 24, "mean": 10.16667, "median": 6.0, "std": 11.28568}
    floats = summed(tmp_path, [0.0, 0.5, 1.0])
    assert (floats.kind, floats.histogram) == ("float", (1, 0, 0, 0, 0, 1, 0, 0, 0, 1))
    assert summed(tmp_path, [7, 7, 7]).histogram == (3,)


@pytest.mark.parametrize("column", [[1, 2, 2], [[1], [1, 2]], ["x" * (5 + n % 2) + str(n + 10) for n in range(20)]])
def test_a_range_of_one_takes_the_statistics_away(tmp_path, column):
    assert "a range of 1" in summed(tmp_path, column).lost


def test_the_command_says_that_statistics_are_lost(tmp_path, capsys):
    pairs = pb.load("preference", mirror="sample").filter(lambda row: bool(row.rejected))  # one or two each
    build_repository(Publication((pairs,), Terms(Origin.OWN, ("mit",), ())), tmp_path / "r")
    assert main(["publish", "--check", str(tmp_path / "r")]) == 0
    told = capsys.readouterr().out
    assert "the viewer will show no statistics of this split: rejected_images: from 1 to 2, a range of 1" in told


def test_any_word_in_any_form_is_found(tmp_path):
    pytest.importorskip("duckdb")
    texts = ["She was jumping high", "A dog jumps", "The caf\u00e9 is closed", "nothing here"]
    pq.write_table(pa.table({"id": ["a", "b", "c", "d"], "text": texts}), tmp_path / "t.parquet")

    def found(words):
        return "".join(row["id"] for row in find_rows([tmp_path / "t.parquet"], search=words))

    assert [found(words) for words in ("jump", "the jumped", "cafe dogs", "no")] == ["ab", "ab", "bc", ""]
    assert [row["id"] for row in find_rows([tmp_path / "t.parquet"], search="jump", limit=1)] == ["a"]


def test_conditions_name_the_columns_that_the_viewer_adds(folder):
    pytest.importorskip("duckdb")
    view = check_folder(folder).splits[0]
    files = [folder / file for file in view.files]
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    short = {row["id"] for row in rows if len(row["instruction"]) < 100}
    assert {row["id"] for row in find_rows(files, where='"instruction.length" < 100')} == short
    assert len(find_rows(files, where='"source_image.width" = 48 and "source_image.height" = 36')) == 70
    assert find_rows(files, where='"source_image.width" > 48') == []
