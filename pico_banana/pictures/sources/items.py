"""From an address to what is fetched for it: where the file belongs, and everybody who may have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.mirrors.fetch.item import Candidate, FetchItem
from pico_banana.mirrors.fetch.provenance import NOTES
from pico_banana.mirrors.store import area, present

if TYPE_CHECKING:
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
        relative = address.relative_path
        folder = self.mirror.folder
        path = area(self.mirror.name) / relative
        if folder is not None and present(folder / relative):
            path = folder / relative
        if address.role == "edited":
            return FetchItem(str(address), path, (Candidate(CDN, self.mirror.url_of(address)),), kind="png")
        candidates = self.chain.candidates(address.source_url)
        return FetchItem(str(address), path, candidates, kind="jpeg", note=area(self.mirror.name) / NOTES)
