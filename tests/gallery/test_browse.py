"""The server behind `browse`: what it finds, what it keeps, and whom it answers."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import pico_banana as pb
from pico_banana import Selection
from pico_banana.cli import main
from pico_banana.errors import ConfigError, SelectionError
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rows.sidecar import read_annotations
from pico_banana.sharing.browse import Marks
from pico_banana.sharing.browse.thumbnails import Thumbnails

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pico_banana.sharing.browse import Browsing


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def places(self) -> list[int]:
        return np.frombuffer(self.body, "<i4").tolist()


class Client:
    """A browser that was given the address, without a window."""

    def __init__(self, browsing: Browsing) -> None:
        address = urlsplit(browsing.url)
        self.host = address.netloc
        self.token = parse_qs(address.query)["token"][0]
        self.cookie = f"pico-banana-{address.port}={self.token}"

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=20)
        known = {"Cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {name: value for name, value in known.items() if value})
        answer = connection.getresponse()
        found = Answer(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return found

    def get(self, path: str, /, **asked: str) -> Answer:
        return self.send("GET", f"/{path}?{urlencode(asked)}" if asked else f"/{path}")

    def find(self, **wanted: str) -> list[int]:
        answer = self.get("list", **wanted)
        assert answer.status == 200, answer.body
        return answer.places

    def mark(self, row: int, **said: object) -> Answer:
        ours = {"Origin": f"http://{self.host}", "X_Token": self.token, "Content_Type": "application/json"}
        return self.send("POST", "/mark", {"row": row, **said}, **ours)


@pytest.fixture
def browsing(singles, tmp_path: Path) -> Iterator[Browsing]:
    with singles.browse(marks=tmp_path / "marks.parquet", who="ann") as running:
        yield running


@pytest.fixture
def client(browsing: Browsing) -> Client:
    return Client(browsing)


def test_the_form_finds_what_a_selection_finds(client: Client, singles):
    def places(**options):
        found = set(singles.select(**options).ids)
        return [place for place, row in enumerate(singles.ids) if row in found]

    kind, category = str(singles[3].edit_type), str(singles[3].category)
    flag = next(str(flag) for row in singles for flag in row.flags)
    word = singles[5].instruction.split()[-1].strip(".").lower()
    assert client.find() == list(range(len(singles)))
    assert client.find(kind=kind) == places(edit_types=[kind])
    assert client.find(category=category, flag=flag) == places(categories=[category], has_flags=[flag])
    assert 5 in client.find(search=word.upper()) == places(contains=[word])
    assert client.find(search=singles[7].id.upper()) == [7]
    copied = json.loads(client.get("selection", search=singles[7].id.upper()).body)
    assert eval(copied["python"], {"ds": singles}).ids == [singles[7].id]
    assert client.find(search="no/such/id") == []
    assert client.get("list", mark="maybe").status == client.get("selection", mark="maybe").status == 400
    assert client.get("list", kind="zoom").status == 400
    assert b"zoom_in" in client.get("list", kind="zoom").body


def test_sessions_are_found_by_turns_and_by_types_that_are_inferred(tmp_path: Path):
    sessions = pb.load("multi_turn", mirror="sample")
    with sessions.browse(marks=tmp_path / "marks.parquet") as running:
        client = Client(running)
        assert client.find(turns="3") == [place for place, row in enumerate(sessions) if len(row.turns) == 3]
        kinds = [{turn.inferred_edit_type for turn in row.turns} - {None} for row in sessions]
        kind = next(kind for some in kinds for kind in some)
        both = client.find(kind=str(kind), category=str(kind.category))
        assert both == client.find(kind=str(kind)) == [place for place, some in enumerate(kinds) if kind in some]
        assert json.loads(client.get("selection", kind=str(kind), category=str(kind.category)).body)["selection"]


def test_scores_filter_and_sort_and_say_how_to_have_the_rows_again(singles, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = [None if place % 5 == 0 else (place * 7 % 11) / 10 for place in range(len(singles))]
    pq.write_table(pa.table({"id": singles.ids, "score": values}), "scores.parquet")
    with singles.browse(scores=["scores.parquet"]) as running:
        client = Client(running)
        wanted = {"least:score": "0.5", "most:score": "0.8"}
        expected = [place for place, value in enumerate(values) if value is not None and 0.5 <= value <= 0.8]
        assert client.find(**wanted) == expected
        falling = client.find(**wanted, sort="-score")
        assert [values[place] for place in falling] == sorted((values[place] for place in expected), reverse=True)
        assert [values[place] for place in client.find(sort="score")][-1] is None
        copied = json.loads(client.get("selection", kind=str(singles[1].edit_type), **wanted).body)
        rows = singles.narrowed(Selection.from_json(copied["selection"]))
        assert eval(copied["python"], {"ds": singles}).ids == rows.ids
        assert ".where('\"score\" >= 0.5 and \"score\" <= 0.8', 'scores.parquet')" in copied["python"]
        assert client.get("list", sort="beauty").status == 400
        assert client.get("list", **{"least:score": "much"}).status == 400


def test_a_session_is_found_by_any_of_its_turns(tmp_path: Path):
    sessions = pb.load("multi_turn", mirror="sample")
    first, second = sessions.ids[:2]
    scores = {"id": [f"{first}#turn1", f"{first}#turn2", f"{second}#turn1"], "drift": [0.1, 0.9, 0.5]}
    with sessions.browse(scores=[scores], marks=tmp_path / "marks.parquet") as running:
        client = Client(running)
        assert client.find(**{"least:drift": "0.8"}) == [0]
        assert client.find(**{"least:drift": "0.2", "most:drift": "0.8"}) == [1]
        assert client.find(sort="drift")[:2] == [0, 1]
        assert client.find(sort="-drift")[:2] == [0, 1]
        cards = client.get("rows", of="0").body.decode()
        assert re.search(r"turn 2<span>drift 0\.9</span>", cards)
        assert json.loads(client.get("selection", **{"least:drift": "0.8"}).body)["python"] == ""  # `where` says less


def test_marks_are_on_the_disk_when_they_are_confirmed(client: Client, browsing: Browsing, singles, tmp_path: Path):
    assert client.mark(4, mark="keep").status == 200
    table = pq.read_table(tmp_path / "marks.parquet").to_pylist()
    assert [(row["id"], row["mark"], row["marked_by"]) for row in table] == [(singles[4].id, "keep", "ann")]
    assert table[0]["marked_at"].tzinfo is not None
    client.mark(4, score=5)
    client.mark(9, note="a <b>bold</b> hand")
    assert singles.where("mark = 'keep' and score = 5", tmp_path / "marks.parquet").ids == [singles[4].id]
    assert singles.where("note is not null", browsing.marks).ids == [singles[9].id]
    assert client.find(mark="keep") == [4]
    assert client.find(mark="noted") == [9]
    assert len(client.find(mark="none")) == len(singles) - 2
    assert "&lt;b&gt;bold" in client.get("rows", of="9").body.decode()
    copied = json.loads(client.get("selection", mark="keep").body)
    assert eval(copied["python"], {"ds": singles}).ids == [singles[4].id]
    client.mark(4, mark=None)
    client.mark(4, score=None)
    assert client.find(mark="any") == [9]


@pytest.mark.parametrize("said", [{"mark": "maybe"}, {"score": 6}, {"score": True}, {"id": "x"}, {"note": "x" * 2001}])
def test_a_mark_that_there_is_not_changes_nothing(client: Client, browsing: Browsing, said: dict[str, object]):
    assert client.mark(0, **said).status == 400
    assert not browsing.marks_file.exists()


@pytest.mark.parametrize("row", [-1, 10**6, "0", None, True])
def test_a_mark_is_for_a_row_that_is_looked_at(client: Client, browsing: Browsing, row: object):
    assert client.mark(row, mark="keep").status == 400
    assert not browsing.marks_file.exists()


def test_two_windows_and_two_servers_lose_nothing(client: Client, browsing: Browsing, singles, tmp_path: Path):
    with singles.browse(marks=tmp_path / "marks.parquet", who="bea") as other:
        windows = [client, client, Client(other), Client(other)]

        def work(number: int) -> None:
            for row in range(number, 24, 4):
                assert windows[number].mark(row, score=1 + row % 5).status == 200
                assert windows[(number + 2) % 4].mark(row, mark="drop").status == 200

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = {singles[row].id: ("drop", 1 + row % 5) for row in range(24)}
        for marks in (other.marks, browsing.marks, read_annotations(tmp_path / "marks.parquet")):
            assert {row["id"]: (row["mark"], row["score"]) for row in marks.to_pylist()} == expected
        told = json.loads(client.get("marks", of="0,1").body)
        assert told[singles[1].id] == {"mark": "drop", "score": "2", "note": ""}


def test_a_file_of_other_annotations_is_not_written_over(singles, tmp_path: Path):
    theirs = tmp_path / "scores.parquet"
    pq.write_table(pa.table({"id": singles.ids, "score": range(len(singles))}), theirs)
    before = theirs.read_bytes()
    with pytest.raises(ConfigError, match="holds other annotations"):
        singles.browse(marks=theirs)
    with pytest.raises(ConfigError, match=r"does not end in \.parquet"):
        singles.browse(marks=tmp_path / "marks.csv")
    with pytest.raises(ConfigError, match="marked_by=None is no mark"):
        Marks(tmp_path / "marks.parquet").change(singles[0].id, {"marked_by": None})
    assert theirs.read_bytes() == before


def test_pictures_are_small_whole_or_masks_and_only_those_of_the_rows(client: Client, singles):
    small, whole, mask = (client.get(f"{kind}/2/1") for kind in ("small", "whole", "changed"))
    assert Image.open(BytesIO(small.body)).height == 320
    assert whole.body == singles[2].edited.bytes()
    assert Image.open(BytesIO(mask.body)).mode == "RGBA"
    assert client.get("small/2/9").headers["Content-Type"] == "image/svg+xml"
    assert client.get(f"small/{len(singles)}/0").headers["Content-Type"] == "image/svg+xml"
    for path in (
        "/small/../../etc/passwd",
        "/small/%2e%2e/0",
        "/page.css/../../marks.py",
        "/etc/passwd",
        "//etc/passwd",
    ):
        assert client.send("GET", path).status == 404


def test_only_the_browser_with_the_token_is_answered(client: Client):
    assert client.send("GET", "/list", Cookie="").status == 403
    assert client.send("GET", "/list", Cookie=f"{client.cookie[:-1]}").status == 403
    assert client.send("GET", f"/list?token={client.token}", Cookie="").status == 403  # only the page has it there
    first = client.send("GET", f"/?token={client.token}", Cookie="")
    assert first.status == 200
    assert first.headers["Set-Cookie"] == f"{client.cookie}; HttpOnly; SameSite=Strict; Path=/"
    assert "default-src 'none'" in first.headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example:80", ""])
def test_other_hosts_are_refused(client: Client, host: str):
    assert client.send("GET", "/list", Host=host or "-").status == 403
    assert client.send("GET", "/list", Host="localhost:9").status == 200  # a port that somebody forwards


def test_pages_of_other_sites_are_refused(client: Client, browsing: Browsing):
    ours = {"X_Token": client.token, "Content_Type": "application/json"}
    said = {"row": 0, "mark": "drop"}
    elsewhere = ("http://evil.example", "http://127.0.0.1:1", "null", f"https://{client.host}")
    refused = [client.send("POST", "/mark", said, Origin=origin, **ours) for origin in elsewhere]
    refused.append(client.send("POST", "/mark", said, **ours))
    ours["Origin"] = f"http://{client.host}"
    refused.append(client.send("POST", "/mark", said, **{**ours, "X_Token": ""}))
    refused.append(client.send("POST", "/mark", said, **ours, Cookie=""))
    refused.append(client.send("GET", "/small/0/0", Sec_Fetch_Site="cross-site"))
    refused.append(client.send("GET", "/list", Sec_Fetch_Site="same-site"))
    assert [answer.status for answer in refused] == [403] * len(refused)
    assert client.send("POST", "/mark", said, **{**ours, "Content_Type": "text/plain"}).status == 400
    assert not browsing.marks_file.exists()
    linked = client.send("GET", f"/?token={client.token}", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    assert linked.status == 200  # a notebook's link


def test_a_picture_that_is_not_here_is_said_and_fetched_only_when_asked(tmp_path: Path):
    from pico_banana.rehearsal.serving.serve import serve

    make_mirror(tmp_path / "mirror", rows=4, pictures=True, traps=False)
    with serve(tmp_path / "mirror") as server:
        rows = pb.load("single_turn", mirror=server.url)
        asked = server.log.total
        with rows.browse(marks=tmp_path / "marks.parquet") as running:
            client = Client(running)
            assert "not on this machine" in client.get("rows", of="0").body.decode()
            assert client.get("whole/0/1").headers["Content-Type"] == "image/svg+xml"
        assert server.log.total == asked
        with rows.browse(marks=tmp_path / "marks.parquet", fetch=True) as running:
            client = Client(running)
            assert "not on this machine" not in client.get("rows", of="0").body.decode()
            assert client.get("whole/0/1").headers["Content-Type"] == "image/png"


def test_small_copies_are_kept_up_to_a_bound(tmp_path: Path):
    picture = tmp_path / "picture.png"
    Image.effect_noise((400, 320), 90).save(picture)
    copies = Thumbnails(tmp_path / "copies", most_bytes=200_000)
    first = copies.of(picture, address="0")
    assert copies.of(picture, address="0") == first
    for number in range(12):
        copies.of(picture, address=str(number))
    kept = list((tmp_path / "copies").rglob("*.jpg"))
    assert 0 < sum(path.stat().st_size for path in kept) <= 200_000
    shutil.rmtree(tmp_path / "copies")
    (tmp_path / "copies").write_text("a file in its place")
    assert copies.of(picture, address="0") == first


def test_rows_of_text_have_nothing_to_see():
    with pytest.raises(SelectionError, match="have no pictures"):
        pb.load("instructions", mirror="sample").browse()


def test_a_stopped_server_answers_nobody(singles, tmp_path: Path):
    running = singles.browse(marks=tmp_path / "marks.parquet")
    client = Client(running)
    connection = http.client.HTTPConnection(client.host, timeout=20)
    connection.request("GET", "/list", headers={"Cookie": client.cookie})
    connection.getresponse().read()
    assert running.url in repr(running)
    assert running.url in running._repr_html_()
    running.stop()
    running.stop()
    assert "stopped" in repr(running)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        asked_again(connection, client)
    with pytest.raises(ConnectionError):
        client.get("list")


def asked_again(connection: http.client.HTTPConnection, client: Client) -> None:
    connection.request("GET", "/list", headers={"Cookie": client.cookie})
    connection.getresponse()


def test_a_port_that_is_taken_is_said(browsing: Browsing, singles, tmp_path: Path):
    port = urlsplit(browsing.url).port
    with pytest.raises(ConfigError, match=f"port={port} cannot be had"):
        singles.browse(port=port, marks=tmp_path / "other.parquet")
    with pytest.raises(ConfigError, match="port=70000"):
        singles.browse(port=70_000, marks=tmp_path / "other.parquet")


def test_the_command_serves_until_ctrl_c_and_a_kill_loses_nothing(tmp_path: Path):
    words = ["browse", "single_turn", "--mirror", "sample", "--limit", "5", "--no-open", "--json"]
    command = [
        sys.executable,
        "-m",
        "pico_banana.cli",
        *words,
        "--marks",
        str(tmp_path / "marks.parquet"),
        "--who",
        "cy",
    ]
    for ending, code in ((signal.SIGKILL, -9), (signal.SIGINT, 130)):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            told = json.loads(process.stdout.readline())
            assert (told["rows"], told["marks"]) == (5, str(tmp_path / "marks.parquet"))
            connection = Client(Told(told["address"]))
            assert connection.mark(0, mark="keep").status == 200  # makes the file
            assert connection.mark(1 + int(ending == signal.SIGINT), mark="keep").status == 200
            process.send_signal(ending)
            assert process.wait(20) == code
        assert len(read_annotations(tmp_path / "marks.parquet")) == (2 if code < 0 else 3)
    assert pq.read_metadata(tmp_path / "marks.parquet").num_rows == 3


class Told(NamedTuple):
    """The address that a command printed."""

    url: str


def test_the_command_names_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["browse", "instructions", "--mirror", "sample"]) == 2
    assert "have no pictures" in capsys.readouterr().err
    assert main(["browse", "--mirror", "sample", "--scores", str(tmp_path / "none.parquet")]) == 2
    assert "there is no file" in capsys.readouterr().err
