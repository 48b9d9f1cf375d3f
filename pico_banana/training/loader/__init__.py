"""The fast path from rows to batches: threads decode, batches come in order, and training resumes where it stopped."""

from pico_banana.training.loader.batches import Loader
from pico_banana.training.loader.examples import RecordExamples
from pico_banana.training.loader.make import make_examples, make_loader
from pico_banana.training.loader.report import LoaderReport

__all__ = ["Loader", "LoaderReport", "RecordExamples", "make_examples", "make_loader"]
