"""The embedded mirror: a few dozen rows of every subset with pictures, so that everything can be tried offline.

Everything in this folder was written and drawn by this project (`tests.sample_maker.make_sample`), which puts it under
the licence of the code. Beside the published layout there is `objects.json`: which known objects, and which texts, are
where in each photo, in pixels of the photo: left, top, right, bottom.
"""

from __future__ import annotations

from pathlib import Path


def sample_root() -> Path:
    """Give the folder of the embedded mirror.

    Returns:
        A folder in the published layout, with its source photos; read it, never write into it.
    """
    return Path(__file__).parent
