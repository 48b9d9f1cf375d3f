"""From an address to what is fetched for it: where the file belongs, and everybody who may have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.mirrors.fetch.item import Candidate, FetchItem
from pico_banana.mirrors.fetch.provenance import NOTES
from pico_banana.mirrors.fetch.trust import host_of_root
from pico_banana.mirrors.store import area
from pico_banana.pictures.sources.places import below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.mirrors.addresses import Address
    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.pictures.sources.chain import SourceChain

CDN = "cdn"


@dataclass(frozen=True, slots=True)
class ItemMaker:
    """Makes items of one mirror's addresses.

    Attributes:
        mirror: where edits come from.
        chain: where photos come from.
    """

    mirror: Mirror
    chain: SourceChain

    def item(self, address: Address) -> FetchItem:
        """Make the item of one picture.

        Args:
            address: an edit or a photo of the mirror.

        Returns:
            Its item. A picture that lies in the mirror's own folder is left there.
        """
        path = self.mirror.file_of(address) or area(self.mirror.name) / address.relative_path
        if address.role == "edited":
            return FetchItem(str(address), path, tuple(self._edits(address)), kind="png")
        candidates = self.chain.candidates(address.source_url)
        return FetchItem(str(address), path, candidates, kind="jpeg", note=area(self.mirror.name) / NOTES)

    def _edits(self, address: Address) -> Iterator[Candidate]:
        if address.key.startswith("@"):
            yield Candidate(CDN, self.mirror.url_of(address), by_row=True, near=host_of_root(self.mirror.root))
        else:
            yield from below(self.mirror.root, address.relative_path, CDN)
