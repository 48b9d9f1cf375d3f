"""Is the release what the code takes it for: one polite question for each thing that nobody could look up offline.

Only the beginnings of files are read, one request at a time. What is found is set against what the code assumes; where
they differ the code handles it, or says so.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from pico_banana.errors import GoneError, PicoBananaError
from pico_banana.mirrors.catalog import Mirror, rows_file
from pico_banana.pictures.doctor.asked_pictures import dead_links, edits_there, photo_objects, resuming
from pico_banana.pictures.doctor.examination import SMALL_HEAD_BYTES, Examination
from pico_banana.pictures.doctor.findings import Finding, Verdict
from pico_banana.records import Subset
from pico_banana.rows.bad import BadRow
from pico_banana.rows.lines.published import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pico_banana.mirrors.fetch.transport import Transport

_SUBSETS = (Subset.SINGLE_TURN, Subset.PREFERENCE, Subset.MULTI_TURN)


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
        head = about.head(f"{about.mirror.root}/{path}", SMALL_HEAD_BYTES)
        lines = head[: head.rfind(b"\n") + 1].decode("utf-8", "replace").split()
        below = sum(line.startswith(about.mirror.root + "/images/") for line in lines)
        absolute = sum("://" in line for line in lines)
        as_assumed = bool(lines) and absolute == len(lines)
        found = f"{len(lines)} lines read, {absolute} absolute, {below} below this mirror"
        yield Finding(path, Verdict.OK if as_assumed else Verdict.DIFFERS, found, "one absolute URL a line")


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


_QUESTIONS: tuple[tuple[str, Callable[[Examination], Iterator[Finding]]], ...] = (
    ("escaping", _escaping),
    ("rows", _rows_fit),
    ("row counts", _row_counts),
    ("short instructions", _short_texts),
    ("rejected_images", _rejected),
    ("manifests", _manifests),
    ("resuming", resuming),
    ("photos by id", photo_objects),
    ("Rotation", _rotation),
    ("dead links", dead_links),
    ("edits", edits_there),
)
