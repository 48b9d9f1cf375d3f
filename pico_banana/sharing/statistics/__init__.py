"""What a selection is made of, in numbers and charts."""

from __future__ import annotations

from pico_banana.sharing.statistics.gathering import statistics_of
from pico_banana.sharing.statistics.result import Statistics
from pico_banana.sharing.statistics.values import Spread

__all__ = ["Spread", "Statistics", "statistics_of"]
