"""Write a dataset in the form another tool reads: one file a format, one job for what all formats share."""

from pico_banana.sharing.export.forecast import Progress
from pico_banana.sharing.export.options import ExportOptions, export_options
from pico_banana.sharing.export.registry import Format, find_format, formats
from pico_banana.sharing.export.report import ExportReport
from pico_banana.sharing.export.run import export

__all__ = ["ExportOptions", "ExportReport", "Format", "Progress", "export", "export_options", "find_format", "formats"]
