r"""A rehearsal Hub: enough of the Hugging Face Hub on 127.0.0.1 for the real clients to publish and load.

It lives in a folder and survives a restart. It keeps a log of what was asked, and fails on request::

    with RehearsalHub(folder) as hub:
        subprocess.run([...], env={**os.environ, **hub.environment()})
        assert hub.sent_bytes(r"\.parquet$") < 1_000_000

Uploads go by LFS, as the Hub accepts from all clients, so that a test sees every file's bytes; `environment(xet=True)`
leaves the current clients their own transport.
"""

from __future__ import annotations

import re
from dataclasses import replace
from threading import Condition, Thread
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, unquote

from pico_banana.rehearsal.hub import reads, writes, xet
from pico_banana.rehearsal.hub.calls import Call, Refusal, Reply, Settings
from pico_banana.rehearsal.hub.handler import HubFault, HubHttpServer, HubRequest
from pico_banana.rehearsal.hub.repos import HubRepos

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOKEN = "hf_rehearsal"  # noqa: S105 -- opens nothing but this server
_SETTLE_SECONDS = 10.0


class RehearsalHub:
    """The server; a context manager.

    Attributes:
        repos: the repositories, to look into without HTTP.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        users: Mapping[str, str] | None = None,
        page_size: int = 1000,
        part_bytes: int = 64 << 20,
    ) -> None:
        """Prepare a server; nothing is opened or written before `start`.

        Args:
            folder: where the repositories lie.
            port: 0 for any free one.
            users: token to account; one account "rehearsal" when None.
            page_size: entries a page of a tree listing.
            part_bytes: a large file beyond this size is uploaded in parts.
        """
        self.repos = HubRepos(folder)
        self._begun = 0
        self._log: dict[int, HubRequest] = {}
        self._users = dict(users or {TOKEN: "rehearsal"})
        self._settings = Settings(repos=self.repos, page_size=page_size, part_bytes=part_bytes)
        self._port = port
        self._faults: list[HubFault] = []
        self._quiet = Condition()
        self._busy = 0
        self._server: HubHttpServer | None = None

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        port = self._server.server_address[1] if self._server else self._port
        return f"http://127.0.0.1:{port}"

    def start(self) -> Self:
        """Open the port and answer requests in threads.

        Returns:
            The server itself.
        """
        self._server = HubHttpServer(self._port, self)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port; what was uploaded stays in the folder."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        """Start the server."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()

    def environment(self, home: Path | None = None, *, xet: bool = False) -> dict[str, str]:
        """Give the variables that point the clients here; set them before the clients are imported.

        Args:
            home: a folder for the clients' caches; None leaves them where they are.
            xet: let them upload by Xet, where `hf_xet` is installed.

        Returns:
            Variables for `os.environ` or a subprocess.
        """
        variables = {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": next(iter(self._users), ""),
            "HF_HUB_OFFLINE": "0",
            "HF_DATASETS_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            # Blocks go straight to the server; the way by grants leads to buckets of S3.
            "HF_XET_CLIENT_LEGACY_DIRECT_XORB_UPLOAD": "1",
            "HF_XET_CLIENT_SHARD_API_VERSION": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1",
        }
        return variables if home is None else {**variables, "HF_HOME": str(home)}

    def fail(self, fault: HubFault) -> None:
        """Let the next requests that fit fail.

        Args:
            fault: which, how, and how often.
        """
        with self._quiet:
            self._faults.append(fault)

    def forgive(self) -> None:
        """Plan no more failures."""
        with self._quiet:
            self._faults.clear()

    def requests(self) -> tuple[HubRequest, ...]:
        """Give the log, once every request under way is answered.

        Returns:
            Every request since the start or since `forget`, in the order in which they came in.
        """
        with self._quiet:
            self._quiet.wait_for(lambda: self._busy == 0, timeout=_SETTLE_SECONDS)
            return tuple(request for _, request in sorted(self._log.items()))

    def forget(self) -> None:
        """Empty the log."""
        self.requests()
        with self._quiet:
            self._log.clear()

    def begin(self) -> int:
        """Note that a request has come in.

        Returns:
            Its number; the log is in their order, whichever thread is the first to write its line.
        """
        with self._quiet:
            self._busy += 1
            self._begun += 1
            return self._begun

    def end(self, number: int, request: HubRequest | None) -> None:
        """Note that a request is over.

        Args:
            number: what `begin` gave.
            request: its line of the log; None when it broke off before there was one.
        """
        with self._quiet:
            self._busy -= 1
            if request is not None:
                self._log[number] = request
            self._quiet.notify_all()

    def sent_bytes(self, path: str) -> int:
        """Add up the bodies sent.

        Args:
            path: a pattern searched in each request's path.

        Returns:
            Bytes.
        """
        return sum(request.sent for request in self.requests() if re.search(path, request.path))

    def user_of(self, authorization: str) -> str | None:
        """Say whose token a request carries.

        Args:
            authorization: the Authorization header.

        Returns:
            The account, or None.
        """
        return self._users.get(authorization.removeprefix("Bearer ").strip())

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request.

        Args:
            method: the HTTP method.
            target: path and query, quoted.
            headers: the headers, names in lower case.
            body: the body.

        Returns:
            What to send.
        """
        path, _, query = target.partition("?")
        for methods, pattern, handler in (*reads.ROUTES, *writes.ROUTES, *xet.ROUTES):
            if method in methods and (match := pattern.fullmatch(path)):
                names = {name: unquote(text) if name == "path" else text for name, text in match.groupdict().items()}
                user = self.user_of(headers.get("authorization", ""))
                call = Call(self._settings, self.url, user, names, parse_qs(query), headers, body)
                try:
                    return handler(call)
                except Refusal as refusal:
                    return refusal.reply
        return Refusal(404, "NotFound", f"no such route: {method} {path}").reply

    def take_fault(self, method: str, path: str) -> HubFault | None:
        """Use up one planned failure of a request.

        Args:
            method: the HTTP method.
            path: the path, unquoted.

        Returns:
            The failure, or None.
        """
        with self._quiet:
            for index, fault in enumerate(self._faults):
                if fault.method in {"", method} and re.search(fault.path, path):
                    rest = replace(fault, times=fault.times - 1)
                    self._faults[index : index + 1] = [rest] if rest.times > 0 else []
                    return fault
        return None
