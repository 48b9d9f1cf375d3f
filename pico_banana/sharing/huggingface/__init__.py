"""Into `datasets` and back: `load_dataset`, `prepare`, and what `PicoBanana.to_datasets` does.

`load_dataset` makes our builder and asks it; nothing in `datasets` is changed. `prepare` writes where a stock
`load_dataset("pico-banana-400k", …)` falls back to. See `registration.py` for the bare name with every argument.
"""

from pico_banana.sharing.huggingface.cached import prepare
from pico_banana.sharing.huggingface.convert import to_datasets
from pico_banana.sharing.huggingface.load import load_dataset

__all__ = ["load_dataset", "prepare", "to_datasets"]
