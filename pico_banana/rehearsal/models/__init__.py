"""A server that rehearses the model services: the Gemini and the OpenAI protocol on 127.0.0.1, with faults on request.

The real SDKs talk to it, so a run can be tried, killed, resumed and measured without an account and without spending
anything. What it answers depends on the request alone and the seed, never on the order of requests: the same run gives
the same data.
"""

from __future__ import annotations

from pico_banana.rehearsal.models.faults import ModelFaults, parse_faults
from pico_banana.rehearsal.models.mind import Mind
from pico_banana.rehearsal.models.server import ModelServer

__all__ = ["Mind", "ModelFaults", "ModelServer", "parse_faults"]
