"""Looking at pictures: strips of one row, and pages of many."""

from __future__ import annotations

from pico_banana.records.strip import draw_strip
from pico_banana.sharing.gallery.page import GalleryReport, write_gallery

__all__ = ["GalleryReport", "draw_strip", "write_gallery"]
