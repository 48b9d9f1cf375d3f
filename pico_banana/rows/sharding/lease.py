"""Who is at a shard. Whoever works on one shows signs of life; a shard whose worker shows none is taken over.

A lease is a file that only one process can create. To take a shard over is to create the lease with the next number, so
of two that try one succeeds, and a worker that was only slow finds the higher number at its next sign of life, and
stops. Nobody deletes a lease.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from pico_banana.errors import ShardHeldError
from pico_banana.mirrors.store import is_alive
from pico_banana.rows.sharding.folder import this_process

if TYPE_CHECKING:
    from pico_banana.rows.sharding.folder import RunFolder
    from pico_banana.rows.sharding.shard import Shard

SIGN_EVERY_S = 20.0
PATIENCE_S = 180.0  # clocks of machines may differ by minutes, and a store may be slow for one
_WATCH_EVERY_S = 2.0


class Lease:
    """The right to work on a shard, from `with` to the end of its block.

    Args:
        folder: the folder of the work.
        shard: which shard.
        patience_s: seconds without a sign of life after which a worker counts as lost.
        sign_every_s: seconds between signs of life.
        waits: watch a worker that may be lost until it is plain; else it counts as alive.

    Attributes:
        number: of the lease, from 1; 0 before there is one.
        lost: whether another process took the shard over.
    """

    def __init__(
        self,
        folder: RunFolder,
        shard: Shard,
        *,
        patience_s: float = PATIENCE_S,
        sign_every_s: float = SIGN_EVERY_S,
        waits: bool = True,
    ) -> None:
        """Ask for nothing yet."""
        self._waits = waits
        self._folder, self._shard = folder, shard
        self._patience_s, self._every_s = patience_s, sign_every_s
        self.number = 0
        self._ended = threading.Event()
        self._signs = threading.Thread(target=self._show_signs, name=f"lease {shard}", daemon=True)
        self.lost = self._was_deaf = False

    def __enter__(self) -> Self:
        """Take the shard, from nobody or from a worker that is lost.

        One that may be lost is watched: it shows a sign of life, and has the shard, or its time runs out.

        Raises:
            ShardHeldError: another process is at it.
        """
        number = self._highest()
        first = holder = self._folder.read(self._name(number)) if number else None
        while holder is not None and first is not None and not self._is_over(holder):
            if not self._waits or self._is_here(holder) or holder.get("at") != first.get("at"):
                raise ShardHeldError(self._told(holder), path=self._folder.address)
            time.sleep(min(_WATCH_EVERY_S, self._patience_s / 4))
            holder = self._folder.read(self._name(number))
        if not self._folder.create(self._name(number + 1), self._sign()):
            raise ShardHeldError(f"another process took shard {self._shard} this moment", path=self._folder.address)
        self.number = number + 1
        self._hear_interrupts()
        self._signs.start()
        return self

    def _hear_interrupts(self) -> None:
        """Hear the interrupt of `_show_signs` also where a shell started this in the background, deaf to Ctrl-C."""
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._was_deaf = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Give the shard back.

        Raises:
            ShardHeldError: another process took it over, which stopped this one.
        """
        self._ended.set()
        self._signs.join()
        if self._was_deaf:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self.lost and isinstance(error, KeyboardInterrupt):
            raise self._taken() from error
        if not self.lost:
            self._folder.write(self._name(self.number), {**self._sign(), "over": True})

    def require(self) -> None:
        """Require that nobody took the shard over.

        Raises:
            ShardHeldError: somebody did.
        """
        if not self.lost:
            self.lost = self._there(self.number + 1)
        if self.lost:
            raise self._taken()

    def _taken(self) -> ShardHeldError:
        text = f"shard {self._shard} was taken over: this process showed no sign of life for {self._patience_s:g} s"
        return ShardHeldError(text, path=self._folder.address)

    def _show_signs(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                self.require()
                self._folder.write(self._name(self.number), self._sign())
            except ShardHeldError:
                os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C, which every command knows how to end at
                return
            except OSError:  # a store that is away for a while; if it is for long, another one takes over
                continue

    def _is_over(self, holder: dict[str, Any]) -> bool:
        if holder.get("over") or time.time() - float(holder.get("at", 0)) > self._patience_s:
            return True
        return self._is_here(holder) and not is_alive(_process(holder))

    def _is_here(self, holder: dict[str, Any]) -> bool:
        return (
            str(holder.get("by", "")).rpartition(":")[0] == this_process().rpartition(":")[0] and _process(holder) > 0
        )

    def _told(self, holder: dict[str, Any]) -> str:
        ago = max(0.0, time.time() - float(holder.get("at", 0)))
        return (
            f"shard {self._shard} is in work: {holder.get('by')} showed a sign of life {ago:.0f} s ago. Wait for it; "
            f"where it is gone, run this again {self._patience_s - ago:.0f} s from now"
        )

    def _sign(self) -> dict[str, Any]:
        return {"by": this_process(), "at": time.time()}

    def _highest(self) -> int:
        number = 0
        while self._there(number + 1):
            number += 1
        return number

    def _there(self, number: int) -> bool:
        self._folder.files.invalidate_cache()
        return bool(self._folder.files.exists(self._folder.path(self._name(number))))

    def _name(self, number: int) -> str:
        return f"{self._shard.name}.lease-{number}"


def _process(holder: dict[str, Any]) -> int:
    number = str(holder.get("by", "")).rpartition(":")[2]
    return int(number) if number.isdecimal() else 0
