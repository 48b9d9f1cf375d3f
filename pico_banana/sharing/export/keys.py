"""File names for examples: readable where the id is an ordinary one, and never one name for two examples.

Two names must also differ where a file system takes `A` for `a`. Ids of ordinary letters are spelled with dashes for
their separators; any other id keeps its plain letters and gets a hash of the whole.
"""

from __future__ import annotations

import re
from hashlib import blake2s

# A word is in lower case; of those with capitals only the release's own `attemptA` is taken, and then not `attempta`.
_WORD = r"(?:(?!attempt[a-z](?![a-z0-9]))[a-z0-9]+|attempt[A-Z])"
_SEGMENT = rf"{_WORD}(?:[-_]{_WORD})*"
_ORDINARY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*(?:#{_SEGMENT})?")
_LONGEST = 100  # with a role and an ending below the 255 bytes of a file name
_KEPT, _HASH_BYTES = 40, 16


def key_of(row: str, part: str = "") -> str:
    """Make the name of an example's files.

    Args:
        row: the row's id, whatever it holds.
        part: what tells the examples of one row apart, such as "turn2"; a plain word.

    Returns:
        Letters, digits, dashes and underscores; another one for every pair of row and part.
    """
    name = f"{row}#{part}" if part else row
    # An ordinary segment has no two dashes in a row, so what the dashes stand for can be told again.
    if len(name) <= _LONGEST and "#" not in row and _ORDINARY.fullmatch(name):
        return name.replace("/", "--").replace("#", "---")
    kept = re.sub(r"[^a-z0-9]+", "-", name.lower())[:_KEPT].strip("-")
    digest = blake2s(f"{row}\0{part}".encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).hexdigest()
    return f"{kept or 'x'}----{digest}"
