"""What Open Images says is in photos, in place of a look that is paid."""

from __future__ import annotations

import json
import shutil

import pytest

from pico_banana.errors import ConfigError
from pico_banana.regenerate import config_from, forecast_run, open_ledger, read_config, run
from pico_banana.regenerate.plan.photos import find_photos
from pico_banana.regenerate.settings.sections import SourceSettings
from tests.regenerate.scenes import draw_scene
from tests.regenerate.test_regenerate_inventory import Looker, calls, staffed
from tests.regenerate.test_regenerate_rejudge import config

IDS = [f"{number:016x}" for number in range(4)]
NAMES = "LabelName,DisplayName\n/m/1,Person\n/m/2,Dog\n/m/3,Street sign\n/m/4,Car\n"
LABELS = f"""ImageID,Source,LabelName,Confidence
{IDS[0]},verification,/m/1,1
{IDS[0]},verification,/m/2,0
{IDS[0]},machine,/m/4,0.6
{IDS[1]},machine,/m/3,0.9
{IDS[1]},machine,/m/unknown,1
{"f" * 16},verification,/m/1,1
"""
BOXES = f"""ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction
{IDS[0]},xclick,/m/1,1,0.1,0.3,0.2,0.9,0,0,0,0
{IDS[0]},xclick,/m/2,1,0.5,0.9,0.5,1.0,0,0,0,0
{IDS[0]},xclick,/m/2,1,0.4,0.5,0.5,0.6,0,0,0,0
{IDS[1]},xclick,/m/1,1,0.1,0.3,0.2,0.9,0,0,0,1
{IDS[2]},xclick,/m/4,1,0.5,0.5,0.2,0.9,0,0,0,0
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos").mkdir()
    for number, image_id in enumerate(IDS):
        draw_scene(number, width=96, height=72)[0].save(tmp_path / "photos" / f"{image_id}.jpg")
    (tmp_path / "names.csv").write_text(NAMES)
    (tmp_path / "labels.csv").write_text(LABELS)
    (tmp_path / "boxes.csv").write_text(BOXES)
    return tmp_path


def source(folder, *tables):
    return SourceSettings(
        folder=str(folder / "photos"),
        labels=tuple(str(folder / table) for table in tables),
        label_names=str(folder / "names.csv"),
    )


def test_boxes_and_labels_say_what_is_there(folder):
    person, sign, none, plain = find_photos(source(folder, "labels.csv", "boxes.csv"))
    assert [(thing.name, thing.kind, thing.box) for thing in person.objects] == [
        ("dog", "object", (0.5, 0.5, 0.9, 1.0)),
        ("person", "person", (0.1, 0.2, 0.3, 0.9)),
        ("dog", "object", (0.4, 0.5, 0.5, 0.6)),
    ]
    assert [(thing.name, thing.kind, thing.box) for thing in sign.objects] == [("street sign", "text", (0, 0, 1, 1))]
    assert {"pose", "remove_object", "season"} <= person.suits
    assert "pose" not in sign.suits
    assert {"replace_text", "season"} <= sign.suits
    assert none.suits is None  # its box has no width: nothing is known
    assert plain.objects == ()
    assert not plain.known


def test_labels_alone_and_names_without_a_first_line(folder):
    (folder / "names.csv").write_text(NAMES.partition("\n")[2])
    person, *_ = find_photos(source(folder, "labels.csv"))
    assert [(thing.name, thing.box) for thing in person.objects] == [("person", (0, 0, 1, 1))]


def test_only_photos_without_labels_are_looked_at_and_paid_for(folder):
    crew = Looker()
    made = config(folder / "photos", inventory={}, run={"items_in_flight": 1})
    labelled = json.loads(made.as_json())
    document = {key: value for key, value in labelled.items() if value is not None}
    document["source"] = {
        "folder": str(folder / "photos"),
        "labels": [str(folder / "labels.csv"), str(folder / "boxes.csv")],
        "label_names": str(folder / "names.csv"),
    }
    asked = forecast_run(config_from(document), folder / "l").calls["inventory"]
    assert asked == forecast_run(made, folder / "l").calls["inventory"] - 2
    assert run(config_from(document), folder / "l", staff=staffed(crew)).stopped == ""
    assert crew.seen.total() == asked
    with open_ledger(folder / "l") as ledger:
        assert len(calls(ledger, "inventory")) == asked
        planned = {item.photo.url[-20:-4]: item.photo for item in ledger.items()}
        written = [json.loads(told.inputs)["text"] for _, told in calls(ledger, "write")]
    assert [thing.name for thing in planned[IDS[1]].objects] == ["street sign"]
    assert any("- dog (object), box [500, 500, 900, 1000] of 1000" in text for text in written)


def test_ids_of_flickr_addresses_come_from_the_photo_index(tmp_path, monkeypatch):
    from pico_banana.mirrors.catalog import resolve_mirror
    from pico_banana.pictures.sources.chain import find_index

    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / "home"))
    photos = list(find_photos(SourceSettings(subset="single_turn", mirror="sample", limit=3)))
    (first, *_) = find_index(resolve_mirror("sample")).image_ids([photos[0].url])
    (tmp_path / "labels.csv").write_text(f"ImageID,Source,LabelName,Confidence\n{first},verification,/m/2,1\n")
    (tmp_path / "names.csv").write_text(NAMES)
    settings = SourceSettings(
        subset="single_turn",
        mirror="sample",
        limit=3,
        labels=(str(tmp_path / "labels.csv"),),
        label_names=str(tmp_path / "names.csv"),
    )
    assert [thing.name for photo in find_photos(settings) for thing in photo.objects] == ["dog"]


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("labels.csv", "a,b\n1,2\n", "has no column ImageID"),
        ("labels.csv", "", "has no column ImageID"),
        ("labels.csv", LABELS.replace("/m/1,1", "/m/1,much", 1), r"labels\.csv:2: could not convert"),
        ("labels.csv", f"ImageID,Source,LabelName,Confidence\n{IDS[0]},x\n", r"labels\.csv:2: list index"),
        ("labels.csv", "ImageID,LabelName\n" + "x" * 200_000, "is no CSV table"),
        ("names.csv", "LabelName\n", r"names\.csv:1: expected a label and its name"),
        ("names.csv", None, "cannot be read"),
    ],
)
def test_an_odd_table_is_one_mistake(folder, file, text, told):
    (folder / file).unlink() if text is None else (folder / file).write_text(text)
    with pytest.raises(ConfigError, match=told):
        list(find_photos(source(folder, "labels.csv")))


def test_paths_are_those_of_the_configuration_s_folder_and_go_together(folder):
    shutil.copytree(folder, folder / "elsewhere", ignore=shutil.ignore_patterns("elsewhere"))
    text = '[source]\nfolder = "photos"\nlabels = ["labels.csv"]\nlabel_names = "names.csv"\n'
    (folder / "elsewhere/config.toml").write_text(text)
    made = read_config(folder / "elsewhere/config.toml")
    assert made.source.labels == (str(folder / "elsewhere/labels.csv"),)
    assert [photo.suits is not None for photo in find_photos(made.source)] == [True, True, False, False]
    with pytest.raises(ConfigError, match="go together"):
        config_from({"source": {"folder": "photos", "labels": ["labels.csv"]}})
