"""Serve a mirror on 127.0.0.1, with latency, limits and faults on request."""
