"""Photos of a dataset out of the Open Images tars."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.mirrors.addresses import parse_address
from pico_banana.mirrors.catalog import facts
from pico_banana.mirrors.fetch.hosts import hosts_from_environment
from pico_banana.mirrors.fetch.report import Ledger, Report, report_path
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.pictures.jobs.needed import needed_pictures
from pico_banana.pictures.sources.chain import SourceChain, find_index
from pico_banana.pictures.sources.items import ItemMaker
from pico_banana.pictures.sources.tars import take_from_tars
from pico_banana.pictures.sources.tars_points import Restarts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pico_banana.mirrors.fetch.item import FetchItem
    from pico_banana.pictures.jobs.download import Download
    from pico_banana.pictures.sources.index import PhotoIndex

_BATCH = 20_000
_DONE_WITH = "open_images/tars.json"
_RESTARTS = "open_images/tars"


def take_photos(
    download: Download,
    tars: Sequence[str] | None = None,
    *,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Report:
    """Take the photos of a dataset out of tars; photos that are here are not taken again.

    Args:
        download: which photos, and how hosts are reached.
        tars: addresses or paths; None for the published ones.
        progress: called with a tar, bytes read of it, and its length or None.

    Returns:
        Totals that add up, with the tars that could not be read.

    Raises:
        ConfigError: there is no photo index.
        StoreError: a photo could not be written.
    """
    index = find_index(download.dataset.mirror)
    if index is None:
        text = (
            "the tars name photos by id, and the ids are in the photo index; build it with `pico-banana photos index`"
        )
        raise ConfigError(text, key="photos.index")
    options = download.options
    transport = Transport(
        hosts=hosts_from_environment() if options.hosts is None else options.hosts, timeout_s=options.timeout_s
    )
    return take_from_tars(
        tars or [_https(tar) for tar in facts()["open_images"]["tars"]],
        _wanted(download, index),
        transport=transport,
        ledger=Ledger(report_path(download.root, "tars")),
        done_with=download.root / _DONE_WITH,
        restarts=Restarts(download.root / _RESTARTS),
        progress=progress,
    )


def _wanted(download: Download, index: PhotoIndex) -> dict[str, FetchItem]:
    maker = ItemMaker(download.dataset.mirror, SourceChain(()))
    addresses = map(parse_address, needed_pictures(download.dataset, ("source",)))
    wanted: dict[str, FetchItem] = {}
    while batch := list(islice(addresses, _BATCH)):
        ids = index.image_ids([address.source_url for address in batch])
        wanted |= {image_id: maker.item(address) for image_id, address in zip(ids, batch, strict=True) if image_id}
    return wanted


def _https(tar: str) -> str:
    """Turn an address of the public bucket into its HTTPS form, which needs no client of a vendor."""
    bucket, _, key = tar.removeprefix("s3://").partition("/")
    return f"https://{bucket}.s3.amazonaws.com/{key}" if tar.startswith("s3://") else tar
