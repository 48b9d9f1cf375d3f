"""Numbers as charts: bars, spreads, curves and grids, legible at their size, on light pages and on dark ones."""
