"""The stored table: map it, find rows in it, count them, read them as records or Arrow columns."""
