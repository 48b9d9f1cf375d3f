"""A place source photos come from, in one file: here a server with an address of its own for each photo.

Register it in your package, and `--sources archive` and `sources=["archive"]` find it::

    [project.entry-points."pico_banana.sources"]
    archive = "my_package.photo_source:place"
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pico_banana as pb
from pico_banana.mirrors.fetch.item import Candidate
from pico_banana.pictures.sources.chain import make_chain


class Archive:
    """Photos named by the SHA-256 of their published URL."""

    name = "archive"

    def candidates(self, url: str) -> Iterator[Candidate]:
        """Say where this place would have a photo: addresses to ask, best first; none when it cannot have it."""
        yield Candidate(self.name, f"https://photos.example.org/{sha256(url.encode()).hexdigest()}.jpg")


def place(mirror: pb.Mirror) -> Archive:
    """Make the place; `mirror` says whose photos are wanted."""
    return Archive()


def main() -> None:
    row = pb.load("single_turn", mirror="sample")[0]
    chain = make_chain(pb.load("single_turn", mirror="sample").mirror, [Archive(), "mirror"])
    for candidate in chain.candidates(f"https://{row.source.address.split('/source/')[1]}"):
        print(candidate.source, candidate.url)


if __name__ == "__main__":
    main()
