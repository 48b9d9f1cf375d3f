"""Addresses of services as they may be kept: without names, passwords and queries."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pico_banana.telling import bare

if TYPE_CHECKING:
    from pico_banana.regenerate.settings.config import Config


def without_userinfo(config: Config) -> Config:
    """Leave names and passwords out of the addresses of services; a ledger is copied and shown.

    Args:
        config: the run's configuration.

    Returns:
        One that asks the same: no call depends on where its model is served.
    """
    models = config.models.items()
    changed: dict[str, Any] = {name: replace(one, base_url=bare(one.base_url)) for name, one in models if one.base_url}
    return replace(config, **changed)
