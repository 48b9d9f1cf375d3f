"""Which hosts may be asked: what the user named, and otherwise only what is public.

A row, or the server of a mirror with a redirect, may lead to public hosts over http(s). An address inside the machine
or its network (loopback, private, link-local, as written or as a name resolves) is refused, unless the user named a
host of that kind himself: as the mirror's root (a folder is this machine), or with `PICO_BANANA_HOSTS`.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pico_banana.errors import RequestRefusedError
from pico_banana.mirrors.addresses import problem_of_url

if TYPE_CHECKING:
    from collections.abc import Callable

THIS_MACHINE = "localhost"
_PUBLIC = "public"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def host_of_root(root: str) -> str:
    """Give the host that a user named with a mirror.

    Args:
        root: a folder or an address.

    Returns:
        The host; that of this machine for a folder, empty for a file system without hosts of its own.
    """
    if "://" not in root:
        return THIS_MACHINE
    parts = urlsplit(root)
    return parts.hostname or "" if parts.scheme in {"http", "https"} else ""


def check_row_url(url: str) -> None:
    """Refuse an address that a row may not name.

    Args:
        url: what the row names, or where a redirect leads.

    Raises:
        RequestRefusedError: it is no http(s) address of a file, or hides something.
    """
    if problem := problem_of_url(url):
        raise RequestRefusedError(f"{url}: not asked; it {problem}", url=url)


def check_web_url(url: str) -> None:
    """Refuse what a redirect may not lead to.

    Args:
        url: where it leads.

    Raises:
        RequestRefusedError: it is no address of a web server.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise RequestRefusedError(f"{url}: not asked; a redirect may lead to http:// and https:// alone", url=url)


def kind_of(address: str) -> str:
    """Say what kind of network an IP address is of.

    Args:
        address: as `getaddrinfo` gives it.

    Returns:
        "public", "loopback", "link-local" or "private".
    """
    ip: Any = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:  # noqa: PLR2004 - the protocol's number
        inner = ip.ipv4_mapped or ip.sixtofour
        ip = ipaddress.ip_address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else inner or ip
    if ip.is_loopback or ip.is_unspecified:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    if getattr(ip, "is_site_local", False):  # fec0::/10, which `is_global` takes for public
        return "private"
    return _PUBLIC if ip.is_global and not (ip.is_multicast or ip.is_reserved) else "private"


def check_literal(host: str, near: str, *, url: str) -> None:
    """Refuse a host that is written as an address inside, where nobody here resolves names: behind a proxy.

    Args:
        host: of the address.
        near: the host that the user named.
        url: the address, for the message.

    Raises:
        RequestRefusedError: it lies inside, and the user named no host of that kind.
    """
    host = _in_ascii(host).removesuffix(".")
    try:
        found = "loopback" if host == THIS_MACHINE or host.endswith(".localhost") else kind_of(_dotted(host))
    except ValueError:
        return
    _require(found, near, host, url)


def _in_ascii(host: str) -> str:
    """Write a host as it is asked for: IDNA makes plain digits and letters of those in circles or of full width."""
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return host


def _dotted(host: str) -> str:
    """Write a host as four numbers that a resolver takes for an address: 127.1, 0x7f.1, 2130706433."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, ValueError):
        return host


def connector(near: str, url: str) -> Callable[..., socket.socket]:
    """Give what connects to a host and refuses addresses inside; the address that was checked is the one connected to.

    Args:
        near: the host that the user named.
        url: what is asked, for messages.

    Returns:
        A function like `socket.create_connection`.
    """

    def connect(address: tuple[str, int], timeout: Any = None, source_address: Any = None) -> socket.socket:  # noqa: ANN401 - as socket has it
        host, port = address
        found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        for *_, place in found:
            _require(kind_of(str(place[0])), near, host, url)
        problem: OSError | None = None
        for *_, place in found:
            try:
                return socket.create_connection((str(place[0]), port), timeout, source_address)
            except OSError as error:
                problem = error
        raise problem or OSError(f"{host} has no address")

    return connect


def _require(kind: str, near: str, host: str, url: str) -> None:
    if kind == _PUBLIC or (near and kind in _kinds(near)):
        return
    text = (
        f"{url}: not asked; {host} is a {kind} address, and a row or redirect may not lead there; "
        "PICO_BANANA_HOSTS can name the host if it is yours"
    )
    raise RequestRefusedError(text, url=url)


def _kinds(host: str) -> set[str]:
    try:
        return {kind_of(str(place[0])) for *_, place in socket.getaddrinfo(host, None)}
    except OSError:
        return set()
