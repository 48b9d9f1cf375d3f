"""The rehearsal server: one folder on 127.0.0.1 that plays the CDN, the photo bucket and Flickr, with their bad days.

`serve(folder)` runs it in a thread of this process, for tests; `run(folder)` runs it until it is interrupted, which is
what `pico-banana mirror serve` does. Every request is logged and counted by path, so that a test can say "no request
at all" or "never a HEAD".
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from pico_banana.rehearsal.serving.connection import Connection, Stage
from pico_banana.rehearsal.serving.faults import Limit, Rule, Script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pico_banana.rehearsal.serving.asked import Log


class Rehearsal:
    """A server that is running.

    Attributes:
        url: its root, `http://127.0.0.1:<port>`.
        log: what it was asked.
    """

    def __init__(self, url: str, log: Log) -> None:
        """Name a running server; `serve` does.

        Args:
            url: its root.
            log: what it was asked.
        """
        self.url = url
        self.log = log

    def hosts(self, *names: str) -> dict[str, str]:
        """Send hosts to this server, in the form that the transport takes.

        Args:
            names: hosts or patterns such as `*.staticflickr.com`; all hosts when none is given.

        Returns:
            Each name with this server's URL.
        """
        return dict.fromkeys(names or ("*",), self.url)


@contextlib.contextmanager
def serve(
    folder: Path,
    *,
    faults: tuple[Rule, ...] = (),
    limits: tuple[Limit, ...] = (),
    latency_s: float = 0.0,
    seed: int = 0,
    port: int = 0,
) -> Iterator[Rehearsal]:
    """Serve a mirror folder on 127.0.0.1 from a thread, until the block ends.

    Args:
        folder: a mirror in the published layout; `open-images/` in it plays the bucket.
        faults: what goes wrong.
        limits: rate limiters, by host.
        latency_s: seconds before each answer.
        seed: picks the paths that a fault's share strikes.
        port: 0 takes a free one.

    Yields:
        The running server.
    """
    loop = asyncio.new_event_loop()
    stage = Stage(folder, Script(faults, limits, seed=seed), latency_s)
    listener = _listener(port)
    server = loop.run_until_complete(loop.create_server(lambda: Connection(stage), sock=listener))
    thread = threading.Thread(target=loop.run_forever, name="rehearsal-server", daemon=True)
    thread.start()
    try:
        yield Rehearsal(f"http://127.0.0.1:{listener.getsockname()[1]}", stage.log)
    finally:
        asyncio.run_coroutine_threadsafe(_shut(server, stage), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _shut(server: asyncio.Server, stage: Stage) -> None:
    server.close()
    for transport in list(stage.transports):
        transport.abort()
    for task in list(stage.tasks):
        task.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _listener(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=1024)
