"""What comes of a ledger under a policy: attempts, turns, items, and how they ended.

The results are named tuples, not dataclasses: a ledger has a million attempts, and a tuple is made in a fifth of the
time.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pico_banana.regenerate.settings.jury import Said
    from pico_banana.regenerate.settings.policy import Policy, Verdict


class End(StrEnum):
    """How a turn ended."""

    ACCEPTED = "accepted"
    DISCARDED = "discarded"  # every attempt was made, none accepted
    REFUSED = "refused"  # the writer or editor refused
    DECLINED = "declined"  # the writer or editor cannot do this here
    UNWRITTEN = "unwritten"  # no readable instruction came
    UNJUDGED = "unjudged"  # a picture is there that nobody whose verdict counts could judge
    OPEN = "open"  # more attempts may be made


class Attempt(NamedTuple):
    """One attempt as the ledger has it, with the policy's score.

    Attributes:
        attempt: from 1.
        outcome: "scored", "unjudged", "check_failed", or the outcome of the edit call.
        reason: in the service's words, or which check failed.
        edited_sha: the picture, or None.
        media_type: of the picture.
        call: the number of the edit call in the ledger.
        sizes: input width, height, edited width, height, pixels; None where not measured.
        changed: share of pixels that differ, or None.
        said: the verdicts that count, as they were given.
        first: the first judge's verdict.
        second: the second judge's.
        score: under the policy, or None when unscored.
        accepted: under the policy.
        why: the policy's reason.
        settled: nothing is left to be asked about it under the configuration.
    """

    attempt: int
    outcome: str
    reason: str
    edited_sha: str | None
    media_type: str
    call: int
    sizes: tuple[int | None, int | None, int | None, int | None]
    changed: float | None
    said: tuple[Said, ...]
    first: Verdict | None
    second: Verdict | None
    score: float | None
    accepted: bool
    why: str
    settled: bool = True


class TurnResult(NamedTuple):
    """One turn under a policy.

    Attributes:
        turn: from 1.
        edit_type: the slug.
        instruction: the long instruction.
        short: the short one, or empty.
        input_sha: the picture it started from; empty for the photo.
        end: how it ended.
        reason: why, for ends without attempts.
        attempts: all that count, up to the accepted one.
        negatives: those of them that are fit to be rejected pictures.
        settled: it was made as the configuration says, and nothing about it is left to be asked.
    """

    turn: int
    edit_type: str
    instruction: str
    short: str
    input_sha: str
    end: End
    reason: str = ""
    attempts: tuple[Attempt, ...] = ()
    negatives: tuple[Attempt, ...] = ()
    settled: bool = True

    @property
    def accepted(self) -> Attempt | None:
        """The accepted attempt, or None."""
        return self.attempts[-1] if self.end is End.ACCEPTED else None


class ItemResult(NamedTuple):
    """One item under a policy.

    Attributes:
        item: its id.
        url: the photo's address.
        locator: where the photo's bytes are.
        planned: the edit types of its turns.
        turns: the turns that were begun, in order; the last one may have failed.
    """

    item: int
    url: str
    locator: str
    planned: tuple[str, ...]
    turns: tuple[TurnResult, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be asked about it."""
        whole = bool(self.turns) and all(turn.settled for turn in self.turns)
        return whole and (self.turns[-1].accepted is None or len(self.turns) == len(self.planned))

    def session(self, policy: Policy) -> tuple[TurnResult, ...]:
        """Give the turns that make a session.

        Args:
            policy: says whether a failed turn truncates the session or drops it.

        Returns:
            2 to 5 accepted turns, or none.
        """
        if len(self.turns) <= 1:
            return ()
        done = tuple(turn for turn in self.turns if turn.accepted is not None)
        whole = len(done) == len(self.planned) or policy.on_failed_turn == "truncate"
        return done if len(done) > 1 and whole else ()
