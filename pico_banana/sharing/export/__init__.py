"""Write a dataset in the form another tool reads: one file a format, one job for what all formats share."""

from pico_banana.sharing.export.job import ExportReport
from pico_banana.sharing.export.options import ExportOptions
from pico_banana.sharing.export.registry import Format, find_format, formats
from pico_banana.sharing.export.run import export

__all__ = ["ExportOptions", "ExportReport", "Format", "export", "find_format", "formats"]
