"""From results to numbers: means with intervals, differences, ranks, judges against pairs. Nothing is asked here."""
