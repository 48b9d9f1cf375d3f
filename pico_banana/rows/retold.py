"""Texts made anew, read from the sidecars that `pico-banana texts` writes, or from tables of one's own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.records.wording import MADE_ANEW, Texts, Told
from pico_banana.rows.foreign import named_source
from pico_banana.rows.sidecar import ID, read_annotations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.rows.foreign import Annotations

_TABLE = "the table of texts"
_NEEDED, _TELLING = ("wording", "text"), ("of", "replaces")
_RIGHT = f"texts have a column `wording` that says {', '.join(MADE_ANEW[:-1])} or {MADE_ANEW[-1]}"


def with_texts(texts: Texts, sources: Iterable[Annotations]) -> Texts:
    """Add texts made anew to others.

    Args:
        texts: those that are there already.
        sources: sidecars with the columns `id`, `wording` ("repaired", "recaptioned" or "translated") and `text`; also
            `of` and `replaces`, which say what each takes the place of. A later one goes before an earlier one.

    Returns:
        All of them; a row without a text says why in the sidecar, and has none here.

    Raises:
        ConfigError: a source is no table of such texts.
    """
    told: dict[str, dict[str, Told]] = {wording: dict(found) for wording, found in texts.told.items()}
    digest = hashlib.sha256(texts.name.encode())
    for source in sources:
        for row in _rows(source):
            if row["wording"] not in MADE_ANEW:
                text = f"{named_source(source, _TABLE)}: {row[ID]} has the wording {row['wording']!r}; {_RIGHT}"
                raise ConfigError(text, key="texts")
            if row["text"]:
                one = Told(row["text"], row.get("of") or "", row.get("replaces"))
                told.setdefault(row["wording"], {})[row[ID]] = one
                digest.update(repr((row[ID], row["wording"], one)).encode("utf-8", "surrogatepass"))
    return Texts(told, digest.hexdigest()[:16]) if told else texts


def _rows(source: Annotations) -> list[dict[str, Any]]:
    table = read_annotations(source)
    if missing := [name for name in _NEEDED if name not in table.column_names]:
        text = f"{named_source(source, _TABLE)} has no column {' nor '.join(missing)}; {_RIGHT}, and a column `text`"
        raise ConfigError(text, key="texts")
    found: list[dict[str, Any]] = table.select(
        [name for name in (ID, *_NEEDED, *_TELLING) if name in table.column_names]
    ).to_pylist()
    return found
