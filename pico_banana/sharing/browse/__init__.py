"""Looking through all rows in a browser, from a server on this machine, and marking them."""

from __future__ import annotations

from pico_banana.sharing.browse.browsing import Browsing, browse
from pico_banana.sharing.browse.marks import Marks

__all__ = ["Browsing", "Marks", "browse"]
