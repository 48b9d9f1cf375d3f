"""The doctor against the rehearsal server in several disguises."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pico_banana import load
from pico_banana.cli import main
from pico_banana.mirrors.catalog import Mirror
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.pictures.doctor.environment import environment
from pico_banana.pictures.doctor.findings import Verdict
from pico_banana.pictures.doctor.live import examine
from pico_banana.rehearsal.serving.faults import Fault, Rule
from pico_banana.rehearsal.serving.serve import serve
from pico_banana.rows.trouble import trouble_of_findings, trouble_table

ALL = "*/*"


def findings(server):
    transport = Transport(hosts=server.hosts(), timeout_s=2)
    try:
        return {
            found.name: found
            for found in examine(Mirror("m", "https://ml-site.cdn-apple.com/datasets/pico-banana-300k/nb"), transport)
        }
    finally:
        transport.close()


def test_a_healthy_release(rehearsal):
    with serve(rehearsal) as server:
        found = findings(server)
    assert not [name for name, one in found.items() if one.verdict in {Verdict.PROBLEM, Verdict.UNKNOWN}]
    assert found["resuming an edit"].verdict is Verdict.OK
    assert "stale prefix" in found["form of rejected_images"].found
    assert "nan" in found["Rotation in the photo table"].found
    assert found["one photo by its id, over HTTPS"].found == "a JPEG"
    assert server.log.total < 40, "polite: a handful of small requests"
    assert all(entry.method == "GET" for entry in server.log.requests)


@pytest.mark.parametrize(
    ("rule", "name", "verdict", "word"),
    [
        (Rule(Fault.NO_RANGE), "resuming an edit", Verdict.DIFFERS, "ignored"),
        (Rule(Fault.NO_ETAG), "resuming an edit", Verdict.DIFFERS, "no strong ETag"),
        (Rule(Fault.MISSING_404, where="*manifest*"), "manifests", Verdict.DIFFERS, "404"),
        (
            Rule(Fault.MISSING_404, where="open-images-dataset*"),
            "one photo by its id, over HTTPS",
            Verdict.DIFFERS,
            "none",
        ),
        (
            Rule(Fault.OTHER_PICTURE, where="open-images-dataset*"),
            "one photo by its id, over HTTPS",
            Verdict.DIFFERS,
            "GIF",
        ),
        (Rule(Fault.WRONG_TYPE, where="*.png"), "content type of an edit", Verdict.OK, "octet-stream"),
        (Rule(Fault.BUSY_503, where="*rows-are-elsewhere*"), "rows of single_turn", Verdict.OK, "are rows"),
        (Rule(Fault.HTML, where="*jsonl*"), "rows of single_turn", Verdict.PROBLEM, "no rows"),
        (Rule(Fault.BUSY_503, where="*train-images*"), "Rotation", Verdict.UNKNOWN, "503"),
    ],
)
def test_a_disguise_is_seen_through(rehearsal, rule, name, verdict, word):
    with serve(rehearsal, faults=(rule,)) as server:
        found = findings(server)
    assert found[name].verdict is verdict
    assert word in found[name].found


def test_dead_photos_are_counted(rehearsal):
    with serve(rehearsal, faults=(Rule(Fault.GONE_410, where="*.photos.invalid/*", share=0.5),)) as server:
        found = findings(server)
    (photos,) = (one for name, one in found.items() if name.startswith("photos at"))
    assert "gone" in photos.found
    assert "there" in photos.found


def test_rows_whose_pictures_are_gone_become_known_trouble(rehearsal):
    with serve(rehearsal, faults=(Rule(Fault.MISSING_404, where="*positive-edit*"),)) as server:
        found = findings(server)
    edits = found["edits of the first rows"]
    assert (edits.verdict, edits.found) == (Verdict.DIFFERS, "gone: 5")
    rows = load("single_turn", mirror=rehearsal, on_bad_rows="skip")
    assert set(edits.gone) <= set(rows.ids)
    trouble = trouble_table(trouble_of_findings(json.loads(json.dumps(one.as_dict())) for one in found.values()))
    marked = load("single_turn", mirror=rehearsal, on_bad_rows="skip", trouble=trouble, has_flags="missing_file")
    assert set(marked.ids) == set(edits.gone)


def test_escaped_and_raw_rows_are_told_apart(rehearsal, tmp_path):
    plain = tmp_path / "plain"
    shutil.copytree(rehearsal / "jsonl", plain / "jsonl")
    path = plain / "jsonl/sft.jsonl"
    rows = [json.loads(line) for line in path.read_bytes().split(b"\n") if line.strip()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with serve(plain) as server:
        assert findings(server)["escaping in single_turn"].found == "escaped"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    with serve(plain) as server:
        assert findings(server)["escaping in single_turn"].found == "raw UTF-8"


def test_the_machine_is_looked_at_without_asking_anybody(home, capsys):
    assert main(["doctor", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"python", "decoders", "store", "disk", "photo index"} <= {line["name"] for line in lines}
    assert not home.exists(), "looking makes no folder"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which nobody may write")
def test_a_store_that_cannot_be_written_is_a_problem(monkeypatch):
    monkeypatch.setenv("PICO_BANANA_HOME", "/proc/self/store")
    found = {finding.name: finding for finding in environment(Mirror("release", "https://x"))}
    assert found["store"].verdict is Verdict.PROBLEM
    assert "PICO_BANANA_HOME" in found["store"].advice


def test_only_packages_a_user_may_want_are_listed():
    names = [finding.name for finding in environment(Mirror("release", "https://x"))]
    assert {"datasets", "isal", "openai"} <= set(names)
    assert not {"pytest", "img2dataset", "pico-banana"} & set(names)
    assert len(names) == len(set(names))
