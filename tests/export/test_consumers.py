"""Readers that install from PyPI load our exports of the sample and of an odd mirror, and see what the rows say.

Those that bring a training framework run in the matrix's cells `consumers-diffsynth`, `consumers-llama-factory`,
`consumers-ms-swift`, `consumers-musubi-tuner` and `consumers-simpletuner`; here each is skipped where it is absent.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import pico_banana as pb
from pico_banana.sharing.export import export
from tests.export.odd_mirror import JPEG, ON_ITS_SIDE, PAGE, PNG, TEXTS, make_odd_mirror

pytestmark = pytest.mark.filterwarnings("ignore")  # what readers warn of is theirs


@pytest.fixture(params=["sample", "odd"])
def rows(request, tmp_path):
    if request.param == "sample":
        return pb.load("single_turn", mirror="sample", limit=12)
    kinds = [(JPEG, PNG), (ON_ITS_SIDE, PNG), (JPEG, PNG), (PAGE, PNG), (JPEG, None), (JPEG, PNG)]
    texts = [f"{TEXTS[number % len(TEXTS)]} {number}" for number in range(len(kinds))]
    root = make_odd_mirror(tmp_path / "m", [(f"{number}.odd", *kind) for number, kind in enumerate(kinds)], texts)
    return pb.load("single_turn", mirror=str(root))


def expected(rows) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """The rows whose pictures are pictures: instruction, source and edit, upright."""
    found = []
    for row in rows:
        try:
            pictures = [upright(Image.open(io.BytesIO(ref.bytes()))) for ref in (row.source, row.edited)]
        except OSError:
            continue
        found.append((row.instruction, *pictures))
    assert found
    return found


def upright(picture: Image.Image) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))


def plain(picture: object) -> np.ndarray:
    """Pixels as a reader sees them that knows nothing of EXIF."""
    return np.asarray((Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture).convert("RGB"))


def same(rows, seen: list[tuple[str, object, object]]) -> None:
    wanted = expected(rows)
    assert [text for text, *_ in seen] == [text for text, *_ in wanted]
    for (_, *pictures), (_, *right) in zip(seen, wanted, strict=True):
        for picture, pixels in zip(pictures, right, strict=True):
            np.testing.assert_array_equal(plain(picture), pixels)


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").rstrip("\n").split("\n")]


def test_datasets(rows, tmp_path):
    from datasets import load_dataset

    export(rows, "parquet", tmp_path / "p")
    loaded = load_dataset(str(tmp_path / "p"), split="train", cache_dir=str(tmp_path / "c"))
    same(rows, [(row["instruction"], row["source_image"], row["edited_image"]) for row in loaded])


def test_webdataset(rows, tmp_path):
    webdataset = pytest.importorskip("webdataset")
    export(rows, "webdataset", tmp_path / "w")
    shards = sorted(map(str, (tmp_path / "w").glob("*.tar")))
    samples = (
        webdataset.WebDataset(shards, shardshuffle=False).decode("pil").to_tuple("json", "input.jpg", "edited.png")
    )
    same(rows, [(about["instruction"], before, after) for about, before, after in samples])


def test_polars(rows, tmp_path):
    polars = pytest.importorskip("polars")
    export(rows, "parquet", tmp_path / "p")
    frame = polars.read_parquet(tmp_path / "p/data/*.parquet")
    same(
        rows,
        [(row["instruction"], row["source_image"]["bytes"], row["edited_image"]["bytes"]) for row in frame.to_dicts()],
    )


def test_duckdb(rows, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    export(rows, "parquet", tmp_path / "p")
    query = f"select instruction, source_image.bytes, edited_image.bytes from '{tmp_path}/p/data/*.parquet'"
    same(rows, duckdb.sql(query).fetchall())


def test_streaming(rows, tmp_path):
    streaming = pytest.importorskip("streaming")
    export(rows, "mds", tmp_path / "m2")
    loaded = streaming.StreamingDataset(local=str(tmp_path / "m2/train"), batch_size=1, shuffle=False)
    same(rows, [(row["instruction"], row["source"], row["edited"]) for row in loaded])


def test_lance(rows, tmp_path):
    lance = pytest.importorskip("lance")
    export(rows, "lance", tmp_path / "l")
    table = lance.dataset(str(tmp_path / "l/train.lance")).to_table()
    same(rows, [(row["instruction"], row["source"], row["edited"]) for row in table.to_pylist()])


def test_diffsynth_studio(rows, tmp_path):
    data = pytest.importorskip("diffsynth.core.data.unified_dataset")
    export(rows, "diffsynth", tmp_path / "d")
    load = data.ToAbsolutePath(str(tmp_path / "d")) >> data.LoadImage()
    loaded = data.UnifiedDataset(
        base_path=str(tmp_path / "d"),
        metadata_path=str(tmp_path / "d/metadata.jsonl"),
        data_file_keys=("image", "edit_image"),
        main_data_operator=load,
    )
    same(rows, [(loaded[n]["prompt"], loaded[n]["edit_image"], loaded[n]["image"]) for n in range(len(loaded))])


def test_trl(tmp_path):
    pytest.importorskip("trl", minversion="1.0")  # the helper of earlier ones takes a count; LLaMA-Factory brings one
    from datasets import load_dataset
    from trl import data_utils as trl

    pairs = pb.load("preference", mirror="sample")
    export(pairs, "trl", tmp_path / "t")
    loaded = load_dataset(str(tmp_path / "t"), split="train", cache_dir=str(tmp_path / "c"))
    assert len(loaded) == sum(len(row.rejected) for row in pairs)
    for row in loaded:
        assert trl.is_conversational(row)
        messages = trl.prepare_multimodal_messages(row["prompt"], row["images"])
        content = messages[0]["content"]
        assert [part["type"] for part in content] == ["image"] * 3 + ["text"]


def test_ms_swift(tmp_path):
    swift = pytest.importorskip("swift.dataset")
    inputs = pytest.importorskip("swift.template.template_inputs").TemplateInputs
    pairs = pb.load("preference", mirror="sample")
    export(pairs, "ms-swift-preference", tmp_path / "s")
    loaded, _ = swift.load_dataset([str(tmp_path / "s/pico_banana_preference.jsonl")], strict=True)
    wanted = [(row, rejected) for row in pairs for rejected in row.rejected]
    assert len(loaded) == len(wanted)
    for row, (pair, rejected) in zip(loaded, wanted, strict=True):
        read = inputs.from_dict({name: value for name, value in row.items() if value is not None})
        for side, edit in ((read.chosen, pair.chosen), (read.rejected, rejected)):
            question, answer = side.messages
            assert (pair.instruction in question["content"], answer["content"]) == (True, "Yes")
            assert question["content"].count("<image>") == 2
            shown = [Path(one["path"]).read_bytes() for one in side.images]
            assert shown == [pair.source.bytes(), edit.bytes()]


def test_llama_factory(rows, tmp_path):
    plugin = pytest.importorskip("llamafactory.data.mm_plugin")
    converter = pytest.importorskip("llamafactory.data.converter")
    parser = pytest.importorskip("llamafactory.data.parser")
    arguments = pytest.importorskip("llamafactory.hparams").DataArguments(dataset_dir=str(tmp_path / "f"))
    export(rows, "llama-factory", tmp_path / "f")
    (about,) = parser.get_dataset_list(["pico_banana"], str(tmp_path / "f"))
    arguments.media_dir = str(tmp_path / "f")
    convert = converter.get_dataset_converter(about.formatting, about, arguments)
    seen = []
    for row in json.loads((tmp_path / "f" / about.dataset_name).read_text("utf-8")):
        made = convert(row)
        messages = [*made["_prompt"], *made["_response"]]
        assert sum(m["content"].count(plugin.IMAGE_PLACEHOLDER) for m in messages) == len(made["_images"]) == 2
        text = made["_response"][0]["content"].replace("< image >", "<image>").replace("< video >", "<video>")
        seen.append((text, *(Path(name).read_bytes() for name in made["_images"])))
    same(rows, seen)


def test_musubi_tuner_s_rule_restated(rows, tmp_path):
    """kohya-ss/musubi-tuner, 30c658c4: `ImageJsonlDatasource` opens `image_path` and `control_path` as they are."""
    export(rows, "musubi-tuner", tmp_path / "k")
    read = lines_of(tmp_path / "k/dataset.jsonl")
    same(
        rows,
        [(row["caption"], *(Path(row[key]).read_bytes() for key in ("control_path", "image_path"))) for row in read],
    )


def test_musubi_tuner(rows, tmp_path):
    """Its own reader up to what is encoded: cut to a bucket, so colours are compared on average."""
    from argparse import Namespace

    reader = pytest.importorskip("musubi_tuner.dataset.config_utils")
    rows.export("musubi-tuner", tmp_path / "k", resolution=256, control_resolution=256)
    asked = reader.load_user_config(str(tmp_path / "k/dataset.toml"))
    plan = reader.BlueprintGenerator(reader.ConfigSanitizer()).generate(asked, Namespace(), architecture="fk")
    (data,) = reader.generate_dataset_group_by_blueprint(plan.dataset_group).datasets
    seen = {item.item_key: item for _, batch in data.retrieve_latent_cache_batches(1) for item in batch}
    wanted = {text: pictures for text, *pictures in expected(rows)}
    assert len(seen) == len({item.latent_cache_path for item in seen.values()}) == len(wanted)
    for item in seen.values():
        source, edited = wanted.pop(item.caption)
        assert item.original_size == (edited.shape[1], edited.shape[0])
        (control,) = item.control_content
        for found, right in ((control, source), (item.content, edited)):
            assert np.abs(found[..., :3].mean((0, 1)) - right.mean((0, 1))).max() < 8


def test_simpletuner(rows, tmp_path):
    """Its own reader up to what is encoded, in a process of its own."""
    if find_spec("simpletuner") is None:
        pytest.skip("SimpleTuner is absent")
    export(rows, "simpletuner", tmp_path / "s")
    (tmp_path / "scratch").mkdir()
    command = [sys.executable, "-m", "tests.export.read_by_simpletuner", tmp_path / "s", tmp_path / "scratch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr[-2000:]
    seen = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"caption"')]
    wanted = {text.replace("\n", " "): pictures for text, *pictures in expected(rows)}
    assert len(seen) == len(wanted)
    for one in seen:
        source, edited = wanted.pop(one["caption"])
        assert Path(one["source"]).name == Path(one["edited"]).name
        assert one["size"] == [edited.shape[1], edited.shape[0]]
        assert np.abs(np.array(one["colours"]) - source.mean((0, 1))).max() < 8


def test_ai_toolkit_s_rule_restated(rows, tmp_path):
    """ostris/ai-toolkit, 27a03a91: a control has the stem and one of four endings, a caption .txt."""
    export(rows, "ai-toolkit", tmp_path / "a")
    seen: dict[str, tuple[str, bytes, bytes]] = {}
    for target in (path for path in (tmp_path / "a/target").iterdir() if path.suffix != ".txt"):
        named = [tmp_path / "a/control" / f"{target.stem}{end}" for end in (".jpg", ".jpeg", ".png", ".webp")]
        (control,) = (path for path in named if path.exists())
        text = target.with_suffix(".txt").read_text("utf-8")
        seen[text] = (text, control.read_bytes(), target.read_bytes())
    same(rows, [seen[text] for text, *_ in expected(rows)])
