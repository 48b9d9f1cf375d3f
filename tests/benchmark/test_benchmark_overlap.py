"""What is in a training list is found in every form that people keep theirs in."""

from __future__ import annotations

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pico_banana as pb
from pico_banana import benchmark
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.rehearsal.making.make import make_mirror


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Make a mirror whose photos have Flickr's names, as the release's have."""
    root = tmp_path_factory.mktemp("mirror")
    make_mirror(root, rows=400, preferences=40, sessions=20, traps=False)
    return root


@pytest.fixture(scope="module")
def drawn(root):
    return benchmark.make(mirror=root, size="mini")


@pytest.fixture(scope="module")
def rows(root, drawn):
    """Two rows of the benchmark, and two of photos that are not in it."""
    free = pb.load("single_turn", mirror=root, exclude="benchmark", limit=2)
    return [*pb.load("single_turn", mirror=root, ids=drawn.single_turn[:2]), *free]


def url(row):
    return "https://" + row.source.address.partition("source/")[2]


def edit(row):
    return row.edited.address.partition("edited/")[2]


FORMS = {
    "ids": lambda row: row.id,
    "lines of `pico-banana ls`": lambda row: f"{row.id}   {row.edit_type}  {row.instruction[:40]}…",
    "addresses of photos": url,
    "addresses with a query": lambda row: f"{url(row)}?size=large",
    "photos' file names": lambda row: url(row).rpartition("/")[2],
    "photos' paths": lambda row: f"/data/photos/train_0/{url(row).rpartition('/')[2]}",
    "photos' paths on Windows": lambda row: f"D:\\photos\\{url(row).rpartition('/')[2]}",
    "our addresses": lambda row: row.source.address,
    "paths of edits": lambda row: f"/data/nb/images/{edit(row)}",
    "paths of edits on Windows": lambda row: f"D:\\nb\\{edit(row)}".replace("/", "\\"),
    "edits written anew": lambda row: f"/data/{edit(row)}".replace(".png", ".JPG"),
    "edits' file names": lambda row: edit(row).rpartition("/")[2],
    "edits' names": lambda row: edit(row).rpartition("/")[2].removesuffix(".png"),
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_known_in_every_spelling(form, root, drawn, rows):
    lines = [FORMS[form](row) for row in rows]
    found = benchmark.overlap(drawn, lines, mirror=root)
    assert (found.photos, found.unknown) == (tuple(lines[:2]), ())
    assert found.rows == (() if "photo" in form or "quer" in form or "our" in form else tuple(lines[:2]))


def written(folder, form, rows):
    path = folder / f"list.{form}"
    table = [{"id": row.id, "prompt": 'put "a, b" / c\nthere', "image": f"/data/{edit(row)}"} for row in rows]
    if form == "parquet":
        image = [{"bytes": b"\x89PNG", "path": edit(row)} for row in rows]
        pq.write_table(pa.table({"image": image, "number": range(len(rows))}), path)
    elif form in {"csv", "tsv"}:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]), delimiter="," if form == "csv" else "\t")
            writer.writeheader()
            writer.writerows(table)
    elif form == "json":
        path.write_text(json.dumps({"train": table}, indent=1), "utf-8")
    elif form == "by_id.json":
        path.write_text(json.dumps({row.id: {"prompt": "x"} for row in rows}), "utf-8")
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, table)), "utf-8")
    else:
        path.write_text("\ufeff" + "\r\n".join(row.id for row in rows) + "\r\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("form", "heads"),
    [("txt", 0), ("csv", 1), ("tsv", 1), ("json", 0), ("by_id.json", 0), ("jsonl", 0), ("parquet", 0)],
)
def test_lists_are_read_in_the_forms_people_keep_them_in(form, heads, root, drawn, rows, tmp_path, capsys):
    path = written(tmp_path, form, rows)
    found = benchmark.overlap(drawn, path, mirror=root)
    assert (found.listed, len(found.rows), len(found.photos), len(found.unknown)) == (4 + heads, 2, 2, heads)
    assert main(["benchmark", "overlap", str(path), "--size", "mini", "--mirror", str(root)]) == 1
    assert f"{4 + heads} entries: 2 are rows of the benchmark, 2 show a photo of it" in capsys.readouterr().out


def test_a_list_of_which_nothing_is_known_is_not_called_clean(root, drawn, tmp_path, capsys):
    (tmp_path / "list.txt").write_text("a\nb\n")
    assert not benchmark.overlap(drawn, tmp_path / "list.txt", mirror=root).clean
    assert main(["benchmark", "overlap", str(tmp_path / "list.txt"), "--mirror", str(root)]) == 1
    assert "nothing is known of entries such as 'a'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content"),
    [("l.parquet", b"no"), ("l.json", b"{"), ("l.json", b"5"), ("l.txt", b"\xff\xfe"), ("none.txt", None)],
)
def test_a_list_that_cannot_be_read_is_named(name, content, root, drawn, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=f"{name} cannot be read as a list of rows"):
        benchmark.overlap(drawn, tmp_path / name, mirror=root)


def test_an_empty_list_is_not_called_clean(drawn, root, tmp_path, capsys):
    (tmp_path / "empty.txt").write_text("\n \n")
    assert main(["benchmark", "overlap", str(tmp_path / "empty.txt"), "--mirror", str(root)]) != 0
    assert f"{tmp_path / 'empty.txt'} names nothing" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="the list names nothing"):
        benchmark.overlap(drawn, [], mirror=root)
