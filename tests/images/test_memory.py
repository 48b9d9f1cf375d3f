"""Freed memory is kept: fewer page faults, unless the user has set glibc up."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
from pico_banana.records.decoding.memory import keep_freed_memory
kept = %s
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    parts = [bytes(3_000_000) for _ in range(3)]
    del parts
begin = faults()
for _ in range(50):
    parts = [bytes(bytearray(3_000_000)) for _ in range(3)]
    del parts
print(kept, faults() - begin)
"""


def told(expression: str, **environment: str) -> tuple[str, int]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM % expression], capture_output=True, text=True, check=True, env=environment
    )
    kept, faults = done.stdout.split()
    return kept, int(faults)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_pages_are_not_fetched_again():
    kept, few = told("keep_freed_memory()")
    if kept != "True":
        pytest.skip("another C library")
    assert few * 4 < told("False")[1]


def test_a_user_s_own_settings_stay():
    assert told("keep_freed_memory()", MALLOC_TRIM_THRESHOLD_="1000000")[0] == "False"
