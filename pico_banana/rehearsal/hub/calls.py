"""One request to the rehearsal Hub, one answer, and who may do what."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pico_banana.rehearsal.hub.repos import Commit, HubRepos, Repo


@dataclass(frozen=True, slots=True)
class Settings:
    """What every route knows.

    Attributes:
        repos: the repositories.
        page_size: entries a page of a tree listing.
        part_bytes: a large file beyond this is uploaded in parts of this size.
    """

    repos: HubRepos
    page_size: int
    part_bytes: int


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        settings: what every route knows.
        base: the server's own address, without a slash at the end.
        user: the account of the token, or None without one.
        names: what the route's pattern captured.
        query: the query's parameters.
        headers: the request's headers, names in lower case.
        body: the request's body.
    """

    settings: Settings
    base: str
    user: str | None
    names: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    Attributes:
        status: the HTTP status.
        body: its body, unless `file` is given.
        headers: further headers.
        file: a file to send instead of `body`; a Range header is obeyed.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None


class Refusal(Exception):  # noqa: N818 -- an answer on its way out, not an error of ours
    """Ends a route with an error answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Make the answer.

        Args:
            status: the HTTP status.
            code: the Hub's name for it, which the clients turn into an exception class.
            message: what went wrong.
        """
        super().__init__(message)
        self.reply = Reply(
            status=status,
            body=json.dumps({"error": message}).encode(),
            headers={"Content-Type": "application/json", "X-Error-Code": code, "X-Error-Message": message},
        )


def json_reply(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with JSON.

    Args:
        value: what to send.
        status: the HTTP status.
        headers: further headers.

    Returns:
        The answer.
    """
    kind = {"Content-Type": "application/json"}
    return Reply(status=status, body=json.dumps(value).encode(), headers={**kind, **(headers or {})})


def somebody(call: Call) -> str:
    """Say whose token the request carries.

    Args:
        call: the request.

    Returns:
        The account.

    Raises:
        Refusal: there is no token, or an unknown one.
    """
    if call.user is None:
        raise Refusal(401, "Unauthorized", "Invalid username or password.")
    return call.user


def readable(call: Call, *, content: bool = False) -> tuple[Repo, Commit]:
    """Find the repository and revision of a request, if its sender may see them.

    Args:
        call: the request.
        content: it wants a file, which a gated repository gives to few.

    Returns:
        The repository and the commit.

    Raises:
        Refusal: there is no such thing, or it is not for this sender.
    """
    repo = call.settings.repos.find(call.names["repo"])
    if repo is None or (repo.private and call.user != repo.owner):
        raise Refusal(401, "RepoNotFound", "Repository not found")
    if content and repo.gated and call.user != repo.owner:
        raise Refusal(403, "GatedRepo", f"Access to dataset {repo.id} is restricted")
    revision = unquote(call.names.get("revision") or "main")
    commit = repo.commit(revision)
    if commit is None:
        raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
    return repo, commit


def writable(call: Call) -> Repo:
    """Find the repository of a request, if its sender may write to it.

    Args:
        call: the request.

    Returns:
        The repository.

    Raises:
        Refusal: there is none, or it is somebody else's.
    """
    user = somebody(call)
    repo = call.settings.repos.find(call.names["repo"])
    if repo is None:
        raise Refusal(404, "RepoNotFound", "Repository not found")
    if repo.owner != user:
        raise Refusal(403, "Forbidden", f"{user} may not write to {repo.id}")
    return repo
