"""Croissant: `mlcroissant` finds nothing to complain about, and reads the records."""

from __future__ import annotations

import json

import pytest

from pico_banana.sharing.hub.croissant import croissant


def test_every_column_and_file_is_described(publish, tmp_path):
    repository = publish(tmp_path)
    described = json.loads((tmp_path / "croissant.json").read_text("utf-8"))
    assert described == json.loads(json.dumps(croissant(repository)))
    fields = {
        record_set["name"]: [field["name"] for field in record_set["field"]] for record_set in described["recordSet"]
    }
    assert fields == {config.name: [name for name, _ in config.columns] for config in repository.configs}
    files = [entry for entry in described["distribution"] if entry["@type"] == "cr:FileObject"]
    assert all((tmp_path / entry["contentUrl"]).is_file() for entry in files)
    assert len({entry["sha256"] for entry in files}) == len(files)


@pytest.mark.filterwarnings("ignore")  # of mlcroissant and what it is built on
def test_mlcroissant_validates_it_and_reads_pictures(publish, synthetic, tmp_path):
    mlcroissant = pytest.importorskip("mlcroissant")
    import pico_banana as pb

    publish(tmp_path)
    dataset = mlcroissant.Dataset(str(tmp_path / "croissant.json"))
    assert dataset.metadata.ctx.issues.errors == set()
    assert dataset.metadata.ctx.issues.warnings == set()
    for subset in ("single_turn", "multi_turn", "preference", "instructions"):
        rows = pb.load(subset, mirror=synthetic)
        found = list(dataset.records(subset))
        assert [row[f"{subset}/id"].decode() for row in found] == rows.ids
        if subset == "single_turn":
            assert found[3]["single_turn/edited_image"].tobytes() == rows[3].edited.image().tobytes()
