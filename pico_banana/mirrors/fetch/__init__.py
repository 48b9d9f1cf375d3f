"""Fetching: one file now (`fetch_one`), or very many as a job that can be stopped and resumed."""

from __future__ import annotations

from pico_banana.mirrors.fetch.item import Candidate, FetchItem, Kind
from pico_banana.mirrors.fetch.one import fetch_one

__all__ = ["Candidate", "FetchItem", "Kind", "fetch_one"]
