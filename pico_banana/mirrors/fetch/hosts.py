"""Where a request really goes: host overrides and proxies."""

from __future__ import annotations

import os
import urllib.request
from base64 import b64encode
from urllib.parse import unquote, urlsplit

from pico_banana.errors import ConfigError

HOSTS_VARIABLE = "PICO_BANANA_HOSTS"


def hosts_from_environment() -> dict[str, str]:
    """Read host overrides from `PICO_BANANA_HOSTS`, e.g. `*.staticflickr.com=http://127.0.0.1:8000`.

    Several are separated by commas or spaces.

    Returns:
        Pattern and URL of each override, in order.

    Raises:
        ConfigError: an entry is not `PATTERN=URL`.
    """
    return parse_hosts(os.environ.get(HOSTS_VARIABLE, "").split())


def parse_hosts(entries: list[str]) -> dict[str, str]:
    """Read host overrides.

    Args:
        entries: each `PATTERN=URL`.

    Returns:
        Pattern and URL of each, in order.

    Raises:
        ConfigError: an entry is not `PATTERN=URL`.
    """
    hosts = {}
    for entry in (part for given in entries for part in given.replace(",", " ").split()):
        pattern, _, url = entry.partition("=")
        if not pattern or urlsplit(url).scheme not in {"http", "https"}:
            text = f"cannot read the host override {entry!r}; write HOST=URL, e.g. '*.staticflickr.com=http://127.0.0.1:8000'"
            raise ConfigError(text, key=HOSTS_VARIABLE)
        hosts[pattern] = url.rstrip("/")
    return hosts


def proxy_for(scheme: str, netloc: str) -> str:
    """Find the proxy that the environment names for a host.

    Args:
        scheme: "http" or "https".
        netloc: the host with its port.

    Returns:
        The proxy's URL, or an empty string.
    """
    proxy = urllib.request.getproxies().get(scheme, "")
    return "" if not proxy or urllib.request.proxy_bypass(netloc) else proxy


def authorization(proxy: str) -> dict[str, str]:
    """Give the header for the user and password in a proxy's URL.

    Args:
        proxy: the URL.

    Returns:
        The header, or none.
    """
    login = _login(proxy)
    return {"Proxy-Authorization": login} if login else {}


def without_login(url: str) -> tuple[str, dict[str, str]]:
    """Take the user and password out of an address, which a user gave to be shown to that server.

    Args:
        url: the address.

    Returns:
        The address without them, and the header for them, or none; what is no address is refused when it is opened.
    """
    if "@" not in url:
        return url, {}
    try:
        parts, login = urlsplit(url), _login(url)
    except ValueError:
        return url, {}
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return plain, {"Authorization": login} if login else {}


def _login(url: str) -> str:
    parts = urlsplit(url)
    if parts.username is None:
        return ""
    words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(words.encode()).decode()}"
