"""Looking at pictures: strips of one row, and pages of many."""

from __future__ import annotations

from pico_banana.records.strip import draw_strip
from pico_banana.sharing.gallery.inline import InlineGallery, inline_gallery
from pico_banana.sharing.gallery.page import GalleryReport, write_gallery

__all__ = ["GalleryReport", "InlineGallery", "draw_strip", "inline_gallery", "write_gallery"]
