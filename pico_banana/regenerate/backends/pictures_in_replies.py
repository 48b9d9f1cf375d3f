"""Pictures as replies name them: Base64, `data:` addresses, and addresses to fetch, within limits.

A reply is a stranger's data: it chooses no file, no host inside this machine or network, and no amount of memory.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import socket
from http.client import HTTPException
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from pico_banana.errors import InterruptedTransferError, ModelReplyError
from pico_banana.regenerate.values import Picture

_MOST_BYTES = 64 << 20  # a 4K picture as PNG has some 25 MB
_TIMEOUT_S = 60.0


def picture_from(word: str, *, base_url: str = "") -> Picture:
    """Get the picture that a text of a reply stands for; it may ask the network, so call it in a thread.

    Args:
        word: Base64, a `data:` address, or an address.
        base_url: where the service is; its own host may be asked whatever it is, others only over HTTPS and outside.

    Returns:
        The picture.

    Raises:
        ModelReplyError: it is none of these, is too large, or an address that is not asked.
        InterruptedTransferError: the address did not answer.
    """
    scheme = word[:16].partition(":")[0].lower()
    if scheme == "data":
        head, comma, data = word.partition(",")
        if not comma or not head.endswith(";base64"):
            raise ModelReplyError("a data: address without Base64 content", reply=word[:80])
        return _decoded(data)
    if scheme in {"http", "https"}:
        return fetched(word, base_url=base_url)
    if ":" in word[:16]:
        raise ModelReplyError(f"a picture at {word[:40]!r}: only https, data and Base64 are read", reply=word[:80])
    return _decoded(word)


def fetched(url: str, *, base_url: str) -> Picture:
    """Fetch a picture from where a reply says it is.

    Args:
        url: the address.
        base_url: where the service is.

    Returns:
        The picture.

    Raises:
        ModelReplyError: the address is not asked, or what is there is no picture or too large.
        InterruptedTransferError: the address did not answer.
    """
    _check_address(url, base_url)
    try:
        with build_opener(_NoRedirects).open(url, timeout=_TIMEOUT_S) as answer:
            data = answer.read(_MOST_BYTES + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise InterruptedTransferError(f"the picture at {_host(url)} did not come ({error})") from error
    if len(data) > _MOST_BYTES:
        raise ModelReplyError(f"the picture at {_host(url)} is larger than {_MOST_BYTES >> 20} MB")
    return _checked(data)


class _NoRedirects(HTTPRedirectHandler):
    """Follows nothing: where a redirect leads would have to be checked like the address itself."""

    def redirect_request(self, *_: object) -> None:
        return None


def _check_address(url: str, base_url: str) -> None:
    parts = urlsplit(url)
    own = urlsplit(base_url)
    if base_url and (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        return
    if parts.scheme != "https" or not parts.hostname:
        raise ModelReplyError(f"a picture at {_host(url)} over {parts.scheme or 'nothing'}: only https is asked")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise InterruptedTransferError(f"{_host(url)}: no such host ({error})") from error
    for *_, place in found:
        if not ipaddress.ip_address(str(place[0]).partition("%")[0]).is_global:
            raise ModelReplyError(f"a picture at {_host(url)}, which is inside this network: it is not asked")


def _host(url: str) -> str:
    # Never the whole address: it may be signed.
    return repr((urlsplit(url).hostname or "")[:80])


def _decoded(text: str) -> Picture:
    if len(text) > _MOST_BYTES * 4 // 3 + 4:
        raise ModelReplyError(f"a picture of more than {_MOST_BYTES >> 20} MB")
    letters = "".join(text.split()).replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ModelReplyError(f"a picture whose Base64 is broken ({error})", reply=text[:80]) from error
    return _checked(data)


def _checked(data: bytes) -> Picture:
    picture = Picture.of(data)
    if not picture.media_type.startswith("image/"):
        raise ModelReplyError("what should be a picture is no PNG, JPEG, WebP or GIF")
    return picture
