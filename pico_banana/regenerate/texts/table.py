"""The sidecar of texts made anew: one row for each row or turn that was asked about, with where its text comes from."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, StoreError
from pico_banana.regenerate.plan.items import OF_TEXTS, fact_of
from pico_banana.regenerate.texts.telling import ACCEPTED
from pico_banana.regenerate.texts.writing import RULE
from pico_banana.rows.sidecar import read_annotations

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    import pyarrow as pa

    from pico_banana.regenerate.ledger.book import Ledger

# Of the attempts of a question the latest accepted one counts, else the latest.
_QUERY = """
SELECT asked.name, asked.item, questions.content, t.*, wm.prompt, wm.model, wm.backend, w.answered_by,
  w.at AS written_at,
  jm.prompt AS judge_prompt, jm.model AS judge_model, j.answered_by AS judged_by_model, j.at AS judged_at,
  (SELECT text FROM failures f WHERE f.item = asked.item ORDER BY f.id DESC LIMIT 1) AS failure
FROM asked JOIN questions ON questions.item = asked.item
LEFT JOIN tellings t ON t.id = (
  SELECT id FROM tellings x WHERE x.item = asked.item ORDER BY x.outcome = 'accepted' DESC, x.id DESC LIMIT 1
)
LEFT JOIN calls w ON w.opened = t.call LEFT JOIN makers wm ON wm.id = w.maker
LEFT JOIN calls j ON j.opened = t.judged_by LEFT JOIN makers jm ON jm.id = j.maker
ORDER BY asked.item, asked.name
"""
_TURN = "#turn"


def texts_schema() -> pa.Schema:
    """Give the columns of a sidecar of texts.

    Returns:
        `id` (with `#turn2` for a turn) and `turn`; `wording`, `language`, `text`; `of` and `replaces`, which text of
        the row it takes the place of and its SHA-256; `level` and `second_level`, 0 to 5, and `reason` of the judges;
        `model`, `prompt`, `judge`, `judge_prompt`, `at`, `usd` (shared among rows with the same question); `problem`,
        why there is no text.
    """
    import pyarrow as pa

    texts = ("wording", "language", "text", "of", "replaces")
    told = ("model", "prompt", "judge", "judge_prompt")
    return pa.schema(
        [
            ("id", pa.string()),
            ("turn", pa.int8()),
            *((name, pa.string()) for name in texts),
            ("level", pa.int8()),
            ("second_level", pa.int8()),
            ("reason", pa.string()),
            *((name, pa.string()) for name in told),
            ("at", pa.timestamp("ms", "UTC")),
            ("usd", pa.float64()),
            ("problem", pa.string()),
        ]
    )


def texts_table(ledger: Ledger) -> pa.Table:
    """Give the texts of a ledger as annotations.

    Args:
        ledger: of `make_texts`, open for reading.

    Returns:
        The columns of `texts_schema`.

    Raises:
        StoreError: the ledger is of something else.
    """
    import pyarrow as pa

    if fact_of(ledger, OF_TEXTS) is None:
        text = f"{ledger.folder} is no ledger of texts; `pico-banana texts` makes one"
        raise StoreError(text, path=str(ledger.folder))
    shares = _usd_by_item(ledger)
    rows = [_row(row, shares.get(row["item"], 0.0)) for row in ledger.database.execute(_QUERY)]
    return pa.Table.from_pylist(rows, schema=texts_schema())


def require_ours(file: Path) -> None:
    """Refuse to write over a file that is no sidecar of texts.

    Args:
        file: where a sidecar goes.

    Raises:
        ConfigError: there is another file.
    """
    if not file.exists():
        return
    names = set(read_annotations(file).column_names)
    if missing := [name for name in texts_schema().names if name not in names]:
        text = f"{file} is no sidecar of texts (it has no {', '.join(missing)}); name another file"
        raise ConfigError(text, key="out")


def _usd_by_item(ledger: Ledger) -> dict[int, float]:
    names = dict(map(tuple, ledger.database.execute("SELECT item, count(*) FROM asked GROUP BY item")))
    spent = ledger.database.execute("SELECT item, sum(usd) FROM calls GROUP BY item")
    return {item: usd / names[item] for item, usd in spent if item in names}


def _row(row: sqlite3.Row, usd: float) -> dict[str, Any]:
    question = json.loads(row["content"])
    told = row["outcome"] == ACCEPTED
    name = str(row["name"])
    at = row["judged_at"] or row["written_at"]
    return {
        "id": name,
        "turn": int(name.rpartition(_TURN)[2]) if _TURN in name else None,
        "wording": question["wording"],
        "language": question["language"] or None,
        "text": row["text"] if told else None,
        "of": question["of"],
        "replaces": question["replaces"],
        "level": row["level"],
        "second_level": row["second_level"],
        "reason": row["reason"] or None,
        "model": row["answered_by"] or row["model"] or row["backend"],
        "prompt": RULE if told and not row["call"] else row["prompt"],
        "judge": row["judged_by_model"] or row["judge_model"],
        "judge_prompt": row["judge_prompt"],
        "at": dt.datetime.fromtimestamp(at, dt.UTC) if at else None,
        "usd": usd,
        "problem": None if told else _problem(row),
    }


def _problem(row: sqlite3.Row) -> str:
    if row["outcome"]:
        return f"{row['outcome']}: {row['reason']}"
    return f"failed: {row['failure']}" if row["failure"] else "not asked yet"
