"""Examples into one batch: pictures are stacked once, everything else is listed; torch sees the same memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


def collate(examples: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Put examples into one batch.

    Args:
        examples: dicts by column, alike in their columns and in the shapes of their pictures.

    Returns:
        Arrays with a batch axis in front; lists of everything else.
    """
    import numpy as np

    batch: dict[str, Any] = {}
    for name, first in examples[0].items():
        values = [example[name] for example in examples]
        batch[name] = stack(values) if isinstance(first, np.ndarray) else values
    return batch


def stack(arrays: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Put arrays of one shape into one.

    Args:
        arrays: uint8 arrays of one shape.

    Returns:
        uint8 array with one axis more in front; a view when there is only one array.

    Raises:
        ConfigError: the shapes differ.
    """
    import numpy as np

    if len(arrays) == 1:
        return arrays[0][None]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        msg = f"pictures of different shapes {sorted(shapes)} do not make a batch; use geometry fit, crop or bucket"
        raise ConfigError(msg, key="geometry")
    return np.stack(arrays)


def to_torch(batch: dict[str, Any]) -> dict[str, Any]:
    """Show a batch's arrays to torch, without copying pixels.

    Args:
        batch: dict by column; pictures as uint8 arrays (..., height, width, channels).

    Returns:
        The same, pictures as uint8 tensors (..., channels, height, width) in channels-last memory.

    Needs the package torch.
    """
    import numpy as np

    torch = _torch()
    shown: dict[str, Any] = {}
    for name, value in batch.items():
        if isinstance(value, np.ndarray):
            writable = value if value.flags.writeable else value.copy()  # a pack's pages are read-only; tensors are not
            shown[name] = torch.from_numpy(writable).movedim(-1, -3)
        else:
            shown[name] = value
    return shown


def _torch() -> Any:  # noqa: ANN401  a module without types where torch is absent
    try:
        import torch
    except ImportError as error:
        raise missing_extra("torch", "torch", "a batch as tensors") from error
    return torch
