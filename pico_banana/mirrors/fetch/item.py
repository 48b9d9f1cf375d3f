"""What is to be fetched: one file, where it belongs, and everybody who may have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

COPY, ORIGINAL = "1024", "original"  # size variants of photos: longest side of 1024 pixels, or as it was uploaded
Kind: TypeAlias = Literal["png", "jpeg", "rows", "file"]


class Candidate(NamedTuple):
    """One place that may have a file.

    Attributes:
        source: the name of the place as reports show it, e.g. "cdn", "open_images", "flickr".
        url: what to ask for: http(s)://, file://, or anything fsspec opens.
        md5: 32 hexadecimal digits when a hash of this very copy is published, else None.
        size: bytes of this very copy when known.
        variant: which size of a photo this is: "original", "1024", or "" where there is only one.
        by_row: a row chose this address, not the user: it may lead to public hosts over http(s) alone, see `trust`.
        near: the host of the mirror whose row it is, which the user named; such a row may lead to hosts of its kind.
    """

    source: str
    url: str
    md5: str | None = None
    size: int | None = None
    variant: str = ""
    by_row: bool = False
    near: str = ""


@dataclass(frozen=True, slots=True)
class FetchItem:
    """One file to fetch.

    Attributes:
        address: its `picobanana://` address, for reports and errors.
        path: where it belongs on disk.
        candidates: who may have it, best first; plain (source, url) pairs will do.
        expected_size: its length in bytes, when all candidates hold the same bytes and it is known.
        md5: its MD5 as 32 hexadecimal digits, when all candidates hold the same bytes and it is known.
        kind: what the bytes must be; of "rows" only the beginning is looked at, "file" is not looked into.
        note: where to record which size of a photo came from where; None records nothing.
        most_bytes: what is longer is not taken; None for a limit by kind.
        problem: why nothing can be fetched for it: the line is no row, its address is none; it counts as failed.
    """

    address: str
    path: Path
    candidates: tuple[Candidate | tuple[str, str], ...]
    expected_size: int | None = None
    md5: str | None = None
    kind: Kind = "png"
    note: Path | None = None
    most_bytes: int | None = None
    problem: Exception | None = None

    def candidate(self, number: int) -> Candidate:
        """Give one candidate with what is known of the item filled in.

        Args:
            number: its place in `candidates`.

        Returns:
            The candidate; its own size and hash win over the item's.
        """
        given = self.candidates[number]
        if not isinstance(given, Candidate):
            given = Candidate(*given)
        if self.md5 is None and self.expected_size is None:
            return given
        return given._replace(md5=given.md5 or self.md5, size=given.size or self.expected_size)
