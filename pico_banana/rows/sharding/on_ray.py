"""Shards on a Ray cluster: one task a shard, started again elsewhere where its node or its process is lost.

Ray knows tasks, resources and which nodes are alive; what a shard is, who is at it and what it has paid for already is
known by its folder, see `work`. So nothing is kept in Ray, and a shard begun on Ray can be finished by any other means.
"""

from __future__ import annotations

import os
import platform
import time
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pico_banana.errors import PicoBananaError, ShardHeldError, StoreError, missing_extra
from pico_banana.rows.sharding.lease import PATIENCE_S
from pico_banana.rows.sharding.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

R = TypeVar("R")
RETRIES = 10
_LOOK_EVERY_S = 1.0
_ASK_AGAIN_S = 2.0  # for a shard that a process held which Ray counts as lost, and which may live a moment longer
_STOP_WITHIN_S = 60.0  # tasks that are asked to stop wait for calls in flight
_OURS = "PICO_BANANA_"


@dataclass(frozen=True, slots=True)
class RayProgress:
    """How far shards on Ray are.

    Attributes:
        total: shards.
        done: shards that ended.
        running: shards that Ray was given.
        nodes: machines of the cluster that are alive.
    """

    total: int
    done: int
    running: int
    nodes: int

    def __str__(self) -> str:
        """Say it in one line."""
        waiting = self.total - self.done - self.running
        return f"{self.done} of {self.total} shards ended, {self.running} at work, {waiting} wait; {self.nodes} nodes"


@dataclass(slots=True)
class Ended(Generic[R]):
    """What became of shards.

    Attributes:
        results: shard to what came of it, in the order they ended.
        lost: shard to why nothing came of it.
    """

    results: dict[Shard, R] = field(default_factory=dict)
    lost: dict[Shard, Exception] = field(default_factory=dict)


def on_ray(  # noqa: PLR0913 - each is one choice
    do: Callable[[Shard], R],
    shards: int,
    *,
    address: str | None = None,
    at_once: int = 0,
    cpus: float = 1.0,
    gpus: float = 0.0,
    retries: int = RETRIES,
    progress: Callable[[RayProgress], None] | None = None,
) -> list[R]:
    """Call a function once for each shard, on a Ray cluster; a call whose node is lost is made again on another.

    The function takes its shard with `work_on`, as `regenerate.run_shard` does, so that what a lost one did is there
    already, and its `Shard.at_once` divides the rate limits of models by how many run at a time.

    Args:
        do: what is done with a shard; it travels to the nodes, which need the same packages and see the same folders.
        shards: how many there are.
        address: the cluster's, as `ray.init` takes it; None for RAY_ADDRESS, one that runs here, or a new one.
        at_once: most shards at a time; 0 for as many as the cluster has room for when this begins.
        cpus: what a shard reserves.
        gpus: the same; without one it sees none.
        retries: how often a lost shard is started again.
        progress: called about once a second.

    Returns:
        What came of each shard, in order.

    Raises:
        StoreError: shards were lost more often than they are started again.
        MissingExtraError: Ray is not installed.
    """
    with RayCluster(address=address, cpus=cpus, gpus=gpus, retries=retries) as cluster:
        ended = cluster.run(do, [Shard(index, shards) for index in range(shards)], at_once=at_once, progress=progress)
    for error in ended.lost.values():  # the others went on to their end
        raise error
    return [ended.results[shard] for shard in sorted(ended.results, key=lambda shard: shard.index)]


class RayCluster:
    """A connection to a cluster, for a `with` block.

    Args:
        address: see `on_ray`.
        cpus: see `on_ray`.
        gpus: see `on_ray`.
        retries: see `on_ray`.
    """

    def __init__(
        self, *, address: str | None = None, cpus: float = 1.0, gpus: float = 0.0, retries: int = RETRIES
    ) -> None:
        """Connect to nothing yet."""
        self._ray = _ray()
        self._address, self._cpus, self._gpus, self._retries = address, cpus, gpus, retries
        self._is_ours = False

    def __enter__(self) -> Self:
        """Connect, or take the connection that this process has."""
        if not self._ray.is_initialized():
            self._ray.init(address=self._address, log_to_driver=False, logging_level="ERROR")
            self._is_ours = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect; a cluster that was started for this ends."""
        if self._is_ours:
            self._ray.shutdown()

    @property
    def room(self) -> int:
        """How many shards the cluster has room for at a time, as it is now; at least one."""
        there = self._ray.cluster_resources()
        wanted = {"CPU": self._cpus, "GPU": self._gpus}
        return max(1, int(min(there.get(name, 0.0) / amount for name, amount in wanted.items() if amount)))

    def run(
        self,
        do: Callable[[Shard], R],
        shards: Iterable[Shard],
        *,
        at_once: int = 0,
        progress: Callable[[RayProgress], None] | None = None,
    ) -> Ended[R]:
        """Call a function once for each shard.

        Args:
            do: see `on_ray`.
            shards: which.
            at_once: see `on_ray`.
            progress: see `on_ray`.

        Returns:
            What became of them; one that is lost stops no other.

        Raises:
            KeyboardInterrupt: Ctrl-C; the tasks were asked to stop, and did.
        """
        every, ended = list(shards), Ended[R]()
        most = min(at_once or self.room, len(every))
        waiting = deque(replace(shard, at_once=most) for shard in every)
        running: dict[Any, Shard] = {}
        try:
            while waiting or running:
                while waiting and len(running) < most:
                    shard = waiting.popleft()
                    running[self._started(do, shard)] = shard
                ready, _ = self._ray.wait(list(running), num_returns=1, timeout=_LOOK_EVERY_S)
                for reference in ready:
                    self._take(reference, running.pop(reference), ended)
                if progress is not None:
                    done = len(ended.results) + len(ended.lost)
                    progress(RayProgress(len(every), done, len(running), self._nodes()))
        except KeyboardInterrupt:
            self._cancel(running)
            raise
        return ended

    def _started(self, do: Callable[[Shard], R], shard: Shard) -> Any:  # noqa: ANN401 - Ray's reference
        task = self._ray.remote(num_cpus=self._cpus, num_gpus=self._gpus, max_retries=self._retries)(_task)
        ours = {name: value for name, value in os.environ.items() if name.startswith(_OURS)}
        return task.options(name=f"pico-banana {shard}").remote(do, shard, str(Path.cwd()), ours)

    def _take(self, reference: Any, shard: Shard, ended: Ended[R]) -> None:  # noqa: ANN401 - Ray's reference
        try:
            ended.results[shard] = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            if not isinstance(error.cause, (PicoBananaError, OSError)):
                raise  # a fault of the function, with its traceback
            ended.lost[shard] = error.cause
        except self._ray.exceptions.RayError as error:  # its node, or its process, as often as it was started
            reason = str(error).strip().partition("\n")[0]
            text = f"shard {shard} was lost on Ray, which starts one again {self._retries} times at most: {reason}"
            ended.lost[shard] = StoreError(text)

    def _cancel(self, running: Mapping[Any, Shard]) -> None:
        """Ask all to stop as with Ctrl-C; what still runs after a while, or after another Ctrl-C, is ended."""
        try:
            for reference in running:
                self._ray.cancel(reference)
            self._ray.wait(list(running), num_returns=len(running), timeout=_STOP_WITHIN_S)
        finally:
            for reference in running:
                self._ray.cancel(reference, force=True)

    def _nodes(self) -> int:
        return sum(bool(node["Alive"]) for node in self._ray.nodes())


def _task(do: Callable[[Shard], R], shard: Shard, folder: str, variables: Mapping[str, str]) -> R:
    """Do a shard on a node: in the folder it was asked for in, and with its variables where the node has none.

    Raises:
        ShardHeldError: another process is at the shard, and stays there.
        StoreError: the node does not see that folder.
    """
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    try:
        os.chdir(folder)
    except OSError as error:
        text = f"{folder}, where this was started, is not on the node {platform.node()}: nodes must see one disk"
        raise StoreError(text, path=folder) from error
    until = time.monotonic() + 2 * PATIENCE_S
    while True:
        try:
            return do(shard)
        except ShardHeldError:
            if time.monotonic() > until:
                raise
        time.sleep(_ASK_AGAIN_S)


def _ray() -> Any:  # noqa: ANN401 - a module without types
    try:
        import ray
    except ImportError as error:
        raise missing_extra("ray", "ray", "a shard on a Ray cluster") from error
    return ray
