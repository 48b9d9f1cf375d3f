"""`pico-banana regenerate rehearse`: stand-ins for the services of models, on this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pico_banana.cli.runs import INTERRUPTED

if TYPE_CHECKING:
    import argparse


def add_rehearse(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        commands: where commands are added.
    """
    parser = commands.add_parser(
        "rehearse",
        help="serve stand-ins for the Gemini and OpenAI services on this machine",
        description="Serve stand-ins for the Gemini and OpenAI services on 127.0.0.1 until Ctrl-C, with the failures "
        "of real ones. Their addresses go into the configuration as base_url.",
        epilog="example: pico-banana regenerate rehearse --fault throttled=0.05 --latency 0.2",
    )
    parser.add_argument("--port", type=int, default=8765, help="port on 127.0.0.1 (8765)")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=SHARE", help="e.g. throttled=0.05; repeat"
    )
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="what every answer takes")
    parser.add_argument("--seed", type=int, default=0, help="changes every draw")
    parser.set_defaults(run=_rehearse)


def _rehearse(args: argparse.Namespace) -> int:
    from pico_banana.regenerate.work.forecast import PUBLISHED_RATES
    from pico_banana.rehearsal.models import Mind, ModelServer, parse_faults

    faults = parse_faults(args.fault, latency_s=args.latency)
    server = ModelServer(Mind(rates=PUBLISHED_RATES, faults=faults, seed=args.seed), port=args.port)
    sys.stderr.write(f"gemini: base_url = {server.gemini_url}\nopenai: base_url = {server.openai_url}\nCtrl-C stops\n")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
