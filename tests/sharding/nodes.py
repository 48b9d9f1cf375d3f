"""Commands on a cluster of four nodes on this machine; how long one may take follows from how quick the machine is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
LEAST_S, TIMES = 300, 15


@dataclass
class Nodes:
    """A cluster, for commands.

    Attributes:
        process: the cluster's.
        environment: of it and of commands.
        address: of the cluster.
        patience_s: what takes longer hangs: a command needs half as long as the cluster to begin, on any machine.
        running: the commands that were started.
    """

    process: subprocess.Popen[str]
    environment: dict[str, str]
    address: str = ""
    patience_s: float = LEAST_S
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Start a command whose shards go to the cluster."""
        command = [sys.executable, "-X", "faulthandler", "-m", "pico_banana.cli", *map(str, words)]
        command += ["--executor", "ray", "--address", self.address]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process: Any = subprocess.Popen(command, env=self.environment, **pipes)
        self.running.append(process)
        return process

    def wait(self, process: subprocess.Popen[str]) -> tuple[str, str]:
        """Wait for a command, and give what it said; where it hangs, say where."""
        try:
            return process.communicate(timeout=self.patience_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            out, errors = process.communicate()
            pytest.fail(f"no end within {self.patience_s:.0f} s\n{out}\n{errors}")

    def until(self, process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
        """Wait until a command is in the middle of its work, or ended."""
        deadline = time.monotonic() + self.patience_s
        while not reached() and process.poll() is None:
            assert time.monotonic() < deadline, f"it did not come so far within {self.patience_s:.0f} s"
            time.sleep(0.005)

    def do(self, *words: object) -> str:
        """Run a command to its end."""
        process = self.start(*words)
        out, errors = self.wait(process)
        assert process.returncode == 0, errors
        return out

    def kill_one(self) -> None:
        """Kill a node that works."""
        print("one", file=self.process.stdin, flush=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "killed\n"


@contextmanager
def cluster(home: Path) -> Iterator[Nodes]:
    """Start a cluster, for a `with` block."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "x", "PICO_BANANA_HOME": str(home)}
    environment["RAY_health_check_period_ms"] = "1000"  # a killed node is noticed in seconds, not in fifteen
    command = [sys.executable, Path(__file__).with_name("ray_cluster.py")]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    began = time.monotonic()
    with subprocess.Popen(command, env=environment, **pipes) as process:
        found = Nodes(process, environment)
        try:
            words = iter(process.stdout.readline, "")
            found.address = next(line.split()[1] for line in words if line.startswith("ready "))
            found.patience_s = max(LEAST_S, TIMES * (time.monotonic() - began))
            yield found
        finally:
            for one in found.running:
                one.kill()
            process.stdin.close()
