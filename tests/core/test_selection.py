"""Selection: one value for "which rows", checked, printable, the same everywhere; and what it finds."""

from __future__ import annotations

import json
import pickle
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from core_rows import edit, loaded, session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pico_banana as pb
from pico_banana import Flag, Selection
from pico_banana.errors import SelectionError, UnknownNameError
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rows.choosing.splits import parse_split, photo_places

if TYPE_CHECKING:
    from pathlib import Path

QUICKLY = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TYPES = [str(kind) for kind in pb.edit_types()]
CATEGORIES = [str(kind) for kind in pb.categories()]
FLAGS = [flag.value for flag in Flag]


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("selection") / "mirror"
    make_mirror(folder, rows=300, preferences=80, sessions=120)
    return folder


@pytest.fixture
def rows(mirror: Path, store: Path, request: pytest.FixtureRequest) -> Any:
    return {subset: pb.load(subset, mirror=mirror) for subset in pb.Subset}


def some(values: list[Any], size: int = 3) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), max_size=size)


words = st.sampled_from(["the", "THE ", "a", "Éa", "photo", "xyzzy", "kite", "sKy", ".", "ö", "image in", ""])
common: dict[str, st.SearchStrategy[Any]] = {
    "split": st.sampled_from(["train", "train_90_5_5", "test_50", "validation_40_30_30", "train_0", "test_100"]),
    "contains": st.lists(words, max_size=2),
    "regex": st.sampled_from(["^The", "(?i)the .*image", "[0-9]+", "é|ö", r"\bto\b", "^$"]),
    "has_flags": some(FLAGS, 1),
    "lacks_flags": some(FLAGS[:5]),
    "limit": st.integers(0, 40),
}
for_edits = common | {
    "categories": some(CATEGORIES),
    "edit_types": some(TYPES, 8),
    "wording": st.sampled_from(["any", "long", "short"]),
}
for_sessions = common | {
    "turns": st.lists(st.integers(0, 6), max_size=3),
    "inferred_edit_types": some(TYPES, 8),
    "min_confidence": st.floats(0, 1),
}


def _texts(record: Any, wording: str) -> list[str]:
    if isinstance(record, pb.MultiTurn):
        return list(record.instructions)
    texts = {"long": [record.instruction], "short": [record.short_instruction]}
    return [text for text in texts.get(wording, texts["long"] + texts["short"]) if text is not None]


def _place(record: Any) -> int:
    import pyarrow as pa

    url = "https://" + record.source.address.split("/source/", 1)[1]
    return int(photo_places(pa.chunked_array([[url]]))[0])


def _keeps(record: Any, options: dict[str, Any]) -> bool:
    """Say by plain Python whether a Selection keeps a record."""
    split = parse_split(options.get("split", "train"))
    texts = _texts(record, options.get("wording", "any"))
    wanted = set(options.get("inferred_edit_types", ()))
    sure = options.get("min_confidence", 0)
    return all(
        [
            not options.get("categories") or record.category in options["categories"],
            not options.get("edit_types") or record.edit_type in options["edit_types"],
            not options.get("turns") or len(record.turns) in options["turns"],
            not wanted or any(t.inferred_edit_type in wanted and t.inferred_confidence >= sure for t in record.turns),
            split is None or not hasattr(record, "source") or split.start <= _place(record) < split.stop,
            all(any(needle.lower() in text.lower() for text in texts) for needle in options.get("contains", ())),
            options.get("regex") is None or any(re.search(options["regex"], text) for text in texts),
            record.flags >= set(options.get("has_flags", ())),
            not record.flags & set(options.get("lacks_flags", ())),
        ]
    )


def _consistent(options: dict[str, Any]) -> bool:
    return not set(options.get("has_flags", ())) & set(options.get("lacks_flags", ()))


@pytest.mark.parametrize("subset", ["single_turn", "preference", "multi_turn"])
def test_every_option_finds_what_plain_python_finds(rows: Any, subset: str) -> None:
    dataset, records = rows[subset], list(rows[subset])
    parts = for_sessions if subset == "multi_turn" else for_edits

    @QUICKLY
    @given(
        options=st.fixed_dictionaries({}, optional=parts).filter(_consistent),
        order=st.permutations(range(len(records))),
    )
    def compare(options: dict[str, Any], order: list[int]) -> None:
        expected = [record for record in records if _keeps(record, options)][: options.get("limit")]
        found = dataset.select(**options)
        assert list(found) == expected
        mixed = dataset[order[:60]].select(**options)
        assert (
            list(mixed)
            == [records[place] for place in order[:60] if _keeps(records[place], options)][: options.get("limit")]
        )
        selection = Selection.of(subset, **options)
        assert Selection.from_json(selection.to_json()) == selection
        assert hash(Selection.from_json(selection.to_json())) == hash(selection)
        assert pickle.loads(pickle.dumps(selection)) == selection
        assert list(dataset.narrowed(selection)) == expected

    compare()


@pytest.mark.parametrize("one", for_edits)
def test_each_option_alone_and_loaded_at_once(rows: Any, mirror: Path, one: str) -> None:
    value = {
        "split": "test_50_50",
        "contains": "kite",
        "regex": "(?i)kite",
        "has_flags": "short_equals_long",
        "lacks_flags": "short_equals_long",
        "limit": 7,
        "categories": "human_centric",
        "edit_types": TYPES[:2],
        "wording": "long",
    }[one]
    found = pb.load(mirror=mirror, **{one: value})
    assert list(found) == list(rows["single_turn"].select(**{one: value}))
    assert 0 < len(found) <= 300
    assert (len(found) < 300) == (one != "wording")


def test_selections_can_be_chained(rows: Any) -> None:
    dataset = rows["single_turn"]
    at_once = dataset.select(categories=["Human-Centric", "Stylistic"], contains="the", split="train_80_20")
    chained = (
        dataset.select(split="train_80_20").select(contains="the").select(categories=["stylistic", "human_centric"])
    )
    assert list(chained) == list(at_once)
    assert [str(step) for step in chained.selections] == [
        "single_turn(split=train_80_20)",
        "single_turn(contains=[the])",
        "single_turn(categories=[stylistic, human_centric])",
    ]
    shuffled = dataset.shuffle(4)
    assert [r for r in shuffled if "the" in r.instruction.lower()] == list(
        shuffled.select(contains="the", wording="long")
    )


def test_texts_are_found_whatever_their_case(tmp_path: Path) -> None:
    words = ["Äpfel", "ДОМ", "Ελλάδα", "straße", "naïve", "100% (a+b)?", "a\\b", "nul\0nul", "x\u2028y", "🦜"]
    dataset = loaded(
        tmp_path, [edit(n, text=f"has {word} in it", summarized_text=None) for n, word in enumerate(words)]
    )
    for number, word in enumerate(words):
        cases = {word, word.lower(), word.upper(), word.swapcase()}
        for needle in {case for case in cases if len(case) == len(word)}:  # letter by letter: "SS" is not found in "ß"
            assert dataset.search(needle).ids == [f"single_turn/positive-edit/{number}"], needle
    assert len(dataset.search("in it")) == len(words)
    assert len(dataset.search(".*")) == 0


def test_text_in_any_turn_counts(tmp_path: Path) -> None:
    rows = [
        session(1, metadata_edit_turn_prompts=["Add a kite", "Zoom"]),
        session(2, metadata_edit_turn_prompts=[]),
        session(3),
    ]
    dataset = loaded(tmp_path, rows, "multi_turn")
    assert [record.id for record in dataset.select(contains=["KITE", "zoom"])] == [dataset[0].id]
    assert [record.id for record in dataset.select(regex="^Step 2")] == [dataset[2].id]
    assert len(dataset.select(contains="")) == 2


def test_ids_choose_rows_and_twins_apart(tmp_path: Path) -> None:
    shared = edit(1)["output_image"]
    dataset = loaded(tmp_path, [edit(1), edit(2), edit(3, output_image=shared), edit(1), edit(4)])
    records = list(dataset)
    for record in records:
        assert list(dataset.select(ids=record.id)) == [dataset[record.id]] == [record]
    assert list(dataset.select(ids=[records[4].id, records[0].id])) == [records[0], records[4]]
    assert len(dataset.select(ids=[])) == 0
    no_ids = ["single_turn/positive-edit/1", "single_turn/nothing", "single_turn/positive-edit/1~00000000"]
    with pytest.raises(UnknownNameError, match=r"3 of 4 ids name no row of single_turn: 'single_turn/nothing', "):
        dataset.select(ids=[*no_ids, records[0].id])
    with pytest.raises(UnknownNameError, match="1 of 1 ids name no row of single_turn: 'single_turn/nothing'"):
        dataset["single_turn/nothing"]
    with pytest.raises(UnknownNameError, match="no row of this dataset has the id"):
        dataset[:1][records[4].id]
    with pytest.raises(
        UnknownNameError,
        match="'preference/x' is not the id of a single_turn row; such an id starts with 'single_turn/'",
    ):
        dataset.select(ids="preference/x")
    texts = pb.load("instructions", rows=tmp_path / "rows.jsonl")
    assert texts[records[0].id].instruction == records[0].instruction
    with pytest.raises(UnknownNameError):
        dataset.select(limit=1)[records[4].id]


def test_shuffling_is_a_pinned_permutation(rows: Any) -> None:
    dataset = rows["single_turn"]
    order = dataset.shuffle(seed=7).rows.tolist()
    assert sorted(order) == list(range(300))
    assert order == dataset.select(shuffle=7).rows.tolist()
    assert order[:5] == [144, 152, 265, 193, 74]
    assert dataset.shuffle(seed=8).rows.tolist() != order
    assert dataset.select(shuffle=7, limit=5).rows.tolist() == order[:5]
    assert sorted(dataset.select(shuffle=7, contains="the").ids) == sorted(dataset.select(contains="the").ids)


def test_limits(rows: Any) -> None:
    dataset = rows["single_turn"]
    for limit in (0, 1, 299, 300, 301, 10**9):
        assert dataset.select(limit=limit).rows.tolist() == list(range(min(limit, 300)))
        assert (
            dataset.select(limit=limit, contains="the").rows.tolist()
            == dataset.select(contains="the").rows.tolist()[:limit]
        )
        assert (
            dataset.select(limit=limit, edit_types=TYPES[:3]).rows.tolist()
            == dataset.select(edit_types=TYPES[:3]).rows.tolist()[:limit]
        )


@pytest.mark.parametrize("by", ["edit_type", "category"])
def test_balance_takes_the_same_number_of_each(rows: Any, by: Any) -> None:
    assert all(row.edit_type.known for row in rows["single_turn"].select(balance=by))
    dataset = rows["single_turn"].select(lacks_flags="unknown_edit_type")
    smallest = min(dataset.counts(by).values())
    balanced = dataset.select(balance=by)
    assert set(balanced.counts(by).values()) == {smallest}
    assert len(balanced) == smallest * len(dataset.counts(by))
    assert len(set(balanced.ids)) == len(balanced)
    groups = len(dataset.counts(by))
    some = dataset.sample(groups * 2 + 3, balance=by, seed=5)
    assert len(some) == groups * 2 + 3 or smallest < 3
    plenty = dataset.select(balance=by, limit=10_000)
    assert sorted(plenty.ids) == sorted(dataset.ids)
    few = dataset.select(balance=by, limit=groups)
    assert set(few.counts(by).values()) == {1}
    assert dataset.select(balance=by, shuffle=1).counts(by) == balanced.counts(by)
    assert dataset.select(balance=by, shuffle=1).ids != balanced.ids


def test_the_digest_is_pinned() -> None:
    assert Selection.of().digest == "7025ed0dcaa40046"
    whole = Selection.of(
        "single-turn",
        split="test_90_5_5",
        categories="Human-Centric",
        edit_types=["Zoom in", "zoom_in"],
        contains="löwe",
        regex="a|b",
        wording="long",
        has_flags="short-missing",
        lacks_flags=["SHARED_OUTPUT"],
        ids=["single_turn/a"],
        shuffle=1,
        balance="category",
        limit=3,
    )
    assert whole.digest == "5c1d660dc66805b5"
    assert whole.to_json() == (
        '{"subset": "single_turn", "split": "test_90_5_5", "categories": ["human_centric"], "edit_types": ["zoom_in"], '
        '"contains": ["löwe"], "regex": "a|b", "wording": "long", "has_flags": ["short_missing"], '
        '"lacks_flags": ["shared_output"], "ids": ["single_turn/a"], "shuffle": 1, "balance": "category", "limit": 3}'
    )
    assert str(whole) == (
        "single_turn(split=test_90_5_5, categories=[human_centric], edit_types=[zoom_in], contains=[löwe], regex=a|b, "
        "wording=long, has_flags=[short_missing], lacks_flags=[shared_output], ids=[single_turn/a], shuffle=1, "
        "balance=category, limit=3)"
    )
    sessions = Selection.of("multi_turn", turns=[3, 2, 3], inferred_edit_types="zoom_in", min_confidence=0.5)
    assert str(sessions) == "multi_turn(inferred_edit_types=[zoom_in], min_confidence=0.5, turns=[2, 3])"
    assert sessions.digest == "922f791b48637460"
    many = Selection.of(ids=[f"single_turn/{n}" for n in range(9)])
    assert str(many) == "single_turn(ids=[single_turn/0, single_turn/1, single_turn/2, … 9 in all])"


def test_equal_selections_are_equal_however_they_are_written() -> None:
    one = Selection.of(
        "single_turn", edit_types="Zoom in", contains="a", has_flags=Flag.SHORT_MISSING, limit=np.int64(3)
    )
    two = Selection.of(
        pb.Subset.SINGLE_TURN,
        edit_types=(pb.edit_type("zoom_in"),),
        contains=["a", "a"],
        has_flags=["SHORT-MISSING"],
        limit=3,
    )
    assert one == two
    assert hash(one) == hash(two)
    assert one.digest == two.digest
    assert len({one, two, Selection.of("preference", limit=3)}) == 2
    assert Selection.of(limit=None, ids=None, regex=None, shuffle=None, balance=None) == Selection.of()
    assert Selection.of("multi_turn", turns=2) == Selection.of("multi_turn", turns=range(2, 3))
    assert Selection.of(shuffle=0) != Selection.of()
    assert Selection.of(limit=0) != Selection.of()


def test_a_selection_can_be_changed_into_another() -> None:
    one = Selection.of(categories="Human-Centric", limit=3)
    assert one.narrowed(limit=5) == Selection.of(categories="Human-Centric", limit=5)
    assert one.narrowed(limit=None, categories=()) == Selection.of()
    with pytest.raises(SelectionError, match="both has and lacks"):
        Selection.of(has_flags="short_missing").narrowed(lacks_flags="short_missing")
    with pytest.raises(AttributeError):
        one.limit = 4


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "option": (
        "single_turn",
        {"edit_type": "zoom_in"},
        r"unknown option of a selection 'edit_type'\. Did you mean 'edit_types'",
    ),
    "type": ("single_turn", {"edit_types": "zoom"}, r"unknown edit type 'zoom'\. Did you mean 'zoom_in'"),
    "category": ("single_turn", {"categories": ["humane"]}, "unknown category 'humane'"),
    "flag": ("single_turn", {"has_flags": "short_cut"}, r"unknown flag 'short_cut'\. Did you mean 'short_cut_start'"),
    "wording": ("single_turn", {"wording": "both"}, r"unknown wording 'both'\. Known: any, long, short"),
    "balance": ("single_turn", {"balance": "type"}, "unknown way to balance 'type'"),
    "split": ("single_turn", {"split": "dev"}, "no split 'dev'"),
    "split number": ("single_turn", {"split": 5}, "5 is not a text"),
    "limit": ("single_turn", {"limit": -1}, "limit=-1 is negative"),
    "limit float": ("single_turn", {"limit": 1.5}, r"1\.5 is not a whole number"),
    "limit bool": ("single_turn", {"limit": True}, "True is not a whole number"),
    "limit text": ("single_turn", {"limit": "3"}, "'3' is not a whole number"),
    "seed": ("single_turn", {"shuffle": -3}, "shuffle=-3 is no seed"),
    "regex": ("single_turn", {"regex": "a("}, r"regex='a\(' cannot be used \(.*missing \)"),
    "look-ahead": ("single_turn", {"regex": "a(?=b)"}, "it is RE2 syntax, without look-around"),
    "regex number": ("single_turn", {"regex": 4}, "4 is not a text"),
    "contains number": ("single_turn", {"contains": [4]}, "4 is not a text"),
    "contains surrogate": ("single_turn", {"contains": "\ud83e"}, "is not a text"),
    "flags": (
        "single_turn",
        {"has_flags": "short_missing", "lacks_flags": "short_missing"},
        "both has and lacks a flag: short_missing",
    ),
    "turns": ("single_turn", {"turns": 2}, "turns is for multi_turn; rows of single_turn are single edits"),
    "inferred": ("preference", {"inferred_edit_types": "zoom_in"}, "inferred_edit_types is for multi_turn"),
    "session types": ("multi_turn", {"edit_types": "zoom_in"}, "the release gives multi_turn no edit types"),
    "session categories": ("multi_turn", {"categories": "scale"}, "categories cannot choose among sessions"),
    "session balance": ("multi_turn", {"balance": "category"}, "balance needs one edit type a row"),
    "session short": ("multi_turn", {"wording": "short"}, "finds nothing in multi_turn"),
    "turns text": ("multi_turn", {"turns": "2"}, "'2' is not a whole number"),
    "turns float": ("multi_turn", {"turns": [2.5]}, r"2\.5 is not a whole number"),
    "confidence": ("multi_turn", {"min_confidence": 1.1}, r"min_confidence=1\.1 is not a number from 0 to 1"),
    "confidence nan": ("multi_turn", {"min_confidence": float("nan")}, "is not a number from 0 to 1"),
    "confidence text": ("multi_turn", {"min_confidence": "0.5"}, "'0.5' is not a number"),
    "subset": ("singleturn", {}, r"unknown subset 'singleturn'\. Did you mean 'single_turn'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_refused_with_the_way_out(case: str) -> None:
    subset, options, message = WRONG[case]
    with pytest.raises(pb.PicoBananaError, match=message) as caught:
        Selection.of(subset, **options)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"subset": "single_turn"', '"x"', "3"])
def test_json_that_is_no_selection_is_refused(text: str) -> None:
    with pytest.raises(SelectionError, match="a Selection must be a JSON object"):
        Selection.from_json(text)
    with pytest.raises(UnknownNameError, match="unknown option"):
        Selection.from_json('{"limits": 3}')
    assert Selection.from_json("{}") == Selection.of()


def test_re2_syntax_is_the_syntax(rows: Any) -> None:
    """Patterns that Python's `re` does not know."""
    assert len(rows["single_turn"].select(regex=r"\pL")) == 300
    assert len(rows["single_turn"].select(regex=r"\.\z")) > 0
    assert len(rows["single_turn"].select(regex="[[:upper:]]")) > 0


def test_an_unused_selection_of_another_subset_is_refused(rows: Any) -> None:
    with pytest.raises(SelectionError, match="a selection of preference cannot choose single_turn rows"):
        rows["single_turn"].narrowed(Selection.of("preference"))


def test_json_of_a_selection_is_plain() -> None:
    content = json.loads(Selection.of(edit_types="zoom_in", has_flags="short_missing").to_json())
    assert content == {"subset": "single_turn", "edit_types": ["zoom_in"], "has_flags": ["short_missing"]}
