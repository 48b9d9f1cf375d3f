"""What says how far something is: in place on a terminal, plain lines in a file; bytes alike everywhere."""

from __future__ import annotations

import io

import pytest

from pico_banana.cli import live, main
from pico_banana.mirrors.fetch.sizes import readable


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_s_line_is_rewritten_and_wiped():
    stream = Terminal()
    with live.LiveLine(stream) as line:
        line.show("1 of 2")
        line.show("2 of 2")
    assert stream.getvalue() == "\r\033[K1 of 2\r\033[K2 of 2\r\033[K"


def test_a_file_gets_a_plain_line_now_and_then(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with live.LiveLine(stream) as line:
        for second in range(75):
            now[0] = 100.0 + second
            line.show(f"{second} of 75")
    assert stream.getvalue() == "30 of 75\n60 of 75\n"


def test_making_a_mirror_leaves_no_control_sequence_in_a_log(tmp_path, capsys):
    assert main(["mirror", "make", str(tmp_path / "m"), "--rows", "20"]) == 0
    captured = capsys.readouterr()
    assert "\r" not in captured.out + captured.err
    assert "20 single-turn rows" in captured.out


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB"), (46e9, "46.0 GB"), (1.25e12, "1.25 TB")],
)
def test_bytes_are_told_alike_everywhere(count, told):
    assert readable(count) == told


def test_publishing_shows_a_bar_on_a_terminal(tmp_path, monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    made = ["publish", "single_turn", "--mirror", "sample", "--licence", "mit", "--to", str(tmp_path / "r")]
    assert main(made) == 0
    assert "86/86" in stream.getvalue()
    assert "3.6 MB of about 3.6 MB" in stream.getvalue()
