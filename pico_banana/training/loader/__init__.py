"""The fast path from rows to batches: threads decode, batches come in order, and training resumes where it stopped."""

from pico_banana.training.loader.batches import Loader, LoaderReport
from pico_banana.training.loader.examples import RecordExamples
from pico_banana.training.loader.make import make_examples, make_loader

__all__ = ["Loader", "LoaderReport", "RecordExamples", "make_examples", "make_loader"]
