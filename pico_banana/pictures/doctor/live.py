"""Is the release what the code takes it for: one polite question for each thing that nobody could look up offline.

Only the beginnings of files are read, one request at a time. What is found is set against what the code assumes; where
they differ the code handles it, or says so.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pico_banana.errors import GoneError, PicoBananaError, TransportError
from pico_banana.mirrors.addresses import Address, key_of_url
from pico_banana.mirrors.catalog import Mirror, facts, rows_file
from pico_banana.mirrors.fetch.pacing import SLOW_LANE
from pico_banana.pictures.doctor.findings import Finding, Verdict
from pico_banana.records import Subset
from pico_banana.rows.bad import BadRow
from pico_banana.rows.lines.published import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pico_banana.mirrors.fetch.response import Response
    from pico_banana.mirrors.fetch.transport import Transport

_HEAD_BYTES = 1 << 18
_SMALL_HEAD_BYTES = 1 << 16
_PHOTOS_ASKED = 5
_RANGE_FROM = 8
_JPEG = b"\xff\xd8\xff"
_SUBSETS = (Subset.SINGLE_TURN, Subset.PREFERENCE, Subset.MULTI_TURN)


@dataclass
class Examination:
    """What is asked, and the answers so far.

    Attributes:
        mirror: the mirror under examination.
        transport: what asks.
        heads: the beginnings of files that were read, by address, with the length of the whole.
    """

    mirror: Mirror
    transport: Transport
    heads: dict[str, tuple[bytes, int | None]] = field(default_factory=dict)

    def head(self, url: str, size: int = _HEAD_BYTES) -> bytes:
        """Read the beginning of a file, once.

        Args:
            url: its address.
            size: bytes wanted.

        Returns:
            Up to so many bytes.
        """
        if url not in self.heads:
            with self.transport.get(url) as response:
                self.heads[url] = (_read(response, size), response.total)
        return self.heads[url][0]

    def lines(self, subset: Subset) -> list[bytes]:
        """Give the first whole lines of a rows file.

        Args:
            subset: whose file.

        Returns:
            Lines.
        """
        url = f"{self.mirror.root}/{rows_file(subset).path}"
        head, total = self.head(url), self.heads[url][1]
        lines = head.split(b"\n")
        return [line for line in (lines if total == len(head) else lines[:-1]) if line.strip()]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The first single-turn rows in our own names."""
        parsed = (parse_line(Subset.SINGLE_TURN, line) for line in self.lines(Subset.SINGLE_TURN))
        return [row for row in parsed if not isinstance(row, BadRow)]

    @cached_property
    def photo_table(self) -> list[dict[str, str]]:
        """The first rows of the Open Images table."""
        head = self.head(facts()["open_images"]["index"], _SMALL_HEAD_BYTES)
        whole = head[: head.rfind(b"\n") + 1].decode("utf-8", "replace")
        return list(csv.DictReader(io.StringIO(whole)))[:-1]


def examine(mirror: Mirror, transport: Transport) -> Iterator[Finding]:
    """Ask one question after the other.

    Args:
        mirror: the mirror under examination.
        transport: what asks.

    Yields:
        Findings; a question that could not be answered is one too.
    """
    examination = Examination(mirror, transport)
    for name, question in _QUESTIONS:
        try:
            yield from question(examination)
        except (PicoBananaError, ValueError, LookupError) as error:
            gone = isinstance(error, GoneError)
            yield Finding(name, Verdict.DIFFERS if gone else Verdict.UNKNOWN, str(error))


def _escaping(about: Examination) -> Iterator[Finding]:
    for subset in _SUBSETS:
        data = b"\n".join(about.lines(subset))
        raw, escaped = not data.isascii(), b"\\u" in data
        found = {(True, True): "raw and escaped", (True, False): "raw UTF-8", (False, True): "escaped"}
        text = found.get((raw, escaped), "only ASCII so far")
        yield Finding(f"escaping in {subset.value}", Verdict.OK, text, "either")


def _rows_fit(about: Examination) -> Iterator[Finding]:
    for subset in _SUBSETS:
        lines = about.lines(subset)
        bad = [row for row in (parse_line(subset, line) for line in lines) if isinstance(row, BadRow)]
        if bad:
            yield Finding(
                f"rows of {subset.value}",
                Verdict.PROBLEM,
                f"{len(bad)} of the first {len(lines)} are no rows: {bad[0].reason}",
                "every line is one",
            )
        else:
            yield Finding(
                f"rows of {subset.value}", Verdict.OK, f"the first {len(lines)} are rows", "every line is one"
            )


def _row_counts(about: Examination) -> Iterator[Finding]:
    for subset in _SUBSETS:
        lines = about.lines(subset)
        total = about.heads[f"{about.mirror.root}/{rows_file(subset).path}"][1]
        known = rows_file(subset).count
        assumed = f"{known:,}" if known else "about 72,000"
        if total is None or not lines:
            yield Finding(
                f"count of {subset.value}", Verdict.UNKNOWN, "the server does not say how long the file is", assumed
            )
            continue
        guess = round(total / (sum(map(len, lines)) / len(lines) + 1))
        near = known is None or abs(guess - known) < known * 0.25
        yield Finding(
            f"count of {subset.value}",
            Verdict.OK if near else Verdict.DIFFERS,
            f"about {guess:,}, from {total:,} bytes",
            assumed,
        )


def _short_texts(about: Examination) -> Iterator[Finding]:
    empty = sum(not (row["short"] or "").strip() for row in about.rows)
    yield Finding(
        "missing short instructions", Verdict.OK, f"{empty} of the first {len(about.rows)}", "some may be null"
    )


def _rejected(about: Examination) -> Iterator[Finding]:
    forms: Counter[str] = Counter()
    for line in about.lines(Subset.PREFERENCE):
        for path in json.loads(line).get("rejected_images") or ["(none)"]:
            forms[_form(str(path))] += 1
    text = ", ".join(f"{form}: {count}" for form, count in forms.most_common())
    yield Finding("form of rejected_images", Verdict.OK, text, "stale prefix, relative or absolute")


def _form(path: str) -> str:
    if path.startswith(("http://", "https://")):
        return "absolute"
    if path.startswith("nano-banana-300k/"):
        return "stale prefix"
    return "relative" if "/" in path else path


def _manifests(about: Examination) -> Iterator[Finding]:
    for subset in _SUBSETS:
        path = rows_file(subset).manifest
        head = about.head(f"{about.mirror.root}/{path}", _SMALL_HEAD_BYTES)
        lines = head[: head.rfind(b"\n") + 1].decode("utf-8", "replace").split()
        below = sum(line.startswith(about.mirror.root + "/images/") for line in lines)
        absolute = sum("://" in line for line in lines)
        as_assumed = bool(lines) and absolute == len(lines)
        found = f"{len(lines)} lines read, {absolute} absolute, {below} below this mirror"
        yield Finding(path, Verdict.OK if as_assumed else Verdict.DIFFERS, found, "one absolute URL a line")


def _resuming(about: Examination) -> Iterator[Finding]:
    url = about.mirror.url_of(Address(about.mirror.name, "edited", about.rows[0]["edited"]))
    with about.transport.get(url, offset=_RANGE_FROM) as response:
        ranged, etag, kind = response.offset == _RANGE_FROM, bool(response.etag), response.content_type
        _read(response, 16)
    advice = "" if ranged and etag else "an interrupted picture starts from its first byte again; nothing breaks"
    verdict = Verdict.OK if ranged and etag else Verdict.DIFFERS
    found = f"Range {'honoured' if ranged else 'ignored'}, {'an' if etag else 'no strong'} ETag"
    yield Finding("resuming an edit", verdict, found, "Range honoured, a strong ETag", advice)
    as_assumed = kind in {"image/png", "application/octet-stream", "binary/octet-stream"}
    yield Finding("content type of an edit", Verdict.OK if as_assumed else Verdict.DIFFERS, kind or "none", "image/png")


def _photo_objects(about: Examination) -> Iterator[Finding]:
    name, assumed = "one photo by its id, over HTTPS", "a JPEG"
    for row in about.photo_table[:_PHOTOS_ASKED]:
        try:
            head = about.head(facts()["open_images"]["object"].format(image_id=row["ImageID"]), 64)
        except GoneError:
            continue
        fine = head.startswith(_JPEG)
        yield Finding(name, Verdict.OK if fine else Verdict.DIFFERS, "a JPEG" if fine else repr(head[:8]), assumed)
        return
    advice = "photos come from Flickr, or from tars with `pico-banana photos tars`"
    yield Finding(name, Verdict.DIFFERS, f"none of the first {_PHOTOS_ASKED} ids is there", assumed, advice)


def _rotation(about: Examination) -> Iterator[Finding]:
    seen = Counter(row.get("Rotation", "") or "(empty)" for row in about.photo_table)
    known = {"0", "0.0", "90", "90.0", "180", "180.0", "270", "270.0", "nan", "(empty)"}
    text = ", ".join(f"{value}: {count}" for value, count in seen.most_common())
    yield Finding(
        "Rotation in the photo table",
        Verdict.OK if seen.keys() <= known else Verdict.DIFFERS,
        text,
        "0.0, 90.0, 180.0, 270.0, nan",
    )


def _dead_links(about: Examination) -> Iterator[Finding]:
    urls = list(dict.fromkeys(row["source"] for row in about.rows))[:_PHOTOS_ASKED]
    answers: Counter[str] = Counter()
    for number, url in enumerate(urls):
        if number:
            time.sleep(1 / (SLOW_LANE.rate or 1))
        answers[_alive(about, url)] += 1
    text = ", ".join(f"{answer}: {count}" for answer, count in answers.most_common()) or "no photos to ask for"
    yield Finding(
        f"photos at {key_of_url(urls[0]).partition('/')[0] if urls else 'Flickr'}", Verdict.OK, text, "some are gone"
    )


def _alive(about: Examination, url: str) -> str:
    try:
        with about.transport.get(url) as response:
            return "there" if _read(response, 8).startswith(_JPEG) else "not a JPEG"
    except GoneError:
        return "gone"
    except TransportError as error:
        return f"no answer ({error.status})" if error.status else "no answer"


def _read(response: Response, size: int) -> bytes:
    room = memoryview(bytearray(size))
    filled = 0
    while filled < size and (count := response.readinto(room[filled:])):
        filled += count
    return bytes(room[:filled])


_QUESTIONS: tuple[tuple[str, Callable[[Examination], Iterator[Finding]]], ...] = (
    ("escaping", _escaping),
    ("rows", _rows_fit),
    ("row counts", _row_counts),
    ("short instructions", _short_texts),
    ("rejected_images", _rejected),
    ("manifests", _manifests),
    ("resuming", _resuming),
    ("photos by id", _photo_objects),
    ("Rotation", _rotation),
    ("dead links", _dead_links),
)
