"""Looking at pictures: strips of one row, and pages of many."""

from __future__ import annotations

from pico_banana.sharing.gallery.page import GalleryReport, write_gallery
from pico_banana.sharing.gallery.strip import draw_strip

__all__ = ["GalleryReport", "draw_strip", "write_gallery"]
