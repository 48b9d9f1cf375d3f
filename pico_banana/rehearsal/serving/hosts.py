"""Which file of a mirror folder a request means: one server plays four hosts.

========================================  ==============================================
host                                      files
========================================  ==============================================
`ml-site.cdn-apple.com` (the release)     the mirror itself, under the release's base path
`open-images-dataset.s3.amazonaws.com`    `open_images/` (`train/<ImageID>.jpg`, `tar/…`)
`storage.googleapis.com`                  `open_images/` (the CSV, by its last name)
a host under `source/`, or Flickr's       `source/<host>/<path>`
any other, e.g. `127.0.0.1`               the mirror itself
========================================  ==============================================
"""

from __future__ import annotations

from pathlib import Path

from pico_banana.mirrors.inside import inside

RELEASE_HOST = "ml-site.cdn-apple.com"
RELEASE_PATH = "/datasets/pico-banana-300k/nb/"
BUCKET_HOST = "open-images-dataset.s3.amazonaws.com"
CSV_HOST = "storage.googleapis.com"
FLICKR_SUFFIX = ".staticflickr.com"


def file_for(root: Path, host: str, path: str) -> Path | None:
    """Find the file that a request means.

    Args:
        root: the mirror folder.
        host: the `Host` header, without a port.
        path: the decoded path, with its leading slash.

    Returns:
        A file inside `root`, or None when there is none.
    """
    relative = _relative(root, host, path)
    return inside(root, relative) if ".." not in Path(relative).parts else None


def _relative(root: Path, host: str, path: str) -> str:
    if host == RELEASE_HOST:
        return path.removeprefix(RELEASE_PATH).lstrip("/")
    if host == BUCKET_HOST:
        return f"open_images{path}"
    if host == CSV_HOST:
        return "open_images/" + path.rsplit("/", 1)[-1]
    if host.endswith(FLICKR_SUFFIX) or (root / "source" / host).is_dir():
        return f"source/{host}{path}"
    return path.lstrip("/")
