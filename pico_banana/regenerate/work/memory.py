"""What the ledger remembers of an item for those who walk it: instructions, attempts, verdicts."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from pico_banana.regenerate.results.derive import wanted
from pico_banana.regenerate.settings.jury import Said
from pico_banana.regenerate.values import Instruction, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.work.scene import Scene

_LASTING = (Outcome.OK, Outcome.REFUSED, Outcome.DECLINED)  # another ending may be mended by another limit


class Written(NamedTuple):
    """An instruction of the configured writer.

    Attributes:
        instruction: the instruction.
        call: the call that wrote it.
        outcome: how that ended.
        shortener: whether the configured shortener was asked already.
    """

    instruction: Instruction
    call: int
    outcome: Outcome
    shortener: bool


class Tried(NamedTuple):
    """An attempt of the configured editor.

    Attributes:
        call: the edit call.
        outcome: see `walk.Made`.
        reason: see there.
        edited: the picture's hash, or None.
        checks: which checks it went through.
    """

    call: int
    outcome: str
    reason: str
    edited: str | None
    checks: int


class Memory:
    """Looks things up in a ledger.

    Args:
        ledger: the ledger.
        config: says who is current.

    Attributes:
        jury: picks the verdicts that count.
    """

    def __init__(self, ledger: Ledger, config: Config) -> None:
        """Look up who is meant."""
        self._database = ledger.database
        self._meant = wanted(ledger, config.policy, config)
        self.jury = self._meant.jury
        self._variety = config.variety
        self._written: dict[str, deque[str]] = {}

    def written_before(self, scene: Scene) -> Sequence[str]:
        """Give what was asked for the type of a turn, of other items.

        Args:
            scene: the turn.

        Returns:
            The latest instructions, the newest last; it grows as more are written. None where nobody looks.
        """
        kind = str(scene.edit_type)
        if not self._variety.similar:
            return ()
        if kind not in self._written:
            rows = self._database.execute(
                "SELECT w.text FROM items i JOIN instructions w ON w.item = i.id AND w.turn = 1 WHERE i.edit_types = ? "
                "AND i.id != ? AND w.outcome = 'ok' ORDER BY i.id DESC LIMIT ?",
                (json.dumps([kind]), scene.item.id, self._variety.among),
            ).fetchall()
            self._written[kind] = deque((row[0] for row in reversed(rows)), maxlen=self._variety.among)
        return self._written[kind]

    def add_written(self, scene: Scene, text: str) -> None:
        """Remember what was asked.

        Args:
            scene: the turn.
            text: the instruction.
        """
        if str(scene.edit_type) in self._written:
            self._written[str(scene.edit_type)].append(text)

    def instruction(self, scene: Scene, base: int) -> Written | None:
        """Find the instruction of a turn.

        Args:
            scene: the turn.
            base: the edit call it stands on, 0 for the photo.

        Returns:
            What the configured writer wrote, the newest, or None.
        """
        row = self._database.execute(
            "SELECT text, short, recipe, call, outcome, shortener = ? FROM instructions "
            "WHERE item = ? AND turn = ? AND base = ? AND writer = ? ORDER BY shortener = ? DESC, call DESC LIMIT 1",
            (self._meant.shortener, scene.item.id, scene.turn, base, self._meant.writer, self._meant.shortener),
        ).fetchone()
        if row is None or row["outcome"] not in _LASTING:
            return None
        instruction = Instruction(row["text"], row["short"], json.loads(row["recipe"]))
        return Written(instruction, row["call"], Outcome(row["outcome"]), bool(row[5]) or row["outcome"] != "ok")

    def attempt(self, scene: Scene, written: int, number: int) -> Tried | None:
        """Find an attempt.

        Args:
            scene: the turn.
            written: the call that wrote the instruction.
            number: of the attempt, from 1.

        Returns:
            That of the configured editor, or None.
        """
        row = self._database.execute(
            "SELECT call, outcome, reason, edited, checks FROM attempts WHERE item = ? AND turn = ? AND written = ? "
            "AND attempt = ? AND editor = ? ORDER BY call DESC LIMIT 1",
            (scene.item.id, scene.turn, written, number, self._meant.editor),
        ).fetchone()
        return None if row is None else Tried(*row)

    def said(self, scene: Scene, call: int) -> tuple[Said, ...]:
        """Give all that was said of a picture.

        Args:
            scene: the turn.
            call: the edit call.

        Returns:
            What judges said, by call.
        """
        rows = self._database.execute(
            f"SELECT {', '.join(Said._fields)} FROM verdicts WHERE item = ? AND turn = ? AND call = ? "  # noqa: S608 - ours
            "ORDER BY judged_by",
            (scene.item.id, scene.turn, call),
        )
        return tuple(Said(*row) for row in rows)
