"""Who may ask: this machine's browser that was given the token, and no other site's page in it.

A page of another site can make a browser send requests here, and can point a name of its own at 127.0.0.1. So the Host
must be this machine's, the Origin ours, the token in a cookie that no other site's request carries, and what changes
something shows the token once more, in a header that no form can set.
"""

from __future__ import annotations

from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the first address has the token in it
    "X-Content-Type-Options": "nosniff",
}


def refusal(headers: Mapping[str, str], *, token: str, given: str, cookie: str, changes: bool, first: bool) -> str:
    """Say why a request is refused.

    Args:
        headers: the request's, by name in any case.
        token: what those who may ask were given.
        given: the token in the address; empty for none.
        cookie: the name of the cookie that holds the token.
        changes: whether the request changes something.
        first: whether it is for the page itself, to which a link on any page may lead.

    Returns:
        The reason; empty for a request that may pass.
    """
    host = headers.get("Host") or ""
    if host.rpartition(":")[0] not in _THIS_MACHINE and host not in _THIS_MACHINE:
        return f"the Host {host!r} is none of this machine's; open the address with 127.0.0.1"
    origin = headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return "pages of other sites may not ask"
    elsewhere = headers.get("Sec-Fetch-Site", "none") in {"cross-site", "same-site"}
    if elsewhere and not (first and headers.get("Sec-Fetch-Mode") == "navigate"):
        return "pages of other sites may not ask"
    if not _equal(given if first and given else _cookie(headers, cookie), token):
        return "open the whole address that `pico-banana browse` printed: the token in it is for this server alone"
    if changes and (origin is None or not _equal(headers.get("X-Token") or "", token)):
        return "only the page itself may change something"
    return ""


def _cookie(headers: Mapping[str, str], name: str) -> str:
    try:
        found = SimpleCookie(headers.get("Cookie") or "").get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _equal(given: str, token: str) -> bool:
    return compare_digest(given.encode(), token.encode())
