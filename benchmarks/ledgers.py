"""A ledger as a run with models leaves it, filled directly: for timing what reads a million attempts."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING

from pico_banana.regenerate.ledger.entries import call_rows, reply_row
from pico_banana.regenerate.ledger.journal import connect
from pico_banana.regenerate.prompts import prompt
from pico_banana.regenerate.results.derive import checks_id
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.settings.makers import who
from pico_banana.regenerate.settings.policy import CRITERIA
from pico_banana.regenerate.values import Outcome, Reply, Stage, Usage
from pico_banana.taxonomy import edit_types

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

PROMPTS = {Stage.WRITE: "write_v1", Stage.SHORTEN: "shorten_v1", Stage.EDIT: "edit_v1", Stage.JUDGE: "judge_v2"}
PLACES_OF = ("edit_type", "definition", "history", "turn", "guidance", "instruction", "rubric", "findings")
MODELS = {
    Stage.WRITE: "gemini-3.5-flash-lite", Stage.SHORTEN: "gemini-3.5-flash-lite", Stage.EDIT: "gemini-3.1-flash-image",
    Stage.JUDGE: "gemini-3.8-flash",
}  # fmt: skip
KINDS = tuple(str(kind) for kind in edit_types())
THINGS = ("red kite", "old bicycle", "stone bridge", "tall glass", "brown dog", "paper lamp", "garden chair")


def fill(path: Path, attempts: int, until: float) -> bool:
    """Fill a ledger as a run with models would, with prompts and replies of their usual length; go on where it ended.

    Returns whether it is full.
    """
    database = connect(path)
    database.execute("PRAGMA synchronous = OFF")
    maker = Filler(database)
    items = attempts * 3 // 4
    while maker.item < items and time.monotonic() < until:
        database.execute("BEGIN")
        for _ in range(min(10_000, items - maker.item)):
            maker.add_item()
        database.execute("COMMIT")
    database.close()
    return maker.item >= items


class Filler:
    """Adds items with their calls, attempts and verdicts to a ledger."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self.item = database.execute("SELECT coalesce(max(id), 0) FROM items").fetchone()[0]
        self.number = database.execute("SELECT coalesce(max(opened), 0) FROM calls").fetchone()[0]
        self.rng = random.Random(self.item)
        self.samples = dict(map(tuple, database.execute("SELECT id, sample FROM makers")))
        self.pool: dict[Stage, list[dict]] = {stage: [] for stage in Stage}  # packed texts: zlib is not what is timed
        self.fixed = config_from({})
        self.prompts = {
            stage: prompt(name).fill(dict.fromkeys(PLACES_OF, "an odd thing")) for stage, name in PROMPTS.items()
        }

    def add(self, table: str, row: dict) -> None:
        marks = ", ".join("?" * len(row))
        self.database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def call(self, stage: Stage, attempt: int, text: str) -> tuple[int, int]:
        self.number += 1
        pool = self.pool[stage]
        made = pool[self.number % 64] if len(pool) == 64 else self._told(stage, text)
        key, usd = self.rng.randbytes(32), round(self.rng.uniform(0.001, 0.01), 6)
        self.add("calls", {
            **made, "opened": self.number, "key": key, "item": self.item, "attempt": attempt, "usd": usd,
            "picture": self.rng.randbytes(32).hex() if stage is Stage.EDIT else None,
        })  # fmt: skip
        return self.number, made["maker"]

    def _told(self, stage: Stage, text: str) -> dict:
        rng = self.rng
        raw = {
            "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "finish_reason": "STOP"}],
            "model_version": MODELS[stage], "response_id": f"{rng.getrandbits(128):032x}",
            "usage_metadata": {"prompt_token_count": 2700, "candidates_token_count": rng.randint(100, 400)},
        }  # fmt: skip
        asked = {
            "text": f"{self.prompts[stage]} {self.item}",
            "seed": rng.getrandbits(31),
            "photo": rng.randbytes(32).hex(),
        }
        reply = Reply(Outcome.OK, text, None, Usage(2700, 260), "STOP", MODELS[stage], "single", json.dumps(raw))
        row = {
            "opened": 0, "key": "", "usd": 0.004, "seconds": 3.0, "stage": str(stage), "item": 0, "turn": 1,
            "attempt": 0, "backend": "procedural", "model": "", "prompt": str(stage), "parameters": "{}",
            "inputs": json.dumps(asked), **reply_row(reply), "at": 0.0,
        }  # fmt: skip
        maker, made = call_rows(row, self.samples)
        if maker is not None:
            self.add("makers", maker)
        self.pool[stage].append(made)
        return made

    def add_item(self) -> None:
        self.item += 1
        item, rng = self.item, self.rng
        url = f"https://photos.invalid/{item}.jpg"
        self.add(
            "photos",
            {"id": item, "url": url, "locator": f"/photos/{item}.jpg", "known": 0, "objects": "[]", "tags": "[]"},
        )
        self.add(
            "items", {"id": item, "photo": item, "edit_types": json.dumps([KINDS[item % len(KINDS)]]), "seed": item}
        )
        text = f"Zoom in on the {rng.choice(THINGS)} beside the {rng.choice(THINGS)} until it fills most of the frame."
        written, _ = self.call(Stage.WRITE, 0, json.dumps({"suitable": True, "why": "", "prompts": [text]}))
        self.call(Stage.SHORTEN, 0, "Zoom in.")
        self.add("instructions", {
            "item": item, "turn": 1, "base": 0, "call": written, "shortener": who(Stage.SHORTEN, self.fixed.shortener),
            "writer": who(Stage.WRITE, self.fixed.writer), "text": text, "short": "Zoom in.", "recipe": "{}",
            "outcome": "ok", "reason": "",
        })  # fmt: skip
        for attempt in range(1, 3 if item % 3 == 0 else 2):
            self.add_attempt(attempt, written, low=attempt == 1 and item % 3 == 0)

    def add_attempt(self, attempt: int, written: int, *, low: bool) -> None:
        rng, item = self.rng, self.item
        edited, _ = self.call(Stage.EDIT, attempt, "")
        level = (1, 2, 3) if low else (4, 5)
        scores = {name: rng.choice(level) / 5 for name in CRITERIA}
        why = {
            name: f"The {rng.choice(THINGS)} is {rng.choice(('as asked', 'a little soft', 'kept as it was'))}."
            for name in CRITERIA
        }
        listed = "; ".join(f"the {rng.choice(THINGS)} is {rng.choice(('larger', 'gone', 'moved'))}" for _ in range(4))
        said = {"differences": listed, **{name: {"reason": why[name], "level": scores[name] * 5} for name in CRITERIA}}
        judged, maker = self.call(Stage.JUDGE, attempt, json.dumps(said))
        self.add("attempts", {
            "item": item, "turn": 1, "written": written, "attempt": attempt, "call": edited,
            "editor": who(Stage.EDIT, self.fixed.editor), "outcome": "made", "reason": "",
            "edited": rng.randbytes(32).hex(), "media_type": "image/png", "checks": checks_id(self.fixed.checks),
            "input_width": 1024, "input_height": 768, "edited_width": 1184, "edited_height": 864, "changed": 0.31,
            "findings": "{}", "at": 0.0,
        })  # fmt: skip
        self.add("verdicts", {
            "item": item, "turn": 1, "call": edited, "judged_by": judged, "judge": who(Stage.JUDGE, self.fixed.judge),
            "maker": maker, "role": "judge", "outcome": "ok", "reason": "", "scores": json.dumps(scores),
            "reasons": json.dumps({**why, "differences": listed}),
        })  # fmt: skip
        self.add("finished", {"item": item, "digest": self.fixed.digest(), "at": 0.0}) if not low else None
