"""Which items have nothing left to be asked: derived when a configuration changed, so that only the rest is walked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pico_banana.regenerate.results.derive import results

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config


def settle(ledger: Ledger, config: Config) -> int:
    """Find the items that have nothing left to be asked under a configuration, and record that they are finished.

    Args:
        ledger: open for writing.
        config: the configuration.

    Returns:
        How many there are.
    """
    last: Future[None] | None = None
    count = 0
    for result in results(ledger, config.policy, config=config, brief=True):
        if result.complete:
            count += 1
            last = ledger.append("finished", {"item": result.item, "digest": config.digest(), "at": time.time()})
    if last is not None:
        last.result()
    return count


def settle_again(ledger: Ledger) -> None:
    """Derive anew which items are finished under the configuration of the latest run.

    Args:
        ledger: open for writing.
    """
    if ledger.latest_config_json() is None:
        return
    config = ledger.latest_config()
    ledger.database.execute("DELETE FROM finished WHERE digest = ?", (config.digest(),))
    settle(ledger, config)
