"""The loader: threads read and decode ahead, batches come out in order, and a position can be saved and resumed.

Threads, not processes: every decoder at work releases the GIL for most of its time, so two threads fill two cores
without a second copy of anything. Examples are decoded in any order and given in one.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from pico_banana.errors import ConfigError, StoreError
from pico_banana.records.decoding.memory import keep_freed_memory
from pico_banana.training.loader.collate import collate, to_torch
from pico_banana.training.loader.examples import LeavesOut, WholeBatches, require_known, require_whole
from pico_banana.training.loader.order import Share, epoch_order, generator, plan_batches, share_out
from pico_banana.training.loader.report import LoaderReport, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pico_banana.training.loader.examples import Examples

Batch: TypeAlias = dict[str, Any]
OnError: TypeAlias = Literal["raise", "skip", "replace"]
ON_ERROR: tuple[OnError, ...] = ("raise", "skip", "replace")
FRAMEWORKS: tuple[str, ...] = ("numpy", "torch")
_REPLACEMENTS_TRIED = 16
_STATE_VERSION = 1


class Loader:
    """Gives batches of an epoch's examples; iterate it once an epoch.

    Attributes:
        report: what became of the examples so far.
        epoch: the epoch that the next iteration gives.
    """

    def __init__(  # noqa: PLR0913  one keyword a choice; they are the loader's whole configuration
        self,
        examples: Examples,
        *,
        batch_size: int | None = 16,
        shuffle: bool = False,
        seed: int = 0,
        workers: int = 2,
        drop_last: bool = False,
        on_error: OnError = "raise",
        framework: Literal["numpy", "torch"] = "numpy",
        rank: int = 0,
        world_size: int = 1,
        prefetch: int = 2,
    ) -> None:
        """Describe a loader; nothing is read before it is iterated.

        Args:
            examples: what to draw from.
            batch_size: examples a batch; None gives single examples without a batch axis.
            shuffle: draw in another order every epoch.
            seed: of the order and of replacements.
            workers: threads that read and decode; 0 does it in the caller's.
            drop_last: leave out the last batches that are not full, and even out the ranks; else one may get a
                batch more, and wait for ever where all wait for each other.
            on_error: what to do about an example whose pictures cannot be had: "raise", "skip" it, or "replace" it.
            framework: "numpy" gives uint8 (N, H, W, C), "torch" uint8 (N, C, H, W) in channels-last memory.
            rank: which of `world_size` consumers this is.
            world_size: how many consumers share the batches.
            prefetch: batches to decode ahead.

        Raises:
            ConfigError: a number is out of range, or the geometry gives every example another shape.
        """
        require_whole(
            batch_size=batch_size or 1, workers=workers, prefetch=prefetch, seed=seed, rank=rank, world_size=world_size
        )
        if (batch_size is not None and batch_size < 1) or workers < 0 or prefetch < 1 or seed < 0:
            msg = "batch_size and prefetch start at 1, workers and seed at 0"
            raise ConfigError(msg, key="batch_size")
        if batch_size not in {None, 1} and not examples.batchable:
            msg = "this geometry gives every row another size; choose fit, crop or bucket, or batch_size=1 or None"
            raise ConfigError(msg, key="geometry")
        self._examples = examples
        self._batch_size = batch_size
        self._shuffle, self._seed, self._drop_last = shuffle, seed, drop_last
        self._workers, self._prefetch = workers, prefetch
        require_known("on_error", on_error, ON_ERROR)
        require_known("framework", framework, FRAMEWORKS)
        self._on_error, self._framework = on_error, framework
        self._share = Share(rank, world_size)
        self._groups: Sequence[Any] | None = None
        self._grouped = False
        self._batch = 0
        self._resumed = False
        self.epoch = 0
        self.report = LoaderReport()

    def __len__(self) -> int:
        """Count the batches of an epoch that this rank gets."""
        return len(self._plan())

    def __iter__(self) -> Iterator[Batch]:
        """Give the batches of one epoch, from the resumed position where a state was loaded.

        Yields:
            A dict by column: pictures as arrays, everything else as lists; scalars where `batch_size` is None.

        Raises:
            PictureError: a picture is missing or damaged and `on_error` is "raise".
            TransportError: a picture could not be fetched and `on_error` is "raise".
        """
        yield from self.part(0, 1)
        self.epoch, self._batch = self.epoch + 1, 0

    def part(self, index: int, count: int) -> Iterator[Batch]:
        """Give the part of an epoch that one of several worker processes gets, from the position where one was loaded.

        Each worker's copy of the loader has its own position: a state saved there is one for that worker.

        Args:
            index: which worker, from 0.
            count: how many workers; taken in turns, their batches are this loader's, in order.

        Returns:
            The worker's batches.
        """
        # Before the first batch is asked for: a state that is saved until then must not hold the last epoch's position.
        self._batch = self._batch if self._resumed else 0
        self._resumed = False
        return self._run(self._plan()[self._batch + index :: count], count)

    def batch(self, number: int) -> Batch | None:
        """Load one batch of the epoch by its number, as a map-style dataset does.

        Args:
            number: which of this rank's batches.

        Returns:
            The batch; None when every example of it failed and was skipped.
        """
        load, jobs = self._jobs(self._plan()[number])
        return self._collected([load(job) for job in jobs])

    def state_dict(self) -> dict[str, Any]:
        """Save the position: the batches given so far count as used.

        Returns:
            Plain numbers and strings, fit for JSON or a checkpoint.
        """
        choices = {"seed": self._seed, "shuffle": self._shuffle, "batch_size": self._batch_size}
        position = {"epoch": self.epoch, "batch": self._batch * self._share.world}
        return {"version": _STATE_VERSION, "examples": self._examples.name, **choices, **position}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resume: the next iteration gives the batch after the last one given before the state was saved.

        Args:
            state: what `state_dict` gave; the world size may have changed if it divides the position.

        Raises:
            ConfigError: the state belongs to other examples, another order, or another version.
        """
        if "version" not in state:
            msg = "this is not the state of a loader: it has no version; give what Loader.state_dict() returned"
            raise ConfigError(msg, key="version")
        ours = self.state_dict()
        for key in ("version", "examples", "seed", "shuffle", "batch_size"):
            if state.get(key) != ours[key]:
                msg = f"the saved state has {key}={state.get(key)!r}, this loader has {ours[key]!r}; make it alike"
                raise ConfigError(msg, key=key)
        batch, rest = divmod(int(state["batch"]), self._share.world)
        if rest:
            msg = (
                f"batch {state['batch']} does not divide among {self._share.world} ranks; resume with as many as before"
            )
            raise ConfigError(msg, key="world_size")
        self.epoch, self._batch, self._resumed = int(state["epoch"]), batch, True

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration gives, from its start.

        Args:
            epoch: from 0.
        """
        self.epoch, self._batch, self._resumed = epoch, 0, False

    def _plan(self) -> Sequence[list[int]]:
        """Give this rank's batches of the epoch, as indices."""
        if isinstance(self._examples, LeavesOut):
            self.report.left_out.update(self._examples.left_out)
        if not self._grouped:
            self._groups, self._grouped = self._examples.groups(max(1, self._workers)), True
        order = epoch_order(len(self._examples), seed=self._seed, epoch=self.epoch, shuffle=self._shuffle)
        groups = None if self._batch_size in {None, 1} else self._groups
        batches = plan_batches(order, self._batch_size or 1, groups=groups, drop_last=self._drop_last)
        return share_out(batches, self._share, drop_last=self._drop_last)

    def _run(self, plan: Sequence[list[int]], step: int) -> Iterator[Batch]:
        keep_freed_memory()
        start = self._batch
        for number, outcomes in enumerate(self._outcomes(plan), 1):
            self._batch = start + number * step
            batch = self._collected(outcomes)
            if batch is not None:
                yield batch

    def _outcomes(self, plan: Sequence[list[int]]) -> Iterator[list[Outcome]]:
        """Load batches ahead, in threads, and give them in order."""
        if self._workers == 0:
            yield from ([load(job) for job in jobs] for load, jobs in map(self._jobs, plan))
            return
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="pico-banana")
        # At least two examples a thread, or small batches would leave threads idle at every hand-over.
        ahead = max(self._prefetch, -(-2 * self._workers // (self._batch_size or 1)))
        waiting: deque[list[Future[Outcome]]] = deque()
        try:
            for batch in plan:
                load, jobs = self._jobs(batch)
                waiting.append([pool.submit(load, job) for job in jobs])
                if len(waiting) > ahead:
                    yield [future.result() for future in waiting.popleft()]
            while waiting:
                yield [future.result() for future in waiting.popleft()]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _jobs(self, batch: list[int]) -> tuple[Callable[[Any], Outcome], list[Any]]:
        """Part a batch into what one thread does at a time: one example, or all of them where that is quicker."""
        if self._batch_size is not None and isinstance(self._examples, WholeBatches):
            return self._load_whole, [batch]
        return self._load, batch

    def _load_whole(self, batch: list[int]) -> Outcome:
        return Outcome(cast("WholeBatches", self._examples).load_batch(batch), whole=len(batch))

    def _load(self, index: int) -> Outcome:
        # Runs in a thread; where asked, a failed example is replaced by another.
        failures: list[tuple[str, str]] = []
        for candidate in self._candidates(index):
            try:
                return Outcome(self._examples.load(candidate), tuple(failures))
            except OSError as error:  # every picture and transport error is one
                # A full disk or a broken store is not the picture's fault, and would fail every example.
                if self._on_error == "raise" or isinstance(error, StoreError):
                    raise
                failures.append((self._examples.id(candidate), str(error)))
        return Outcome(None, tuple(failures))

    def _candidates(self, index: int) -> Iterator[int]:
        yield index
        if self._on_error != "replace":
            return
        draw = generator(self._seed, self.epoch, index)
        alike = self._groups and [i for i, group in enumerate(self._groups) if group == self._groups[index]]
        for _ in range(_REPLACEMENTS_TRIED):
            yield alike[int(draw.integers(len(alike)))] if alike else int(draw.integers(len(self._examples)))

    def _collected(self, outcomes: Sequence[Outcome]) -> Batch | None:
        examples = [outcome.example for outcome in outcomes if outcome.example is not None]
        self.report.count(outcomes)
        if not examples:
            return None
        finished = self._batch_size is None or outcomes[0].whole
        batch = examples[0] if finished else collate(examples)
        return to_torch(batch) if self._framework == "torch" else batch
