"""What may be published, and under which words.

The release is under CC BY-NC-ND 4.0: it may be shared whole and unchanged, for non-commercial purposes, with
attribution. Another file format is no change (section 2(a)(4) of the licence); a part of it, smaller pictures, other
texts are. Data of one's own making is one's own to license. An engineer's reading, not legal advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, LicenceError, unknown_name
from pico_banana.mirrors.addresses import RELEASE
from pico_banana.mirrors.catalog import SAMPLE
from pico_banana.sharing.hub.licence_ids import LICENCE_IDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.rows.sequence import RecordSequence

RELEASE_LICENCES = ("cc-by-nc-nd-4.0", "cc-by-2.0")
# What `pico_banana.regenerate` leaves beside the rows it made; a mirror that has it is somebody's own work.
OWN_MARK = "annotations/regenerate.jsonl"


class Origin(StrEnum):
    """Whose data it is."""

    RELEASE = "release"  # the published data, or a copy of it
    OWN = "own"  # made by the publisher: regenerated, or the embedded sample


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which words something is published.

    Attributes:
        origin: whose data it is.
        licences: the Hub's identifiers, that of the rows and edits first.
        changes: in what the publication differs from the release; empty for a verbatim one.
    """

    origin: Origin
    licences: tuple[str, ...]
    changes: tuple[str, ...]


def origin_of(mirror: Mirror, *, declared_own: bool = False) -> Origin:
    """Say whose data a mirror holds.

    Args:
        mirror: any mirror.
        declared_own: the publisher says it is their own work.

    Returns:
        `OWN` where it is declared so, for the embedded sample and for what `pico_banana.regenerate` assembled;
        `RELEASE` for all else, since a folder or address may well be a copy of the release.

    Raises:
        ConfigError: the release itself was declared to be one's own.
    """
    if declared_own and mirror.name == RELEASE:
        raise ConfigError("--own is for data of your own making; this is the release itself", key="own")
    own = declared_own or mirror.name == SAMPLE or (mirror.folder is not None and (mirror.folder / OWN_MARK).is_file())
    return Origin.OWN if own else Origin.RELEASE


def changes_of(datasets: Iterable[RecordSequence[Any]]) -> tuple[str, ...]:
    """List in what rows differ from the files they come from.

    Args:
        datasets: what is to be published.

    Returns:
        One phrase for each difference. Another order is none, nor are lines that are no rows: the rows file is
        published with them in it.
    """
    return tuple(
        f"{dataset.subset.value}: {len(set(dataset.rows.tolist())):,} of {len(dataset.table):,} rows"
        for dataset in datasets
        if len(set(dataset.rows.tolist())) != len(dataset.table)
    )


def agreed_terms(
    origin: Origin, changes: tuple[str, ...], *, licence: str | None = None, permission: bool = False
) -> Terms:
    """Decide whether something may be published, and under which licence.

    Args:
        origin: whose data it is.
        changes: in what it differs from the release.
        licence: the Hub's identifier of the licence the publisher chose; needed for one's own data, and only then.
        permission: the publisher says that the rights holder allowed it.

    Returns:
        The terms.

    Raises:
        LicenceError: a changed copy of the release, without permission.
        ConfigError: a licence was chosen for the release, or none for one's own data.
        UnknownNameError: the Hub knows no such licence.
    """
    if origin is Origin.OWN:
        return Terms(origin, (_own_licence(licence),), ())
    if licence is not None:
        text = (
            f"the release is under {RELEASE_LICENCES[0]}; no other licence can be given to a copy of it. "
            "Leave --licence out, or say --own when the pictures and texts of this mirror are your own work"
        )
        raise ConfigError(text, key="licence")
    if changes and not permission:
        raise LicenceError(_refusal(changes))
    return Terms(origin, RELEASE_LICENCES, changes)


def _own_licence(licence: str | None) -> str:
    if licence is None:
        text = "your own data needs a licence of your choice: say --licence ID, such as --licence cc-by-4.0"
        raise ConfigError(text, key="licence")
    if licence not in LICENCE_IDS:
        see = "https://huggingface.co/docs/hub/repositories-licenses, or say other and put its text into a file LICENSE"
        raise unknown_name("licence", licence, sorted(LICENCE_IDS), see=see)
    return licence


def _refusal(changes: tuple[str, ...]) -> str:
    return (
        f"this would publish a changed copy of the release ({'; '.join(changes)}). Its licence, CC BY-NC-ND 4.0, lets "
        "you share it whole and unchanged, non-commercially and with attribution, but no adapted version: a part of "
        "the rows, resized or re-encoded pictures, other texts. Without asking anybody you may publish every row "
        "(leave the filters out), use a changed copy yourself (pico-banana export), and share annotations of your own "
        "by row id (--sidecar FILE). If the rights holder allowed this, say --i-have-permission"
    )
