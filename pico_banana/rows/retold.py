"""Texts made anew, read from the sidecars that `pico-banana texts` writes, or from tables of one's own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.records.wording import MADE_ANEW, Texts, Told
from pico_banana.rows.sidecar import ID, read_annotations

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from pico_banana.rows.sidecar import Annotations


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
    names = [texts.name]
    for source in sources:
        table = read_annotations(source)
        columns = _columns(table, source)
        wordings = columns.pop(1)
        for identity, wording, text, of, replaces in zip(columns[0], wordings, *columns[1:], strict=True):
            if wording not in MADE_ANEW:
                raise ConfigError(f"{_named(source)}: {identity} has the wording {wording!r}; {_RIGHT}", key="texts")
            if text:
                told.setdefault(wording, {})[identity] = Told(text, of or "", replaces)
        names.append(_digest(columns, wordings))
    return Texts(told, hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]) if len(names) > 1 else texts


_RIGHT = f"texts have a column `wording` that says {', '.join(MADE_ANEW[:-1])} or {MADE_ANEW[-1]}"


def _columns(table: pa.Table, source: object) -> list[list[str]]:
    missing = [name for name in ("wording", "text") if name not in table.column_names]
    if missing:
        text = f"{_named(source)} has no column {' nor '.join(missing)}; {_RIGHT}, and a column `text`"
        raise ConfigError(text, key="texts")
    needed = [table[name].to_pylist() for name in (ID, "wording", "text")]
    return needed + [
        table[name].to_pylist() if name in table.column_names else [None] * len(table) for name in ("of", "replaces")
    ]


def _digest(columns: list[list[str]], wordings: list[str]) -> str:
    digest = hashlib.sha256()
    for row in zip(wordings, *columns, strict=True):
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _named(source: object) -> str:
    return str(source) if isinstance(source, str) or hasattr(source, "__fspath__") else "the table of texts"


def listed(sources: Annotations | Iterable[Annotations] | None) -> tuple[Annotations, ...]:
    """Take one sidecar or several.

    Args:
        sources: a file or table, a list or tuple of such, or None.

    Returns:
        All of them.
    """
    if sources is None:
        return ()
    return tuple(sources) if isinstance(sources, (list, tuple)) else (sources,)
