"""A rehearsal Hub on 127.0.0.1: see `server.RehearsalHub`."""

from __future__ import annotations

from pico_banana.rehearsal.hub.handler import HubFault, HubRequest
from pico_banana.rehearsal.hub.server import TOKEN, RehearsalHub

__all__ = ["TOKEN", "HubFault", "HubRequest", "RehearsalHub"]
