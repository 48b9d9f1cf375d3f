"""Rows as training input: batches from a loader, and packs that a loader reads at the speed of the disk."""
