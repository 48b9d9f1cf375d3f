"""What can go wrong with a model service, and how often: shares of requests, chosen by the requests' content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator

# Faults of the way there: the same request may succeed next time.
PASSING = ("throttled", "throttled_with_wait", "server_error", "cancelled", "cut_connection", "hang")
# Faults of the account or the configuration: every request of the kind meets them.
ENDING = ("daily_quota", "account_empty", "bad_parameter")
# Faults of the answer: the same request gets the same answer.
LASTING = (
    "refused",
    "no_image",
    "silent_no_image",
    "cut_off",
    "malformed_response",
    "bad_json",
    "wrong_schema",
    "score_out_of_range",
    "prefers_first",
    "black_picture",
    "copied_text",
    "cut_text",
    "leaked_template",
    "changed_meaning",
    "misjudged_text",
)


@dataclass(frozen=True, slots=True)
class ModelFaults:
    """Shares of requests, 0 to 1.

    Attributes:
        throttled: 429 without Retry-After.
        throttled_with_wait: 429 with Retry-After.
        server_error: 500 or 503.
        cancelled: 499, as Gemini gives up on a request in its own queue.
        daily_quota: 429 of a quota of the day.
        account_empty: the account has no money left.
        bad_parameter: a request for a picture is refused for a parameter, 400.
        cut_connection: the connection closes in the middle of the reply.
        hang: the reply takes `hang_s` longer.
        refused: an edit is refused; the finish reasons take turns.
        no_image: finish reason NO_IMAGE.
        silent_no_image: the reply simply lacks a picture.
        cut_off: finish reason MAX_TOKENS.
        malformed_response: finish reason MALFORMED_RESPONSE.
        bad_json: a judge's reply is no JSON.
        wrong_schema: a judge's reply lacks a criterion.
        score_out_of_range: a judge's reply has a score of 85 or -1.
        prefers_first: a judge of two takes the one that is shown first, however good it is.
        black_picture: the edited picture is black.
        copied_text: a text that was to be made anew comes back as it was.
        cut_text: its start is missing.
        leaked_template: it holds text of a chat template.
        changed_meaning: it says something else.
        misjudged_text: a judge of texts says the opposite of the truth.
        batch_failed: a batch fails as a whole.
        batch_expired: a batch expires; OpenAI hands out what was done until then.
        batch_stuck: a batch does not end until it is cancelled.
        batch_cut: a batch is taken, and the connection breaks before the client hears of it.
        batch_line_failed: a line of a batch fails.
        batch_unreadable: answers of a batch are too much to be read this time, 503.
        latency_s: seconds every answer takes.
        hang_s: seconds more for the answers that hang.
        retry_after_s: what Retry-After says.
        batch_s: seconds a batch takes.
    """

    throttled: float = 0.0
    throttled_with_wait: float = 0.0
    server_error: float = 0.0
    cancelled: float = 0.0
    daily_quota: float = 0.0
    account_empty: float = 0.0
    bad_parameter: float = 0.0
    cut_connection: float = 0.0
    hang: float = 0.0
    refused: float = 0.0
    no_image: float = 0.0
    silent_no_image: float = 0.0
    cut_off: float = 0.0
    malformed_response: float = 0.0
    bad_json: float = 0.0
    wrong_schema: float = 0.0
    score_out_of_range: float = 0.0
    prefers_first: float = 0.0
    black_picture: float = 0.0
    copied_text: float = 0.0
    cut_text: float = 0.0
    leaked_template: float = 0.0
    changed_meaning: float = 0.0
    misjudged_text: float = 0.0
    batch_failed: float = 0.0
    batch_expired: float = 0.0
    batch_stuck: float = 0.0
    batch_cut: float = 0.0
    batch_line_failed: float = 0.0
    batch_unreadable: float = 0.0
    latency_s: float = 0.0
    hang_s: float = 5.0
    retry_after_s: float = 0.2
    batch_s: float = 0.2

    def strikes(self, name: str, request: str, seed: int) -> bool:
        """Say whether a fault strikes a request.

        Args:
            name: the fault.
            request: what identifies the request: the hash of its content, with the visit number for passing faults.
            seed: the server's.

        Returns:
            True when it does.
        """
        share: float = getattr(self, name)
        return share > 0 and draw(seed, name, request) < share

    def first(self, names: tuple[str, ...], request: str, seed: int) -> str:
        """Give the first of some faults that strikes a request.

        Args:
            names: the faults.
            request: what identifies the request.
            seed: the server's.

        Returns:
            Its name, or an empty text.
        """
        return next((name for name in names if self.strikes(name, request, seed)), "")


def draw(*parts: object) -> float:
    """Draw a number from the hash of some parts.

    Args:
        parts: whatever the draw may depend on.

    Returns:
        0 to 1, 1 excluded.
    """
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def fault_names() -> Iterator[str]:
    """Give the names of all faults.

    Yields:
        The names, in order.
    """
    return (field.name for field in fields(ModelFaults) if not field.name.endswith("_s"))


def parse_faults(words: list[str], *, latency_s: float = 0.0) -> ModelFaults:
    """Read faults as they are written on a command line.

    Args:
        words: each "name=share", share from 0 to 1.
        latency_s: seconds every answer takes.

    Returns:
        The faults.

    Raises:
        ConfigError: a word is not of that form, or its share is out of range.
        unknown_name: there is no such fault, an UnknownNameError.
    """
    shares: dict[str, float] = {}
    for word in words:
        name, _, share = word.partition("=")
        if name not in set(fault_names()):
            raise unknown_name("fault", name, fault_names())
        try:
            shares[name] = float(share)
        except ValueError as error:
            raise ConfigError(f"--fault {word}: write NAME=SHARE, e.g. {name}=0.05", key=name) from error
        if not 0 <= shares[name] <= 1:
            raise ConfigError(f"--fault {word}: the share must be 0 to 1", key=name)
    return ModelFaults(**shares, latency_s=latency_s)
