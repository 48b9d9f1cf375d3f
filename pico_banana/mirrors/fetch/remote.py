"""Addresses that are not http(s)://: a plain path, file://, s3://, gs://, hf:// and all else that fsspec opens."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pico_banana.errors import GoneError, InterruptedTransferError, MissingExtraError, RequestRefusedError
from pico_banana.mirrors.fetch.response import Response, words_of

_CHANGES = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "blob_id")


def filesystem_of(url: str) -> tuple[Any, str]:
    """Find what opens an address.

    Args:
        url: its address.

    Returns:
        An fsspec filesystem, and the path in its terms.
    """
    from fsspec.core import url_to_fs  # fsspec.url_to_fs is younger than the oldest release supported

    filesystem, path = url_to_fs(url)
    return filesystem, str(path)


def open_remote(url: str, *, offset: int = 0) -> Response:
    """Open a file through fsspec.

    Args:
        url: its address.
        offset: which byte to start with.

    Returns:
        The same kind of answer as over HTTP; there is no ETag.

    Raises:
        GoneError: there is no such file.
        RequestRefusedError: we may not read it, or nothing here can open such an address.
        MissingExtraError: the filesystem's package is not installed.
        InterruptedTransferError: it could not be opened this time.
    """
    try:
        filesystem, path = filesystem_of(url)
        file = filesystem.open(path, "rb")
        size = int(filesystem.size(path) if getattr(file, "size", None) is None else file.size)
        modified = _modified(getattr(file, "details", None) or filesystem.info(path))
        file.seek(offset)
    except FileNotFoundError as error:
        text = f"{url}: there is no such file"
        raise GoneError(text, url=url, status=404) from error
    except PermissionError as error:
        text = f"{url}: not readable with these credentials"
        raise RequestRefusedError(text, url=url, status=403) from error
    except ImportError as error:
        text = f"opening {url} needs another package: {error}"
        raise MissingExtraError(text) from error
    except ValueError as error:
        text = f"{url}: {error}"
        raise RequestRefusedError(text, url=url) from error
    except Exception as error:  # each filesystem raises the errors of its own client, OSErrors or not
        told = _translated(error, url)
        raise told from error
    response = Response(file, url=url, offset=offset, length=max(0, size - offset))
    response.modified = modified
    return response


def _modified(facts: dict[str, Any]) -> str:
    """Find what changes with a file's content, by any of the names that filesystems have for it."""
    return next((str(facts[name]) for name in _CHANGES if facts.get(name)), "")


def _translated(error: Exception, url: str) -> GoneError | RequestRefusedError | InterruptedTransferError:
    status = int(getattr(getattr(error, "response", None), "status_code", 0) or 0)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:  # the Hub's old clients do not turn all of them into others
        return GoneError(f"{url}: there is no such file", url=url, status=status)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        hint = "; log in with `hf auth login`, or set HF_TOKEN" if url.startswith("hf://") else ""
        return RequestRefusedError(f"{url}: not readable with these credentials{hint}", url=url, status=status)
    return InterruptedTransferError(f"{url}: could not be opened ({words_of(error)})", url=url)
