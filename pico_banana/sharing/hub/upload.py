"""Bring a repository's folder to the Hub: only what changed, in pieces, the card last.

Every call is to `huggingface_hub` (0.30 to 2.x): `create_commit` uploads large files in several threads and skips
contents the Hub has, so a stopped upload goes on when it is run again. Each commit names its parent: what somebody else
commits meanwhile is never overwritten, the plan is made again. The token is handed to the client and to nobody else.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from pico_banana.errors import ConfigError, TransportError
from pico_banana.mirrors.fetch.retry import RetryPolicy
from pico_banana.sharing.hub.manifest import MANIFEST
from pico_banana.sharing.hub.planning import Change, UploadPlan, local_manifest, make_plan
from pico_banana.sharing.hub.published import CARD
from pico_banana.sharing.hub.refusals import translated_refusals
from pico_banana.sharing.hub.remote import look_at_remote
from pico_banana.sharing.hub.settling import told_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from huggingface_hub import HfApi

    from pico_banana.sharing.hub.remote import Remote

Gate: TypeAlias = Literal["auto", "manual"]
_T = TypeVar("_T")
_PLANS = 5  # made again because somebody else committed, before that is an error
_MOVED_ON = 412
_LONGEST_PAUSE_S = 300.0
_POLICY = RetryPolicy(attempts=6, first_wait_s=0.5)


def plan_upload(folder: str | Path, repo: str, *, replace_all: bool = False, token: str | None = None) -> UploadPlan:
    """Compare a folder with the Hub; nothing is changed.

    Args:
        folder: the repository's folder, as `build_repository` writes it.
        repo: "USER/NAME".
        replace_all: files that no publication of ours wrote may be replaced and deleted too.
        token: the Hub's token; None for the one of `hf auth login` or `HF_TOKEN`.

    Returns:
        What an upload would do.

    Raises:
        ConfigError: the folder holds no finished publication, the name is no name of a repository, or the repository
            holds files of somebody else that would be replaced or deleted.
        RequestRefusedError: the Hub does not let us see the repository.
        ServerError: the Hub failed.
        InterruptedTransferError: the Hub could not be reached.
    """
    if repo.count("/") != 1 or not all(repo.split("/")):
        text = f"{repo!r} is no name of a repository on the Hub; write USER/NAME, such as ada/pico-banana"
        raise ConfigError(text, key="repo")
    local_manifest(Path(folder))
    remote = _patiently(repo, lambda: look_at_remote(_api(token), repo), heard=False)
    return make_plan(Path(folder), repo, remote, replace_all=replace_all)


def upload(
    folder: str | Path,
    plan: UploadPlan,
    *,
    private: bool = True,
    gate: Gate | None = None,
    token: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Carry out a plan.

    Args:
        folder: the folder the plan was made for.
        plan: what to do.
        private: a new repository is visible to its owner only.
        gate: visitors must agree to the card's terms: at once ("auto") or when the owner says so ("manual").
        token: the Hub's token; None for the one of `hf auth login` or `HF_TOKEN`.
        progress: called with (commits done, commits) after each.

    Returns:
        The repository's address.

    Raises:
        ConfigError: somebody else committed meanwhile what this upload would replace or delete.
        RequestRefusedError: no token, or it may not write there; or others commit all the time.
        ServerError: the Hub failed; the same call goes on where it stopped.
        InterruptedTransferError: the Hub could not be reached; the same call goes on where it stopped.
    """
    api, repo = _api(token), plan.repo
    address = _patiently(repo, lambda: str(api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)))
    if gate is not None:
        _patiently(repo, lambda: api.update_repo_settings(repo, repo_type="dataset", gated=gate))
    _Upload(Path(folder), plan, api, progress).run()
    return address


class _Upload:
    """The commits of one upload; one whose answer never came may have landed, and is planned again, never resent."""

    def __init__(self, folder: Path, plan: UploadPlan, api: HfApi, progress: Callable[[int, int], None] | None) -> None:
        self._folder, self._plan, self._api, self._progress = folder, plan, api, progress
        self._seen = dict(plan.remote.files)  # what the user was told about, and what we put there ourselves
        self._done, self._total = 0, plan.commits
        self._failed = self._moved = 0

    def run(self) -> None:
        if not self._plan.exists:
            self._plan_again()
        while self._plan.changes:
            try:
                self._commit_all()
            except TransportError as error:
                self._failed += 1
                self._wait(error)
                self._plan_again()
            else:
                return

    def _commit_all(self) -> None:
        parent = self._plan.remote.head
        for number, changes in enumerate(self._plan.pieces()):
            part = f", part {self._done + 1} of {self._total}" if self._total > 1 else ""
            parent = self._commit(changes, parent, f"Publish with pico-banana{part}", first=number == 0)
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, self._total)

    def _commit(self, changes: Sequence[Change], parent: str, message: str, *, first: bool) -> str:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        contents = dict(self._plan.contents)
        writes = [change.path for change in changes if change.kind != "deleted"]
        if first and len(changes) < len(self._plan.changes) and MANIFEST not in writes:
            contents[MANIFEST] = self._plan.first
            writes.append(MANIFEST)
        sent = [CommitOperationAdd(path, contents.get(path, str(self._folder / path))) for path in writes]
        gone = [CommitOperationDelete(change.path) for change in changes if change.kind == "deleted"]
        with translated_refusals(self._plan.repo):
            landed = self._api.create_commit(
                self._plan.repo,
                [*sent, *gone],
                commit_message=message,
                repo_type="dataset",
                num_threads=8,
                parent_commit=parent,
            )
        return str(landed.oid)

    def _plan_again(self) -> None:
        """Plan from the newest commit, and make sure that nothing new is lost by it.

        Raises:
            ConfigError: it would be.
        """
        before = self._plan
        self._plan = plan = _patiently(
            before.repo,
            lambda: make_plan(
                self._folder, before.repo, look_at_remote(self._api, before.repo), replace_all=before.replace_all
            ),
        )
        self._total = self._done + plan.commits
        hit = [
            change.path for change in plan.changes if change.kind != "new" and self._is_unseen(change.path, plan.remote)
        ]
        if hit:
            text = (
                f"somebody else published to {plan.repo} meanwhile, and going on would replace or delete "
                f"{told_names(hit)}; look at what is there, then run the same command again"
            )
            raise ConfigError(text, key="repo")

    def _is_unseen(self, path: str, remote: Remote) -> bool:
        """Say whether a file is new since the first plan; the list is ours, and a card's prose stays."""
        return path not in {MANIFEST, CARD} and remote.files[path] != self._seen.get(path)

    def _wait(self, error: TransportError) -> None:
        if error.status == _MOVED_ON:
            self._failed, self._moved = self._failed - 1, self._moved + 1
            if self._moved > _PLANS:
                raise error
            return
        _pause(error, self._failed)


def _patiently(repo: str, call: Callable[[], _T], *, heard: bool = True) -> _T:
    """Call, and call again while the Hub is busy, fails or hangs up: only for what may be asked twice."""
    tried = 0
    while True:
        try:
            with translated_refusals(repo):
                return call()
        except TransportError as error:
            tried += 1
            _pause(error, tried, heard=heard)


def _pause(error: TransportError, tried: int, *, heard: bool = True) -> None:
    """Wait before another try.

    Raises:
        TransportError: there is no use in one.
    """
    if not _POLICY.again(error, tried=tried, throttled=tried, heard=heard):
        raise error
    wait = _POLICY.wait_s(tried) if error.retry_after is None else error.retry_after
    time.sleep(min(_LONGEST_PAUSE_S, wait))


def _api(token: str | None) -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(token=token, library_name="pico-banana")
