"""Asking until a reply can be read, and no longer: what every stage that reads replies shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pico_banana.errors import ModelReplyError
from pico_banana.regenerate.values import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.regenerate.work.calls import Call
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.scene import Scene

ASKS = 2  # a reply that cannot be read is asked for once more, never guessed

ValueT = TypeVar("ValueT")


class Unreadable(Exception):  # noqa: N818 - carries an outcome between stages, never leaves the turn
    """A stage ended without a usable answer.

    Attributes:
        outcome: how the last call ended.
        reason: in the service's words, or what was wrong with the reply.
        call: the last call's number.
    """

    def __init__(self, outcome: Outcome, reason: str, call: int = 0) -> None:
        """Carry all."""
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.call = call


async def ask(desk: Desk, call: Callable[[int], Call], parse: Callable[[str], ValueT]) -> tuple[ValueT, int]:
    """Ask a question until its reply can be read; a refusal is not asked again, a reply that cannot be read is, once.

    Args:
        desk: where calls go over.
        call: gives the question of an ask, from 1.
        parse: reads a reply; raises ModelReplyError for one that cannot be read, Unreadable for one that declines.

    Returns:
        What was read, and the number of the call.

    Raises:
        Unreadable: nothing usable came.
    """
    problem = Unreadable(Outcome.MALFORMED, "")
    for number in range(1, ASKS + 1):
        reply = await desk.ask(call(number))
        if reply.outcome in (Outcome.REFUSED, Outcome.DECLINED):
            raise Unreadable(reply.outcome, reply.reason, reply.call)
        if reply.outcome is not Outcome.OK:
            problem = Unreadable(reply.outcome, reply.reason, reply.call)
            continue
        try:
            return parse(reply.text), reply.call
        except ModelReplyError as error:
            problem = Unreadable(Outcome.MALFORMED, str(error), reply.call)
        except Unreadable as declined:  # the reply itself says that it cannot be done
            declined.call = reply.call
            raise
    raise problem


def facts(scene: Scene) -> dict[str, str]:
    """Give what every prompt of a turn may be filled with.

    Args:
        scene: the turn.

    Returns:
        Place to text.
    """
    history = "\n".join(f"{number}. {text}" for number, text in enumerate(scene.history, start=1))
    kind = scene.edit_type
    return {"edit_type": kind.label, "definition": kind.definition, "history": history, "turn": str(scene.turn)}
