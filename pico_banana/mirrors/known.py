"""The mirrors a store has met, by name, so that an address is understood in every process and session.

`picobanana://photos-1a2b3c4d/edited/…` names a mirror; `mirrors/photos-1a2b3c4d/mirror.json` says where its root is.
"""

from __future__ import annotations

import json

from pico_banana.errors import MirrorError
from pico_banana.mirrors.addresses import RELEASE
from pico_banana.mirrors.catalog import SAMPLE, Mirror, resolve_mirror, sample_mirror
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import area, write_atomic
from pico_banana.telling import redacted


def remember(mirror: Mirror) -> None:
    """Note a mirror's root in the store, so that its addresses can be opened later.

    Args:
        mirror: any mirror; the release and the sample need no note.

    Raises:
        StoreError: the store cannot be written.
    """
    if mirror.name in {RELEASE, SAMPLE}:
        return
    note = area(mirror.name) / "mirror.json"
    content = json.dumps({"root": mirror.root}).encode()
    if not note.is_file() or note.read_bytes() != content:
        write_atomic(note, content)
        if redacted(mirror.root) != mirror.root:
            note.chmod(0o600)  # the one place that must keep a password in an address: others processes open it later


def recall(name: str) -> Mirror:
    """Find a mirror by the name its addresses carry.

    Args:
        name: the name.

    Returns:
        The mirror.

    Raises:
        MirrorError: this store never met it.
    """
    if name == RELEASE:
        return resolve_mirror(RELEASE)
    if name == SAMPLE:
        return sample_mirror()
    note = area(name) / "mirror.json"
    try:
        return Mirror(name, str(read_note(note)["root"]))
    except (OSError, *ODD_SHAPE) as error:
        text = f"this store does not know the mirror {name!r}; load it once with pico_banana.load(..., mirror=ROOT)"
        raise MirrorError(text, mirror=name) from error
