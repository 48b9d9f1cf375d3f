"""Packs: a local training store of decoded or quickly decoded pictures, memory-mapped, made once and read many times.

A pack is for this machine's disk. Its pictures are resized and re-encoded, which the licence of the release does not
allow to be shared.
"""

from pico_banana.training.packs.forecast import forecast_bytes
from pico_banana.training.packs.read import PackExamples, verify_pack
from pico_banana.training.packs.write import PackReport, pack

__all__ = ["PackExamples", "PackReport", "forecast_bytes", "pack", "verify_pack"]
