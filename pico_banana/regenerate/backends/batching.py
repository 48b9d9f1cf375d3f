"""What a backend needs for batches: a file of requests goes in, a file of answers comes out, in any order, by key.

Both services that have batches work alike: a file is uploaded, a job is made of it, the job is looked at until it has
ended, its files are read. A job carries a name of ours, so that after a crash it is found in the service's list before
anything is sent a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pico_banana.regenerate.backends.asked import Asked
    from pico_banana.regenerate.values import Reply


@dataclass(frozen=True, slots=True)
class Looked:
    """How a job is.

    Attributes:
        ended: whether nothing more will come.
        files: the service's names of the files with what came, also of a job that expired or was cancelled.
        why: in the service's word: "JOB_STATE_EXPIRED", "cancelled"; for messages.
        is_paid: whether what no answer came for may have been paid all the same.
    """

    ended: bool
    files: tuple[str, ...] = ()
    why: str = ""
    is_paid: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file of answers.

    Attributes:
        key: of the request.
        answer: the service's answer as JSON values; None where it failed or was never begun.
        why: what went wrong, in the service's words.
        refusal: whether the service refused the request itself, which asking again would not change.
    """

    key: str
    answer: Mapping[str, object] | None
    why: str = ""
    refusal: bool = False


@runtime_checkable
class Batching(Protocol):
    """The batches of one model at one service. Errors are ours, as those of `Service.ask`."""

    def request(self, key: str, asked: Asked) -> bytes:
        """Write one request as a line of a file."""

    async def submit(self, name: str, file: Path, *, picture: bool) -> str:
        """Upload a file of requests, make a job of it under our name, and give the service's name of the job."""

    async def find(self, name: str) -> str:
        """Look our name up in the service's list; empty when there is no such job."""

    async def look(self, job: str) -> Looked:
        """See how a job is."""

    async def read(self, file: str) -> bytes:
        """Read a file of answers."""

    async def cancel(self, job: str) -> None:
        """Ask the service to stop a job; what it has done until then may still come."""

    def line(self, data: bytes) -> Line:
        """Read one line of a file of answers."""

    def reply(self, line: Line, *, picture: bool) -> Reply:
        """Make a reply of an answer."""
