"""Data is not trusted: what rows, mirrors, servers and column names may not choose. See docs/security.md."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from core_rows import edit, mirror_of, rows_file

import pico_banana as pb
from pico_banana.errors import (
    GoneError,
    MirrorError,
    PictureError,
    RequestRefusedError,
    RowError,
    SelectionError,
    StoreError,
    TransportError,
)
from pico_banana.mirrors.addresses import Address, key_of_url, parse_address, problem_of_path, problem_of_url
from pico_banana.mirrors.fetch.partial import Partial
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.mirrors.fetch.trust import check_literal, kind_of
from pico_banana.mirrors.store import area, write_atomic
from pico_banana.pictures import filesystem
from pico_banana.rehearsal.serving.serve import serve
from pico_banana.rows.table.sql import connected, quoted
from pico_banana.sharing.export.manifest import write_manifest
from pico_banana.telling import Plain, bare, escaped, redacted

ODD_URLS = [
    "javascript:alert(1)",
    "data:image/png;base64,AA",
    "https://user:pass@h/x.jpg",
    " https://h/x.jpg",
    "https://h:99999/x.jpg",
    "https://h:abc/x.jpg",
    "http://[::1/x.jpg",
    f"https://{'a' * 70}.example/x.jpg",
    "s3://bucket/x.jpg",
    "file:///etc/passwd",
    "reference://x.jpg::http://attacker.example/r.json",
    f"https://h/{'n' * 300}.jpg",
    "https://h/a/../x.jpg",
    "https://h//x.jpg",
    "https://h/",
]


@pytest.mark.parametrize("url", ODD_URLS)
def test_an_odd_url_is_one_bad_row_with_file_and_line(tmp_path: Path, url: str) -> None:
    path = rows_file(tmp_path, [edit(1), edit(2, open_image_input_url=url), edit(3)])
    rows = pb.load(rows=path, on_bad_rows="skip")
    assert len(rows) == 2
    (bad,) = rows.bad_rows
    assert (bad.file, bad.line) == (str(path), 2)
    assert "user:pass" not in bad.reason


@pytest.mark.parametrize(
    "path", ["images/../x.png", "images//x.png", "images/./x.png", "a::b.png", "n" * 300, "file:///x"]
)
def test_an_odd_path_is_one_bad_row(tmp_path: Path, path: str) -> None:
    rows = pb.load(rows=rows_file(tmp_path, [edit(1), edit(2, output_image=path)]), on_bad_rows="skip")
    assert [bad.line for bad in rows.bad_rows] == [2]


def test_no_two_photos_are_written_alike() -> None:
    urls = [
        "https://h/a::b",
        "https://h/a:%3Ab",
        "https://h/a%3A%3Ab",
        "https://h/a\\b",
        "https://h/a%5Cb",
        "https://h/a%255Cb",
    ]
    addresses = [str(Address("m", "source", key_of_url(url))) for url in urls]
    assert len(set(addresses)) == len(urls)
    assert [parse_address(text).source_url for text in addresses] == urls
    assert not any("::" in text or "\\" in text for text in addresses)


@pytest.mark.parametrize("name", ["a::b.jpg", "a b.jpg", "Straße.jpg", "a%20b.jpg", "a\\b.jpg", "a%3A%3Ab.jpg"])
@pytest.mark.parametrize("remote", [False, True])
def test_an_odd_photo_name_gives_its_own_photo(tmp_path: Path, name: str, remote: bool) -> None:
    row = edit(1, open_image_input_url=f"HTTPS://h/{name}")
    root = mirror_of(tmp_path / "m", single_turn=[row])
    jpeg = (Path(pb.__file__).parent / "rehearsal" / "sample" / "source").rglob("*.jpg")
    content = next(iter(jpeg)).read_bytes()
    (root / "source" / "h").mkdir(parents=True)
    (root / "source" / "h" / name).write_bytes(content)
    if not remote:
        assert pb.load(mirror=root)[0].source.bytes() == content
        return
    with serve(root) as server:
        assert pb.load(mirror=server.url)[0].source.bytes() == content


def test_a_row_may_not_lead_inside() -> None:
    transport = Transport(timeout_s=2)
    for url in ("http://127.0.0.1:1/x.jpg", "http://localhost:1/x.jpg", "http://[::1]:1/x.jpg", "file:///etc/passwd"):
        with pytest.raises(RequestRefusedError):
            transport.get(url, by_row=True, near="mirror.invalid")


def test_the_users_own_mirror_and_overrides_may(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"x")
    with serve(tmp_path) as server:
        url = f"{server.url}/x.jpg"
        assert Transport().get(url, by_row=True, near="127.0.0.1").read() == b"x"
        assert Transport(hosts=server.hosts()).get(url, by_row=True).read() == b"x"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"), ("::ffff:127.0.0.1", "loopback"), ("0.0.0.0", "loopback"), ("::1", "loopback"),
        ("169.254.169.254", "link-local"), ("10.1.2.3", "private"), ("192.168.0.1", "private"),
        ("100.64.0.1", "private"), ("64:ff9b::7f00:1", "loopback"), ("8.8.8.8", "public"),
        ("fec0::1", "private"), ("::7f00:1", "private"), ("2002:7f00:1::", "loopback"),
        ("2606:4700:4700::1111", "public"),
    ],
)  # fmt: skip
def test_addresses_inside_are_known(address: str, kind: str) -> None:
    assert kind_of(address) == kind


@pytest.mark.parametrize(
    "host",
    [
        *["127.1", "0x7f.1", "2130706433", "017700000001", "localhost.", "10.1.2.3.", "::1"],
        *["①②⑦.0.0.1", "\uff11\uff12\uff17.0.0.1", "ⓛocalhost", "127。0。0。1"],
    ],
)
def test_an_address_inside_is_known_however_it_is_written(host: str) -> None:
    with pytest.raises(RequestRefusedError, match="a row or redirect may not lead there"):
        check_literal(host, "mirror.invalid", url="http://x/y")


@pytest.mark.parametrize("host", ["8.8.8.8", "example.org", "134744072", "127.1.example.org", "①②⑦.0.0.1.example"])
def test_other_hosts_behind_a_proxy_are_asked(host: str) -> None:
    check_literal(host, "mirror.invalid", url="http://x/y")


def test_a_path_of_a_mirrors_own_rows_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "id_rsa"
    secret.write_text("key")
    rows = [edit(1, local_input_image=str(secret)), edit(2, local_input_image="../../id_rsa")]
    own = pb.load(mirror=mirror_of(tmp_path / "m", single_turn=rows))
    assert all(row.source.address.startswith("picobanana://") for row in own)
    assert own.to_arrow()["source_image"].to_pylist() == [row.source.address for row in own]
    (tmp_path / "sub").mkdir()
    path = rows_file(tmp_path / "sub", [*rows, edit(3, local_input_image="photo.jpg")])
    named = pb.load(rows=path)
    assert [row.source.address.startswith("picobanana://") for row in named] == [True, True, False]
    monkeypatch.setenv("PICO_BANANA_ALLOW", str(tmp_path))
    assert pb.load(rows=path)[0].source.address == str(secret)


def test_a_link_out_of_a_mirror_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    root = mirror_of(tmp_path / "m", single_turn=[edit(1)])
    link = root / "images" / "positive-edit" / "1.png"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "secret.png")
    with pytest.raises(pb.PicoBananaError):
        pb.load(mirror=root)[0].edited.bytes()
    with serve(root) as server, pytest.raises(GoneError):
        Transport().get(f"{server.url}/images/positive-edit/1.png")


def test_sql_reads_and_writes_no_files(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("secret")
    rows = pb.load(mirror="sample")
    for condition in (
        f"(select content from read_text('{tmp_path}/s.txt')) like 's%'",
        f"true) ; copy (select 1) to '{tmp_path}/w.csv'; select (1",
        f"true; attach '{tmp_path}/db'; --",
        "false union all select 0",
    ):
        with pytest.raises(SelectionError):
            rows.where(condition)
    for query in (f"copy (select 1) to '{tmp_path}/w.csv'", "set enable_external_access = true", "install httpfs"):
        with pytest.raises(Exception, match=r"(?i)disabled|locked|cannot"):
            rows.sql(query)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "store") == ["s.txt"]


def test_a_column_name_is_never_sql() -> None:
    name = 'x" , (select 1) as "y'
    with connected("a test") as connection:
        connection.register("t", pa.table({name: ["z"]}))
        assert connection.table("t").project(quoted(name)).fetchall() == [("z",)]


def test_secrets_leave_every_url() -> None:
    shown = redacted("GET https://me:pw@h/x?X-Amz-Signature=abc&size=3&sig=d#f and s3://k:s@b/x")
    assert shown == "GET https://***@h/x?X-Amz-Signature=***&size=3&sig=***#f and s3://***@b/x"
    assert redacted(shown) == shown
    assert "pw" not in str(pb.PicoBananaError("no https://me:pw@h/x"))


def test_a_key_that_a_server_echoes_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-echoed-secret")
    assert str(pb.PicoBananaError("bad key sk-echoed-secret")) == "bad key ***"


def test_nothing_that_a_terminal_obeys_is_told() -> None:
    assert escaped("a\x1b[2J\x9b\u202eb\t\n") == "a\\u001b[2J\\u009b\\u202eb\t\n"
    assert json.loads(escaped(json.dumps("\x9b\u202e", ensure_ascii=False))) == "\x9b\u202e"


def test_an_errors_attributes_show_no_secret() -> None:
    url, shown = "https://me:pw@h/x?sig=abc", "https://***@h/x?sig=***"
    assert TransportError("no", url=url).url == shown
    assert MirrorError("no", mirror=url).mirror == shown
    assert StoreError("no", path=url).path == shown
    assert PictureError("no", address=url).address == shown
    assert RowError("no", file=url).file == shown
    assert bare("https://me:pw@h:8/v1?key=a#b") == "https://h:8/v1"


def test_an_exports_manifest_shows_no_secret(tmp_path: Path) -> None:
    url = "https://me:pw@h/x?X-Amz-Signature=abc"
    write_manifest(tmp_path, {"key": "k", "failed": {"a": f"no {url}"}, "wanted": {"a": [url]}, "path": Path("p")}, [])
    text = (tmp_path / "export.json").read_text()
    assert "pw" not in text
    assert "abc" not in text
    assert json.loads(text)["key"] == "k"


def test_bars_move_and_nothing_else_does() -> None:
    stream = io.StringIO()
    gate = Plain(stream, bars=True)
    for text in ("\r\x1b[K5 of 9 \x1b]0;x\x07", "\n\x1b[A", "error: \r\x1b[A\x1b[K fine"):
        gate.write(text)
    assert stream.getvalue() == (
        "\r\x1b[K5 of 9 \\u001b]0;x\\u0007" + "\n\x1b[A" + "error: \\u000d\\u001b[A\\u001b[K fine"
    )


def test_stderr_escapes(tmp_path: Path) -> None:
    root = mirror_of(
        tmp_path / "m", single_turn=[edit(1), edit(2, output_image="images/\x1b]0;x\x07/../a.png"), b"\x1b[2J"]
    )
    for command in (
        ["ls", "single_turn", "--skip-bad-rows"],
        ["info"],
        ["verify", "single_turn"],
        ["ls", "single_turn"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "pico_banana.cli", *command, "--mirror", str(root)], capture_output=True, check=False
        )
        assert done.stderr
        assert b"\x1b" not in done.stdout + done.stderr, command


def test_ls_escapes(tmp_path: Path) -> None:
    root = mirror_of(tmp_path / "m", single_turn=[edit(1, text="a \x1b]0;x\x07 b")])
    command = [sys.executable, "-m", "pico_banana.cli", "ls", "single_turn", "--mirror", str(root)]
    done = subprocess.run(command, capture_output=True, check=True)
    assert b"\x1b" not in done.stdout
    assert b"\\u001b]0;x\\u0007" in done.stdout


def test_the_umask_is_kept(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_atomic(tmp_path / "a", b"a")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("plant", ["symlink_to", "hardlink_to"])
def test_a_planted_claim_overwrites_nothing(tmp_path: Path, plant: str) -> None:
    victim = tmp_path / "thesis.txt"
    victim.write_text("years")
    getattr(tmp_path / "1.png.part", plant)(victim)
    with Partial.claim(tmp_path / "1.png") as claim:  # type: ignore[union-attr]
        claim.write(memoryview(b"data"))
        claim.publish(durable=False)
    assert victim.read_text() == "years"
    assert (tmp_path / "1.png").read_bytes() == b"data"


def test_redirected_hosts_have_a_store_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = area("release")
    monkeypatch.setenv("PICO_BANANA_HOSTS", "*=http://127.0.0.1:1")
    assert area("release") != plain
    assert area("release").parent == plain / "mirrors"


def test_a_forked_child_does_not_wait_for_its_parents_lock() -> None:
    addresses = [row.edited.address for row in pb.load(mirror="sample")]
    filesystem.expect(addresses)
    filesystem.local_path(addresses[0])
    ahead: Any = filesystem._ahead
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with ahead._lock, filesystem._ahead_lock:
            held.set()
            done.wait(30)

    threading.Thread(target=hold, daemon=True).start()
    held.wait()
    child = os.fork()
    if child == 0:
        filesystem.local_path(addresses[1])
        filesystem.expect(addresses)
        os._exit(7)
    done.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_what_is_usual_has_no_problem() -> None:
    assert problem_of_url("https://farm8.staticflickr.com/2915/1_a_o.jpg") == ""
    assert problem_of_path("positive-edit/1.png") == ""
