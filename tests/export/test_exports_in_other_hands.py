"""What broke in the hands of others: their readers, their folders, their files; what an earlier run left."""

from __future__ import annotations

import codecs
import csv
import io
import json
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, ExportError, PictureCorruptError, UnknownNameError
from pico_banana.pictures.filesystem import local_path
from pico_banana.records.decoding.whole import look_at, look_at_file
from pico_banana.sharing.export import ExportOptions, export
from pico_banana.sharing.export.keys import key_of
from tests.export.odd_mirror import CUT_JPEG, CUT_PNG, JPEG, ON_ITS_SIDE, PAGE, PNG, make_odd_mirror, picture

PLACING = [
    "ai-toolkit",
    "diffsynth",
    "diffusers-img2img",
    "imagefolder",
    "llama-factory",
    "musubi-tuner",
    "simpletuner",
]
EMBEDDING = ["parquet", "webdataset", "diffusers-ip2p"]


def odd(root: Path, *rows: tuple[str, bytes | None, bytes | None], **options):
    return pb.load("single_turn", mirror=str(make_odd_mirror(root, list(rows), **options)))


def manifest(folder: Path) -> dict:
    return json.loads((folder / "export.json").read_text())


def pictures_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".jpg", ".png"})


def lines_of(path: Path) -> list[str]:
    """Not `splitlines`, which takes U+2028 for the end of a line."""
    return path.read_text("utf-8").rstrip("\n").split("\n")


def pixels(data: bytes | Path) -> np.ndarray:
    with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as opened:
        return np.asarray(opened.convert("RGB"))


@pytest.mark.parametrize(
    ("bad", "word"),
    [(PAGE, "page"), (CUT_PNG, "cut off"), (CUT_JPEG, "cut off"), (b"", "empty"), (b"GIF89", "not a picture")],
)
def test_what_is_no_picture_is_told_by_its_ends(tmp_path, bad, word):
    (tmp_path / "x.png").write_bytes(bad)
    for look in (lambda: look_at(bad, address="x"), lambda: look_at_file(tmp_path / "x.png")):
        with pytest.raises(PictureCorruptError, match=word):
            look()


def test_a_whole_picture_is_known_by_its_content(tmp_path):
    for data, suffix, orientation in (
        (PNG, "png", 1),
        (JPEG, "jpg", 1),
        (ON_ITS_SIDE, "jpg", 6),
        (PNG + b"tail", "png", 1),
    ):
        (tmp_path / "x").write_bytes(data)
        for look in (look_at(data), look_at_file(tmp_path / "x")):
            assert (look.suffix, look.size, look.header.orientation) == (suffix, len(data), orientation)
    webp = picture("WEBP")
    assert look_at(webp).suffix == "webp"


@pytest.mark.parametrize("form", PLACING + EMBEDDING)
def test_what_is_no_picture_is_left_out_with_its_reason(tmp_path, form):
    rows = odd(
        tmp_path / "m", ("0", JPEG, PNG), ("1", PAGE, PNG), ("2", JPEG, CUT_PNG), ("3", JPEG, b""), ("4", CUT_JPEG, PNG)
    )
    report = export(rows, form, tmp_path / "out")
    assert (report.total, report.written, len(report.failed)) == (5, 1, 4)
    reasons = [report.failed[name] for name in rows.ids[1:]]
    assert all(word in reason for word, reason in zip(("page", "cut off", "empty", "cut off"), reasons, strict=True))
    assert len(pictures_below(tmp_path / "out")) in {0, 2}


@pytest.mark.parametrize("form", PLACING)
def test_an_exported_picture_is_a_file_of_its_own(tmp_path, form):
    rows = odd(tmp_path / "m", ("0", JPEG, PNG))
    export(rows, form, tmp_path / "out")
    for path in pictures_below(tmp_path / "out"):
        path.write_bytes(b"scribbled over")
    assert local_path(rows[0].source.address).read_bytes() == JPEG
    assert local_path(rows[0].edited.address).read_bytes() == PNG


def test_links_are_a_choice_and_read_only(tmp_path):
    rows = odd(tmp_path / "m", ("0", JPEG, PNG))
    rows.export("imagefolder", tmp_path / "out", links=True)
    (edited,) = (tmp_path / "out").rglob("*.edited.png")
    assert edited.stat().st_ino == local_path(rows[0].edited.address).stat().st_ino
    assert edited.stat().st_mode & 0o222 == 0
    with pytest.raises(ConfigError, match="as published"):
        ExportOptions(links=True, codec="png")


def test_the_installed_sample_is_never_linked(tmp_path):
    rows = pb.load("single_turn", mirror="sample", limit=2)
    rows.export("imagefolder", tmp_path / "out", links=True)
    for path in pictures_below(tmp_path / "out"):
        assert path.stat().st_nlink == 1


@pytest.mark.parametrize("form", PLACING)
def test_a_photo_on_its_side_is_exported_upright(tmp_path, form):
    rows = odd(tmp_path / "m", ("0", ON_ITS_SIDE, PNG), ("1", JPEG, PNG))
    export(rows, form, tmp_path / "out")
    right = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(ON_ITS_SIDE))).convert("RGB"))
    found = [found for path in pictures_below(tmp_path / "out") if (found := pixels(path)).shape == right.shape]
    assert len(found) == 1
    np.testing.assert_array_equal(found[0], right)
    assert "1 turned upright" in manifest(tmp_path / "out")["pictures"]


def test_the_tag_can_be_kept(tmp_path):
    rows = odd(tmp_path / "m", ("0", ON_ITS_SIDE, PNG))
    rows.export("imagefolder", tmp_path / "out", exif="keep")
    (source,) = (tmp_path / "out").rglob("*.source.jpg")
    assert source.read_bytes() == ON_ITS_SIDE
    assert manifest(tmp_path / "out")["pictures"] == "unchanged"


NAMES = ("1.0", "1_0", "a--b", "a/b", "a---b", "a/-b", "A", "a", "a b", "ä", "a_", "x" * 150, "attemptA", "attempta")


def test_keys_are_one_to_one_and_stay_so_where_case_is_ignored():
    pairs = [(row, part) for row in NAMES for part in ("", "turn1", "turn2")]
    pairs += [("a#turn1", ""), ("a", "turn1-x"), ("a/turn1", ""), ("a----b", "")]
    keys = {key_of(*pair) for pair in pairs}
    assert len({key.lower() for key in keys}) == len(pairs)
    assert all(len(key) <= 110 and not set(key) & set("./\\ #") for key in keys)
    assert (
        key_of("multi_turn/multi-turn/1_attemptA_turn5", "turn2") == "multi_turn--multi-turn--1_attemptA_turn5---turn2"
    )


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_row_gets_another_rows_picture(tmp_path):
    import webdataset

    colours = [(number * 60, 10, 10) for number in range(4)]
    names = ("1.0", "1_0", "a--b", "a/b")
    rows = odd(
        tmp_path / "m", *[(name, JPEG, picture("PNG", colour)) for name, colour in zip(names, colours, strict=True)]
    )
    export(rows, "imagefolder", tmp_path / "i")
    assert len(pictures_below(tmp_path / "i")) == 8
    for line, ours in zip(lines_of(tmp_path / "i/train/metadata.jsonl"), rows, strict=True):
        row = json.loads(line)
        assert row["id"] == ours.id
        assert (tmp_path / "i/train" / row["edited_file_name"]).read_bytes() == ours.edited.bytes()
    export(rows, "webdataset", tmp_path / "w")
    shards = sorted(map(str, (tmp_path / "w").glob("*.tar")))
    samples = list(webdataset.WebDataset(shards, shardshuffle=False))
    assert [sample["edited.png"] for sample in samples] == [row.edited.bytes() for row in rows]


@pytest.mark.parametrize("form", ["imagefolder", *EMBEDDING])
def test_what_was_left_out_is_tried_again(tmp_path, form):
    rows = odd(tmp_path / "m", *[(str(number), JPEG, None if number == 3 else PNG) for number in range(6)])
    options = ExportOptions(shard_rows=2)
    first = export(rows, form, tmp_path / "out", options=options)
    assert (first.written, list(first.failed)) == (5, [rows.ids[3]])
    again = export(rows, form, tmp_path / "out", options=options)
    assert (again.total, again.written, again.reused, list(again.failed)) == (6, 0, 5, [rows.ids[3]])
    (tmp_path / "m/images/positive-edit/3.png").write_bytes(PNG)
    healed = export(rows, form, tmp_path / "out", options=options)
    assert (healed.total, healed.failed, healed.written + healed.reused) == (6, {}, 6)
    assert healed.reused >= 4
    assert export(rows, form, tmp_path / "fresh", options=options).written == 6
    assert manifest(tmp_path / "out")["files"] == manifest(tmp_path / "fresh")["files"]


@pytest.mark.parametrize("form", [*PLACING, *EMBEDDING])
def test_a_finished_export_that_was_damaged_is_mended(singles, tmp_path, form):
    options = ExportOptions(shard_rows=6)
    export(singles, form, tmp_path, options=options)
    before = manifest(tmp_path)["files"]
    for name in before:
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[:-1])
        report = export(singles, form, tmp_path, options=options)
        assert report.total == report.written + report.reused == 24
        assert (tmp_path / name).read_bytes() == data
        if len(before) > 10:
            break
    assert manifest(tmp_path)["files"] == before


@pytest.mark.parametrize("form", ["imagefolder", "webdataset"])
def test_verify_compares_content(singles, tmp_path, form, mirror_root):
    words = ["export", form, str(tmp_path), "single_turn", "--mirror", str(mirror_root), "--shard-rows", "6"]
    assert main(words) == 0
    name, *_ = manifest(tmp_path)["files"]
    right = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    assert main(words) == 0
    assert (tmp_path / name).read_bytes() != right
    assert main([*words, "--verify"]) == 0
    assert (tmp_path / name).read_bytes() == right


def test_a_folder_with_other_files_is_refused(singles, tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(JPEG)
    with pytest.raises(ExportError, match="holiday"):
        export(singles, "imagefolder", tmp_path)
    assert list(tmp_path.rglob("*.png")) == []


@pytest.mark.parametrize("content", ["", "[]", '{"key": 3}', "not json", '{"key": "x", "complete": true, "also": 3}'])
def test_a_damaged_manifest_is_no_traceback(singles, tmp_path, content):
    (tmp_path / "export.json").write_text(content)
    with pytest.raises(ExportError, match="manifest"):
        export(singles, "jsonl", tmp_path)


def test_musubi_tuner_follows_a_folder_that_moved_whatever_its_name(sessions, tmp_path):
    odd_name = tmp_path / 'o\'brien "x" \\ ü'
    export(sessions, "musubi-tuner", tmp_path / "a")
    (tmp_path / "a").rename(odd_name)
    report = export(sessions, "musubi-tuner", odd_name)
    assert report.written == 0
    content = tomllib.loads((odd_name / "dataset.toml").read_text("utf-8"))
    (dataset,) = content["datasets"]
    rows = [json.loads(line) for line in Path(dataset["image_jsonl_file"]).read_text("utf-8").splitlines()]
    assert all(Path(row[key]).is_file() for row in rows for key in ("image_path", "control_path"))
    assert content["general"]["resolution"] == dataset["control_resolution"] == [1024, 1024]


def test_musubi_tuner_is_told_the_sizes_that_were_asked_for(singles, tmp_path):
    singles[:1].export("musubi-tuner", tmp_path / "a", resolution=768, control_resolution=(512, 640))
    content = tomllib.loads((tmp_path / "a/dataset.toml").read_text())
    assert content["general"]["resolution"] == [768, 768]
    assert content["datasets"][0]["control_resolution"] == [512, 640]


def test_simpletuner_s_sources_have_no_captions_and_a_caption_is_one_line(tmp_path):
    """Its factory (bghira/SimpleTuner, bc8e6ab77) looks for a caption of each picture where there is a strategy.

    Its release 3.1.6 knows no `disable_multiline_split`, and draws one of the lines.
    """
    rows = odd(tmp_path / "m", ("0", JPEG, PNG))
    assert "\n" in rows[0].instruction
    export(rows, "simpletuner", tmp_path / "out")
    (caption,) = (tmp_path / "out/edited").glob("*.txt")
    assert caption.read_text("utf-8") == rows[0].instruction.replace("\n", " ")
    edited, source = json.loads((tmp_path / "out/multidatabackend.json").read_text())
    assert "caption_strategy" not in source
    assert (edited["caption_strategy"], edited["disable_multiline_split"]) == ("textfile", True)
    assert {path.stem for path in (tmp_path / "out/source").iterdir()} == {
        path.stem for path in (tmp_path / "out/edited").glob("*.txt")
    }


def test_ai_toolkit_gets_the_published_bytes(tmp_path):
    """It looks for a control picture of the same stem with one of four endings (ostris/ai-toolkit, 27a03a91)."""
    rows = odd(tmp_path / "m", ("0", JPEG, PNG))
    export(rows, "ai-toolkit", tmp_path / "a")
    (control,), (target,) = (tmp_path / "a/control").iterdir(), (tmp_path / "a/target").glob("*.png")
    assert (control.read_bytes(), target.read_bytes(), control.stem) == (JPEG, PNG, target.stem)
    assert manifest(tmp_path / "a")["pictures"] == "unchanged"
    export(rows, "simpletuner", tmp_path / "s")
    assert manifest(tmp_path / "s")["pictures"] == "unchanged but for 1 re-encoded as PNG"


@pytest.mark.parametrize("codec", ["GIF", "TIFF", "BMP", "WEBP"])
def test_ai_toolkit_finds_a_control_of_any_codec(tmp_path, codec):
    """It looks for .jpg, .jpeg, .png and .webp alone, and trains without a control that it does not find."""
    picture = Image.new("RGB", (48, 32), (200, 0, 0))
    encoded = io.BytesIO()
    picture.save(encoded, codec)
    rows = odd(tmp_path / "m", ("0", encoded.getvalue(), PNG))
    export(rows, "ai-toolkit", tmp_path / "a")
    (control,) = (tmp_path / "a/control").iterdir()
    assert control.suffix == (".webp" if codec == "WEBP" else ".png")
    assert Image.open(control).convert("RGB").getpixel((5, 5))[0] > 190
    assert (control.read_bytes() == encoded.getvalue()) == (codec == "WEBP")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_sample_of_webdataset_has_the_same_members(sessions, tmp_path):
    import webdataset
    from datasets import load_dataset

    export(sessions, "webdataset", tmp_path / "w")
    shards = sorted(map(str, (tmp_path / "w").glob("*.tar")))
    turns = [turn for session in sessions for turn in session.turns]
    loaded = load_dataset("webdataset", data_files=shards, split="train", cache_dir=str(tmp_path / "c"))
    assert [row["json"]["instruction"] for row in loaded] == [turn.instruction for turn in turns]
    samples = (
        webdataset.WebDataset(shards, shardshuffle=False).decode("pil").to_tuple("input.jpg", "edited.png", "json")
    )
    for turn, (before, after, about) in zip(turns, samples, strict=True):
        assert about["instruction"] == turn.instruction
        np.testing.assert_array_equal(np.asarray(after.convert("RGB")), pixels(turn.image.bytes()))
        assert before.size[0] > 0


def preference_mirror(root: Path) -> Path:
    """Two preference rows; the second has no rejected picture."""
    lines = []
    for number, rejected in enumerate((["images/negative-edit/0.png"], [])):
        output = f"images/positive-edit/{number}.png"
        row = {
            "open_image_input_url": f"https://photos.example/{number}.jpg",
            "text": f"do {number}",
            "output_image": output,
        }
        row |= {"edit_type": "Zoom in", "summarized_text": "s", "rejected_images": rejected}
        lines.append(json.dumps(row))
        for path, data in (
            (f"source/photos.example/{number}.jpg", JPEG),
            *((name, PNG) for name in [output, *rejected]),
        ):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
    (root / "jsonl").mkdir(exist_ok=True)
    (root / "jsonl/preference.jsonl").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def unequal(tmp_path):
    return pb.load("preference", mirror=str(preference_mirror(tmp_path / "m")))


def test_a_row_without_rejected_picture_has_an_empty_list(unequal, tmp_path):
    from datasets import load_dataset

    export(unequal, "imagefolder", tmp_path / "i")
    loaded = load_dataset("imagefolder", data_dir=str(tmp_path / "i"), split="train", cache_dir=str(tmp_path / "c"))
    by_text = {row["instruction"]: row["rejected"] for row in loaded}
    assert {text: len(found) for text, found in by_text.items()} == {"do 0": 1, "do 1": 0}


def test_lance_has_null_where_there_is_no_rejected_picture(unequal, tmp_path):
    lance = pytest.importorskip("lance")
    export(unequal, "lance", tmp_path / "l")
    dataset = lance.dataset(str(tmp_path / "l/train.lance"))
    assert dataset.to_table()["rejected0"].to_pylist() == [PNG, None]
    assert dataset.count_rows("rejected0 is not null") == 1


def test_plain_bytes_without_a_picture_are_null(tmp_path):
    from pico_banana.sharing.export.pictures import Picture
    from pico_banana.sharing.parquet.arrays import Arena, record_batch
    from pico_banana.sharing.parquet.columns import PictureBytes

    rows = [{"a": Picture("a", "png", 3, data=b"abc")}, {"a": None}]
    assert record_batch(rows, (("a", PictureBytes()),), Arena())["a"].to_pylist() == [b"abc", None]


@pytest.mark.parametrize("form", ["ai-toolkit", "diffsynth", "diffusers-img2img", "llama-factory", "musubi-tuner"])
def test_a_picture_that_a_format_does_not_name_is_neither_needed_nor_copied(unequal, tmp_path, form):
    Path(local_path(unequal[0].rejected[0].address)).unlink()
    report = export(unequal, form, tmp_path / "out")
    assert (report.total, report.written, report.failed) == (2, 2, {})
    assert len(pictures_below(tmp_path / "out")) == 4


def test_places_of_pictures_in_an_instruction_are_not_counted(tmp_path):
    """LLaMA-Factory compares the count of `<image>` in all messages with that of the files (data/mm_plugin.py)."""
    rows = odd(tmp_path / "m", ("0", JPEG, PNG), texts=("Swap <image> and <video>",))
    export(rows, "llama-factory", tmp_path / "out")
    (row,) = json.loads((tmp_path / "out/pico_banana.json").read_text())
    text = "".join(message["content"] for message in row["messages"])
    assert text.count("<image>") == len(row["images"])
    assert "<video>" not in text
    assert "Swap < image > and < video >" in text


@pytest.mark.parametrize("form", ["parquet", "imagefolder", "jsonl", "csv", "webdataset", "diffusers-img2img"])
def test_splits_lie_beside_each_other_by_name(mirror_root, tmp_path, form):
    whole = pb.load("single_turn", mirror=str(mirror_root))
    parts = {name: whole.select(split=f"{name}_60_40") for name in ("train", "test")}
    for name, part in parts.items():
        words = ["export", form, str(tmp_path), "single_turn", "--mirror", str(mirror_root), "--split", f"{name}_60_40"]
        assert main(words) == 0
        assert export(part, form, tmp_path).written == 0
    content = manifest(tmp_path)
    both = [content, *content["also"]]
    assert [(one["split"], one["counts"]["rows"]) for one in both] == [
        (name, len(part)) for name, part in parts.items()
    ]
    assert not both[0]["files"].keys() & both[1]["files"].keys()
    assert all("test" in name for name in both[1]["files"])
    with pytest.raises(ExportError, match="another export"):
        export(whole.select(split="test_90_10"), form, tmp_path)


def test_two_splits_through_datasets(mirror_root, tmp_path):
    from datasets import load_dataset

    whole = pb.load("single_turn", mirror=str(mirror_root))
    for form in ("parquet", "imagefolder"):
        for name in ("train", "test"):
            export(whole.select(split=f"{name}_60_40"), form, tmp_path / form)
        loaded = load_dataset(str(tmp_path / form), cache_dir=str(tmp_path / "cache"))
        assert {name: len(part) for name, part in loaded.items()} == {
            name: len(whole.select(split=f"{name}_60_40")) for name in ("train", "test")
        }


def test_a_format_with_one_name_for_all_holds_one_split(singles, tmp_path):
    export(singles.select(split="train_60_40"), "diffsynth", tmp_path)
    with pytest.raises(ExportError, match="another export"):
        export(singles.select(split="test_60_40"), "diffsynth", tmp_path)


@pytest.mark.parametrize("name", ["../x", "a/b", "a b", ".", "tést"])
def test_a_split_cannot_be_named_a_path(name):
    with pytest.raises(ConfigError, match="cannot name a split"):
        ExportOptions(split=name)


def test_a_split_of_one_s_own_name(mirror_root, tmp_path):
    words = [
        "export",
        "parquet",
        str(tmp_path),
        "single_turn",
        "--mirror",
        str(mirror_root),
        "--split-name",
        "held_out",
    ]
    assert main(words) == 0
    assert (tmp_path / "data/held_out-00000-of-00001.parquet").is_file()


@pytest.mark.parametrize("words", [["--size", "64"], ["--buckets", "qwen"], ["--links", "--codec", "png"]])
def test_an_option_that_would_change_nothing_is_refused(mirror_root, tmp_path, capsys, words):
    assert main(["export", "imagefolder", str(tmp_path / "o"), "--mirror", str(mirror_root), *words]) == 2
    assert words[0].strip("-") in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_ascii_is_one_line_a_row_for_everybody(tmp_path):
    rows = odd(tmp_path / "m", *[(str(number), JPEG, PNG) for number in range(4)])
    for form in ("jsonl", "csv", "imagefolder", "diffsynth"):
        rows.export(form, tmp_path / form, ascii=True)
    table = rows.to_arrow().to_pylist()
    text = (tmp_path / "jsonl/train.jsonl").read_text("ascii")
    assert [json.loads(line) for line in text.splitlines()] == table
    lines = (tmp_path / "csv/train.csv").read_text("ascii").splitlines()
    found = [codecs.decode(row["instruction"], "unicode_escape") for row in csv.DictReader(lines)]
    assert found == [row["instruction"] for row in table]
    for name in ("imagefolder/train/metadata.jsonl", "diffsynth/metadata.jsonl"):
        assert len((tmp_path / name).read_text("ascii").splitlines()) == 4


def test_progress_counts_rows_and_forecasts_the_size(sessions, tmp_path):
    seen = []
    report = sessions.export("webdataset", tmp_path, progress=seen.append)
    assert [one.rows for one in seen] == sorted(one.rows for one in seen)
    assert (seen[-1].rows, seen[-1].total) == (len(sessions), len(sessions))
    assert len(seen) == report.total
    assert seen[-1].expected_size == seen[-1].size > 0
    assert seen[-1].seconds_left == 0


def test_the_bar_says_what_there_will_be(monkeypatch):
    from pico_banana.cli import export_bar
    from pico_banana.sharing.export import Progress

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with export_bar.ExportBar() as bar:
        for rows in (25, 100):
            bar.show(Progress(rows, 100, rows * 1_000_000, 1, rows * 1.0))
    assert "100/100" in terminal.getvalue()
    assert export_bar.told(Progress(25, 100, 25_000_000, 0, 60.0)) == "25.0 MB of about 100.0 MB, about 3 min left"


@pytest.mark.parametrize(("option", "value"), [("sise", 64), ("codecs", "png"), ("shard_row", 3)])
def test_a_misspelled_option_is_refused(singles, tmp_path, option, value):
    with pytest.raises(UnknownNameError, match=f"{option}.*Did you mean"):
        singles.export("imagefolder", tmp_path / "o", **{option: value})
    assert not (tmp_path / "o").exists()


def test_a_full_disk_is_called_one_and_names_the_folder(singles, tmp_path):
    """/dev/full is a disk without room; the store is not what is full."""
    from pico_banana.errors import DiskFullError
    from pico_banana.mirrors.store import writing

    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(DiskFullError) as raised, writing(tmp_path / "out/x"), Path("/dev/full").open("wb") as file:
        file.write(b"x")
    assert "out/x" in str(raised.value)
    assert "PICO_BANANA_HOME" not in str(raised.value)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="is a file") as told:
        export(singles, "imagefolder", tmp_path / "file" / "out")
    assert "PICO_BANANA_HOME" not in str(told.value)


def test_the_store_s_own_full_disk_is_told_with_its_variable():
    from pico_banana.errors import DiskFullError
    from pico_banana.mirrors.store import home, writing

    with pytest.raises(DiskFullError, match="PICO_BANANA_HOME"), writing(home() / "images/x"):
        raise OSError(28, "No space left on device")


def test_of_a_sound_png_only_the_ends_and_the_chunks_are_read(tmp_path, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (400, 300, 3), np.uint8)  # several IDAT chunks
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path)
    size = path.stat().st_size
    assert size > 300_000
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("the whole file was read"))
    monkeypatch.setattr(Image, "open", lambda file: pytest.fail("the picture was decoded"))
    look = look_at_file(path)
    assert (look.suffix, look.size, look.header.format, look.header.size) == ("png", size, "png", (300, 400))
