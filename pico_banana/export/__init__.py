"""Write a dataset in the form another tool reads: one file a format, one job for what all formats share."""

from pico_banana.export.job import ExportReport
from pico_banana.export.options import ExportOptions
from pico_banana.export.registry import Format, find_format, formats
from pico_banana.export.run import export

__all__ = ["ExportOptions", "ExportReport", "Format", "export", "find_format", "formats"]
