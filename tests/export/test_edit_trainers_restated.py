"""Readers of edit trainers that are on no package index, their rules restated with the commit that was read."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

import pico_banana as pb
from pico_banana.pictures.filesystem import local_path
from pico_banana.sharing.export import ExportOptions, export
from pico_banana.sharing.export.bagel import chains_of
from pico_banana.sharing.export.edits import Edit
from tests.export.odd_mirror import CUT_PNG, JPEG, make_odd_mirror


def published(ref) -> bytes:
    return local_path(ref.address).read_bytes()


def lines_of(path: Path) -> list[dict]:
    """As `readlines` of a text file gives them: broken at line feeds alone."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line.strip()) for line in file.readlines()]


def pairs_of(rows) -> list[tuple[str, bytes, bytes, bytes]]:
    """What every preference reader shall see: instruction, source, accepted and rejected edit."""
    return [
        (row.instruction, published(row.source), published(row.chosen), published(rejected))
        for row in rows
        for rejected in row.rejected
    ]


def read(*paths: str) -> tuple[bytes, ...]:
    assert all(Path(path).is_absolute() for path in paths)  # opened as they are, wherever the trainer was started
    return tuple(Path(path).read_bytes() for path in paths)


def test_longcat_edit_dpo(preferences, tmp_path):
    """meituan-longcat/LongCat-Image, af39f67: a line without whole `height` and `width` is skipped."""
    report = export(preferences, "longcat-edit-dpo", tmp_path)
    kept = [row for row in lines_of(tmp_path / "train_data_info.txt") if int(row["height"]) and int(row["width"])]
    seen = [(row["prompt"], *read(row["ref_img_path"], row["img_path_win"], row["img_path_lose"])) for row in kept]
    assert seen == pairs_of(preferences)
    assert report.total == report.written == len(seen)
    for row in kept:
        assert Image.open(row["img_path_win"]).convert("RGB").size == (row["width"], row["height"])


def test_simpletuner_flow_dpo(preferences, tmp_path):
    """bghira/SimpleTuner, bc8e6ab77: the rejected picture is the first condition of type reference_strict.

    A batch is of the first type in a set of those of its conditions, whose order changes from process to process, and
    another than reference_strict is refused. Conditions have the names of their targets and no captions of their own.
    """
    export(preferences, "simpletuner-flow-dpo", tmp_path)
    backends = {one["id"]: one for one in json.loads((tmp_path / "multidatabackend.json").read_text())}
    (target,) = [one for one in backends.values() if one["dataset_type"] == "image"]
    assert target["caption_strategy"] == "textfile"
    assert target["disable_multiline_split"] is True
    conditions = [backends[name] for name in target["conditioning_data"]]
    assert all(one["source_dataset_id"] == target["id"] and "caption_strategy" not in one for one in conditions)
    assert {one["conditioning_type"] for one in conditions} == {"reference_strict"}
    lose, source = conditions
    assert source["id"] == "source"
    seen = set()
    for win in (tmp_path / target["instance_data_dir"]).glob("*.png"):
        names = [tmp_path / one["instance_data_dir"] / win.name for one in (source, lose)]
        shown = [Image.open(path).convert("RGB").tobytes() for path in (names[0], win, names[1])]
        seen.add((win.with_suffix(".txt").read_text("utf-8"), *shown))
    wanted = {
        (text, *(Image.open(io.BytesIO(data)).convert("RGB").tobytes() for data in pictures))
        for text, *pictures in pairs_of(preferences)
    }
    assert seen == wanted


def test_ms_swift_rejected_images(preferences, tmp_path):
    """modelscope/ms-swift, Custom-dataset.md: as many `<image>` as files on either side, a user and an assistant."""
    export(preferences, "ms-swift-preference", tmp_path)
    seen = []
    for row in lines_of(tmp_path / "pico_banana_preference.jsonl"):
        assert set(row) == {"messages", "images", "rejected_images"}
        assert [message["role"] for message in row["messages"]] == ["user", "assistant"]
        places = sum(message["content"].count("<image>") for message in row["messages"])
        assert places == len(row["images"]) == len(row["rejected_images"])
        (before, chosen), (same, rejected) = (read(*row[key]) for key in ("images", "rejected_images"))
        assert before == same
        seen.append((row["messages"][0]["content"], before, chosen, rejected))
    for (text, *pictures), (instruction, *wanted) in zip(seen, pairs_of(preferences), strict=True):
        assert instruction in text
        assert pictures == wanted


def test_edit_reward(preferences, tmp_path):
    """TIGER-AI-Lab/EditReward, edb027e: pairs without files or scores are left out; `path1` is the preferred one."""
    export(preferences, "edit-reward", tmp_path)
    seen = []
    for row in json.loads((tmp_path / "train.json").read_text("utf-8")):
        scores = [[v for k, v in row.items() if k.startswith(f"model{n}_") and k.endswith("_score")] for n in (1, 2)]
        assert len(scores[0]) == len(scores[1]) == 3
        assert all(first > second for first, second in zip(*scores, strict=True))
        assert row["tie_case"] is False
        assert row["confidence"] >= 0.9  # what a configuration with a bound compares
        assert row["choice_dist"][0] / sum(row["choice_dist"]) == 1  # the soft label
        seen.append((row["prompt"], *read(row["path_src"], row["path1"], row["path2"])))
    assert seen == pairs_of(preferences)


def test_flow_factory(singles, tmp_path):
    """X-GenGroup/Flow-Factory, a0b2bc5: `load_dataset("json")` of SPLIT.jsonl, pictures looked for below images/."""
    from datasets import load_dataset

    for split in ("train", "test"):
        export(singles, "flow-factory", tmp_path / "f", options=ExportOptions(split=split))
    cache = str(tmp_path / "cache")
    for split in ("train", "test"):
        path = str(tmp_path / f"f/{split}.jsonl")
        loaded = load_dataset("json", data_files=path, split="train", cache_dir=cache)
        assert loaded.column_names == ["prompt", "image"]
        seen = [(row["prompt"], (tmp_path / "f/images" / row["image"]).read_bytes()) for row in loaded]
        assert seen == [(row.instruction, published(row.source)) for row in singles]


def test_flow_factory_needs_no_edit(tmp_path):
    rows = make_odd_mirror(tmp_path / "m", [("0", JPEG, CUT_PNG), ("1", JPEG, None)])
    report = export(pb.load("single_turn", mirror=str(rows)), "flow-factory", tmp_path / "f")
    assert (report.total, report.written, report.failed) == (2, 2, {})


def test_omnigen2(singles, tmp_path):
    """VectorSpaceLab/OmniGen2 and EditScore's OmniGen2-RL, 6e0f1b9: the mixture names files for `load_dataset("json")`.

    RL takes `meta_data` of every row, loads it as JSON, and hands its `instruction` to the judge.
    """
    from datasets import load_dataset

    export(singles, "omnigen2", tmp_path / "with: odd # name")
    mixture = yaml.safe_load((tmp_path / "with: odd # name/mix.yml").read_text("utf-8"))
    (part,) = mixture["data"]
    assert mixture["ratio_type"] == "inside_ratio"
    assert (part["type"], part["ratio"]) == ("edit", 1.0)
    loaded = load_dataset("json", data_files=part["path"], split="train", cache_dir=str(tmp_path / "cache"))
    assert set(loaded["task_type"]) == {"edit"}
    sizes = [Image.open(io.BytesIO(Path(row["output_image"]).read_bytes())).size for row in loaded]
    assert [tuple(row["target_img_size"]) for row in loaded] == sizes  # width, height
    assert [json.loads(row["meta_data"])["instruction"] for row in loaded] == loaded["instruction"][:]
    seen = [(row["instruction"], *read(*row["input_images"], row["output_image"])) for row in loaded]
    assert seen == [(row.instruction, published(row.source), published(row.edited)) for row in singles]


def bagel_rows(folder: Path) -> list[tuple[list[bytes], list[list[str]]]]:
    """bytedance-seed/BAGEL, 056b5fd: row groups of the files whose joined path is a key of parquet_info."""
    (about,) = json.loads((folder / "dataset_info.json").read_text())["unified_edit"].values()
    info = json.loads(Path(about["parquet_info_path"]).read_text())
    names = [path.name for path in Path(about["data_dir"]).iterdir() if path.suffix == ".parquet"]
    assert about["num_files"] == len(names)
    rows = []
    for path in sorted(f"{about['data_dir']}/{name}" for name in names):
        for group in range(info[path]["num_row_groups"]):
            frame = pq.ParquetFile(path).read_row_group(group).to_pandas()
            rows += [
                (list(row["image_list"]), [list(t) for t in row["instruction_list"]]) for _, row in frame.iterrows()
            ]
    assert len(rows) == about["num_total_samples"]
    return rows


def test_bagel_takes_whole_sessions(sessions, tmp_path):
    export(sessions, "bagel", tmp_path, options=ExportOptions(shard_rows=5))
    rows = bagel_rows(tmp_path)
    for (pictures, texts), session in zip(rows, sessions, strict=True):
        assert pictures == [published(session.source), *(published(turn.image) for turn in session.turns)]
        assert texts == [[text] for text in session.instructions]
        for start in range(len(pictures) - 1):  # its draw of a sub-chain: a start, and one or two steps
            end = random.choice(range(start + 1, min(start + 3, len(pictures))))
            assert all(random.choice(texts[step - 1]) for step in range(start + 1, end + 1))
        assert all(Image.open(io.BytesIO(data)).convert("RGB").size for data in pictures)
    groups = [one["num_row_groups"] for one in json.loads((tmp_path / "parquet_info.json").read_text()).values()]
    assert groups == [2, 1]  # of four sessions each: workers share row groups out


def test_bagel_breaks_a_chain_where_a_picture_is_missing():
    steps = [Edit("s", "a", "b", "one", part="turn1"), Edit("s", "b", "c", "two", part="turn2")]
    later = [Edit("s", "e", "f", "five", part="turn5"), Edit("t", "f", "g", "other", part="turn1")]
    found = [(chain.id, chain.addresses, chain.texts) for chain in chains_of([*steps, *later])]
    assert found == [
        ("s", ("a", "b", "c"), (("one",), ("two",))),
        ("s#turn5", ("e", "f"), (("five",),)),
        ("t", ("f", "g"), (("other",),)),
    ]


def test_bagel_gives_both_wordings_of_a_step(singles, tmp_path):
    export(singles, "bagel", tmp_path, options=ExportOptions(wording="both"))
    wanted = [
        [text for text in dict.fromkeys((row.instruction, row.clean_short_instruction)) if text] for row in singles
    ]
    assert [texts for _, (texts,) in bagel_rows(tmp_path)] == wanted
    assert max(map(len, wanted)) == 2


def test_an_export_with_absolute_paths_is_renewed_when_it_has_moved(preferences, sessions, tmp_path):
    export(sessions, "bagel", tmp_path / "b")
    export(preferences, "longcat-edit-dpo", tmp_path / "l")
    for name in ("b", "l"):
        (tmp_path / name).rename(tmp_path / f"{name}2")
    export(sessions, "bagel", tmp_path / "b2")
    export(preferences, "longcat-edit-dpo", tmp_path / "l2")
    assert len(bagel_rows(tmp_path / "b2")) == len(sessions)
    assert all(Path(row["img_path_win"]).exists() for row in lines_of(tmp_path / "l2/train_data_info.txt"))


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ("diffsynth-kontext", "kontext_images"),
        ("diffsynth-step1x", "step1x_reference_image"),
        ("diffsynth-nexus-gen", "nexus_gen_reference_image"),
    ],
)
def test_diffsynth_calls_the_source_by_the_model_s_key(singles, tmp_path, form, key):
    """modelscope/DiffSynth-Studio, fed7b18f: `extra_inputs` of each model."""
    export(singles, form, tmp_path)
    rows = lines_of(tmp_path / "metadata.jsonl")
    seen = [(row["prompt"], *((tmp_path / row[name]).read_bytes() for name in (key, "image"))) for row in rows]
    assert seen == [(row.instruction, published(row.source), published(row.edited)) for row in singles]


@pytest.mark.parametrize(("form", "before", "after"), [("fal", "start", "end"), ("replicate", "input", "target")])
def test_zips_of_pairs(singles, tmp_path, form, before, after):
    """fal's flux-kontext-trainer: ROOT_start.EXT, ROOT_end.EXT, ROOT.txt; Replicate's: ROOT_input, ROOT_target."""
    report = export(singles, form, tmp_path / "z")
    assert (report.total, report.written) == (24, 24)
    with ZipFile(tmp_path / "z/train.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names)) == 3 * len(singles)
        roots = [name[: -len(".txt")] for name in names if name.endswith(".txt")]
        seen = []
        for root in roots:
            pair = [next(n for n in names if n.rpartition(".")[0] == f"{root}_{end}") for end in (before, after)]
            seen.append((archive.read(f"{root}.txt").decode(), *map(archive.read, pair)))
    assert seen == [(row.instruction, published(row.source), published(row.edited)) for row in singles]
    first = (tmp_path / "z/train.zip").read_bytes()
    assert export(singles, form, tmp_path / "z").reused == 24
    export(singles, form, tmp_path / "again")
    assert (tmp_path / "again/train.zip").read_bytes() == first
