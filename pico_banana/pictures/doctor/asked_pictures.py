"""Questions about single pictures: whether they are there, what they are, and whether a cut one can go on."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from pico_banana.errors import GoneError, TransportError
from pico_banana.mirrors.addresses import Address, key_of_url
from pico_banana.mirrors.catalog import facts
from pico_banana.mirrors.fetch.pacing import SLOW_LANE
from pico_banana.pictures.doctor.examination import Examination, read_into
from pico_banana.pictures.doctor.findings import Finding, Verdict
from pico_banana.records import Subset
from pico_banana.rows.lines.ids import id_maker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ASKED = 5  # photos, and as many edits
_RANGE_FROM = 8
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG"
_GONE = "gone"


def resuming(about: Examination) -> Iterator[Finding]:
    """Ask whether a cut edit can go on where it was cut, and what an edit is said to be."""
    url = about.mirror.url_of(Address(about.mirror.name, "edited", about.rows[0]["edited"]))
    with about.transport.get(url, offset=_RANGE_FROM) as response:
        ranged, etag, kind = response.offset == _RANGE_FROM, bool(response.etag), response.content_type
        read_into(response, 16)
    advice = "" if ranged and etag else "an interrupted picture starts from its first byte again; nothing breaks"
    verdict = Verdict.OK if ranged and etag else Verdict.DIFFERS
    found = f"Range {'honoured' if ranged else 'ignored'}, {'an' if etag else 'no strong'} ETag"
    yield Finding("resuming an edit", verdict, found, "Range honoured, a strong ETag", advice)
    as_assumed = kind in {"image/png", "application/octet-stream", "binary/octet-stream"}
    yield Finding("content type of an edit", Verdict.OK if as_assumed else Verdict.DIFFERS, kind or "none", "image/png")


def photo_objects(about: Examination) -> Iterator[Finding]:
    """Ask whether photos can be had one by one, by their id."""
    name, assumed = "one photo by its id, over HTTPS", "a JPEG"
    for row in about.photo_table[:_ASKED]:
        try:
            head = about.head(facts()["open_images"]["object"].format(image_id=row["ImageID"]), 64)
        except GoneError:
            continue
        fine = head.startswith(_JPEG)
        yield Finding(name, Verdict.OK if fine else Verdict.DIFFERS, "a JPEG" if fine else repr(head[:8]), assumed)
        return
    advice = "photos come from Flickr, or from tars with `pico-banana photos tars`"
    yield Finding(name, Verdict.DIFFERS, f"none of the first {_ASKED} ids is there", assumed, advice)


def dead_links(about: Examination) -> Iterator[Finding]:
    """Ask for the photos of the first rows where they were published."""
    by_url: dict[str, list[str]] = {}
    for row in about.rows:
        by_url.setdefault(row["source"], []).append(_id(row))
    urls = list(by_url)[:_ASKED]
    answers = _answers(about, urls, _JPEG)
    gone = [name for url in urls if answers[url] == _GONE for name in by_url[url]]
    host = key_of_url(urls[0]).partition("/")[0] if urls else "Flickr"
    yield Finding(f"photos at {host}", Verdict.OK, _counted(answers, "photos"), "some are gone", gone=tuple(gone))


def edits_there(about: Examination) -> Iterator[Finding]:
    """Ask for some edits of the first rows."""
    step = max(1, len(about.rows) // _ASKED)
    rows = about.rows[::step][:_ASKED]
    urls = {about.mirror.url_of(Address(about.mirror.name, "edited", row["edited"])): _id(row) for row in rows}
    answers = _answers(about, list(urls), _PNG)
    gone = tuple(urls[url] for url, answer in answers.items() if answer == _GONE)
    verdict = Verdict.DIFFERS if gone else Verdict.OK
    advice = "`pico-banana trouble from-doctor` notes these rows as known trouble" if gone else ""
    yield Finding("edits of the first rows", verdict, _counted(answers, "edits"), "all are there", advice, gone=gone)


def _id(row: dict[str, Any]) -> str:
    return id_maker(Subset.SINGLE_TURN)(row["edited"], 0)


def _answers(about: Examination, urls: Sequence[str], magic: bytes) -> dict[str, str]:
    found = {}
    for number, url in enumerate(urls):
        if number:
            time.sleep(1 / (SLOW_LANE.rate or 1))
        found[url] = _alive(about, url, magic)
    return found


def _counted(answers: dict[str, str], what: str) -> str:
    counts = Counter(answers.values()).most_common()
    return ", ".join(f"{answer}: {count}" for answer, count in counts) or f"no {what} to ask for"


def _alive(about: Examination, url: str, magic: bytes) -> str:
    try:
        with about.transport.get(url) as response:
            kind = "a JPEG" if magic == _JPEG else "a PNG"
            return "there" if read_into(response, 8).startswith(magic) else f"not {kind}"
    except GoneError:
        return _GONE
    except TransportError as error:
        return f"no answer ({error.status})" if error.status else "no answer"
