"""How large a pack will be, before any of it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pico_banana.errors import StoreError
from pico_banana.training.packs.codecs import codec

if TYPE_CHECKING:
    from pico_banana.training.loader.examples import RecordExamples

_LOOKED_AT = 8


def forecast_bytes(examples: RecordExamples, form: str) -> int:
    """Pack a few examples in memory and reckon with their mean.

    Args:
        examples: what is to be packed.
        form: "raw", "zstd", "qoi" or "jpeg".

    Returns:
        Bytes in all, about; exact for "raw" where all pictures get one size. 0 when none of the few could be read.

    Raises:
        UnknownNameError: there is no such format.
        MissingExtraError: the format needs a package that is not installed.
        StoreError: the store cannot be written, where pictures must be fetched.
    """
    encoder, sizes = codec(form), []
    looked_at = min(_LOOKED_AT, len(examples))
    for number in range(looked_at):
        try:
            example = examples.load(len(examples) * number // looked_at)
        except StoreError:
            raise
        except OSError:  # it will be left out of the pack with its reason
            continue
        sizes.append(sum(len(encoder.encode(value)) for value in example.values() if isinstance(value, np.ndarray)))
    return sum(sizes) * len(examples) // len(sizes) if sizes else 0
