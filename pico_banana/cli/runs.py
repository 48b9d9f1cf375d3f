"""What the commands of a regeneration share: limits and policy as options, and how a run ended."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.settings.policy import Policy
    from pico_banana.regenerate.work.state import RunState

INTERRUPTED = 130
_MOST_NAMED = 20  # photos that cannot be read, in a summary


@dataclass(frozen=True, slots=True)
class Advice:
    """What to say of a run that has nothing to do, or has failures.

    Attributes:
        nothing: why there is nothing to do.
        look: how to see what is there.
        again: how to try what failed once more.
    """

    nothing: str
    look: str
    again: str


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add what bounds a run.

    Args:
        parser: the command's parser.
    """
    parser.add_argument(
        "--transport",
        choices=("online", "batch", "auto"),
        help="one by one; all in batches, within a day and half as dear; or first attempts in batches",
    )
    parser.add_argument("--budget-usd", type=float, metavar="USD", help="hard limit for the whole ledger")
    parser.add_argument(
        "--allow-model-change",
        action="store_true",
        help="go on when another model answers than the one asked for",
    )
    parser.add_argument(
        "--accept-changes", action="store_true", help="go on although the configuration asks something else"
    )
    parser.add_argument(
        "--allow-failed", type=int, default=0, metavar="N", help="failed items that still count as success"
    )


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add what makes a policy stricter or milder than the run's.

    Args:
        parser: the command's parser.
    """
    parser.add_argument(
        "--policy",
        metavar="NAME",
        help="accept as another policy does: paper, recommended, or the [policy] of a configuration file",
    )
    parser.add_argument("--threshold", type=float, metavar="SCORE", help="another threshold than the run's, 0 to 1")
    parser.add_argument("--comparison", choices=(">", ">="), help="how a score is held against it")


def chosen_config(args: argparse.Namespace) -> Config:
    """Read the configuration that the options name.

    Args:
        args: what the parser gave.

    Returns:
        The configuration, with the budget, the permission and the transport of the options.
    """
    from pico_banana.regenerate.settings.config import read_config

    config = read_config(args.config)
    given: dict[str, Any] = {"allow_model_change": True} if args.allow_model_change else {}
    if args.budget_usd is not None:
        given["budget_usd"] = args.budget_usd
    batch = config.batch if args.transport is None else dataclasses.replace(config.batch, transport=args.transport)
    return dataclasses.replace(config, run=dataclasses.replace(config.run, **given), batch=batch)


def tell_advice(config: Config) -> None:
    """Say on stderr what is not as it seems in a configuration.

    Args:
        config: the configuration.
    """
    from pico_banana.regenerate.work.advice import advice

    for sentence in advice(config):
        sys.stderr.write(f"note: {sentence}\n")


def chosen_policy(args: argparse.Namespace, config: Config) -> Policy:
    """Choose the policy that the options name.

    Args:
        args: what the parser gave.
        config: the latest run's.

    Returns:
        The policy; the run's where nothing is said.
    """
    from pico_banana.regenerate.settings.config import read_config
    from pico_banana.regenerate.settings.policy import accepting_as, with_threshold

    policy, name = config.policy, args.policy
    if name is not None:
        policy = read_config(name).policy if name.endswith(".toml") else accepting_as(policy, name)
    limits = {"threshold": args.threshold, "comparison": args.comparison}
    return with_threshold(policy, **limits, criteria=config.rubric.criteria)


def tell(args: argparse.Namespace, document: dict[str, Any], text: str) -> None:
    """Print a result.

    Args:
        args: what the parser gave.
        document: the result for --json.
        text: the result for people.
    """
    sys.stdout.write((json.dumps(document, indent=2, default=str) if args.json else text) + "\n")


def ended(args: argparse.Namespace, state: RunState, advice: Advice) -> int:
    """Say how a run ended.

    Args:
        args: what the parser gave.
        state: how far it came.
        advice: what to do next.

    Returns:
        The exit code.
    """
    tell(args, state.as_json(), summary(state, advice))
    return exit_code(args, state)


def exit_code(args: argparse.Namespace, state: RunState) -> int:
    """Give the exit code of a run.

    Args:
        args: what the parser gave.
        state: how far the run came.

    Returns:
        The code.
    """
    if state.stopped == "interrupted":
        return INTERRUPTED
    return 1 if state.stopped or state.failed > args.allow_failed else 0


def summary(state: RunState, advice: Advice) -> str:
    """Say in words how a run ended.

    Args:
        state: how far it came.
        advice: what to do next.

    Returns:
        A line or a few.
    """
    if state.total == 0:
        return (
            f"{advice.nothing}: {state.earlier} items were finished before, {state.spent}\n"
            f"see them with `{advice.look}`"
        )
    text = (
        f"{state.done} done, {state.failed} failed, {state.left} left of {state.total}; "
        f"{state.calls} calls, {state.spent}"
    )
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(state.failures.items()))
    if kinds:
        text += f"\nfailed with: {kinds}; try again with {advice.again}"
    text += "".join(f"\nleft out, nothing was paid for it: {one}" for one in state.unreadable[:_MOST_NAMED])
    if len(state.unreadable) > _MOST_NAMED:
        text += f"\nand {len(state.unreadable) - _MOST_NAMED} more such photos; --json lists them all"
    return f"{text}\nstopped: {state.stopped}" if state.stopped else text
