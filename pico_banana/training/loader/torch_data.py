"""A loader as a torch dataset, for code that is written around `torch.utils.data.DataLoader`.

Each item is a finished batch, so give `batch_size=None` to the DataLoader. Worker processes take the batches in turns,
so that the order stays what it is without them.

Worker processes have copies of the loader, so what happens there does not come back: call `set_epoch` before every
epoch, or each has the first one's order. `loader.state_dict()` and `loader.report` in the main process know nothing of
what workers gave. To save a position with workers, take torchdata's StatefulDataLoader, which saves every worker's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import PictureMissingError, missing_extra

try:
    import torch
    from torch.utils.data import Dataset, IterableDataset, get_worker_info
except ImportError as absent:
    raise missing_extra("torch", "torch", "a torch dataset") from absent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pico_banana.training.loader.batches import Batch, Loader


class _Epoch:
    """The epoch that was chosen, in memory shared with worker processes, so that those that persist hear of it."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._chosen = torch.zeros(1, dtype=torch.int64).share_memory_()
        self._choices = torch.zeros(1, dtype=torch.int64).share_memory_()
        self._heard = 0

    def choose(self, epoch: int) -> None:
        """Tell this process and all workers which epoch comes next."""
        self._loader.set_epoch(epoch)
        self._chosen[0] = epoch
        self._choices += 1
        self._heard = int(self._choices)

    def hear(self) -> None:
        """Set this worker's copy to an epoch that was chosen after the copy was made."""
        if self._heard != int(self._choices):
            self._heard = int(self._choices)
            self._loader.set_epoch(int(self._chosen))


class TorchBatches(IterableDataset):  # type: ignore[misc]  # torch is optional, so its types are Any
    """An iterable dataset of the loader's batches.

    Attributes:
        loader: where they come from; made with `framework="torch"`.
    """

    def __init__(self, loader: Loader) -> None:
        """Wrap a loader.

        Args:
            loader: made with `framework="torch"` for tensors.
        """
        super().__init__()
        self.loader = loader
        self._epoch = _Epoch(loader)

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        """Give the batches of one epoch, or this worker process's part of them; from a position that was loaded."""
        self._epoch.hear()
        info = get_worker_info()
        return iter(self.loader) if info is None else self.loader.part(info.id, info.num_workers)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration gives, in worker processes too.

        Args:
            epoch: from 0.
        """
        self._epoch.choose(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Save the position, as torchdata's StatefulDataLoader asks for it in every worker process.

        Returns:
            The position of the process that is asked; in the main process of a DataLoader with workers that is none.
        """
        return self.loader.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resume from a saved position.

        Args:
            state: what `state_dict` gave.
        """
        self.loader.load_state_dict(state)


class TorchMap(Dataset):  # type: ignore[misc]  # torch is optional, so its types are Any
    """A map-style dataset whose items are the loader's batches by number.

    They are one epoch's, the same every time, until `set_epoch` chooses another; no item tells that an epoch ended.

    Attributes:
        loader: where they come from.
    """

    def __init__(self, loader: Loader) -> None:
        """Wrap a loader.

        Args:
            loader: made with `framework="torch"` for tensors.
        """
        super().__init__()
        self.loader = loader
        self._epoch = _Epoch(loader)

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return len(self.loader)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose batches the items are, in worker processes too.

        Args:
            epoch: from 0.
        """
        self._epoch.choose(epoch)

    def __getitem__(self, number: int) -> Batch:
        """Load one batch.

        Args:
            number: which batch of the epoch.

        Returns:
            The batch.

        Raises:
            IndexError: there is no such batch.
            PictureMissingError: every example of the batch failed; an item of a map cannot be left out.
        """
        self._epoch.hear()
        if not 0 <= number < len(self):
            msg = f"batch {number} of {len(self)}"
            raise IndexError(msg)
        batch = self.loader.batch(number)
        if batch is None:
            msg = f"no picture of batch {number} could be had; choose on_error='replace'"
            raise PictureMissingError(msg)
        return batch
