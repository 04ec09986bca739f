"""Run one function in a fresh process, and charge it for its CPU seconds and its peak memory."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """What a run cost, beyond starting Python and making its input."""

    cpu: float
    wall: float
    peak: float
    record: dict

    def __str__(self) -> str:
        return f"{self.cpu:.2f} CPU-s, {self.wall:.2f} s, {self.peak / 2**20:.0f} MiB"


class Watched:
    """The most anonymous memory while the block ran, above what was held before."""

    def __enter__(self) -> Watched:
        self.held = self.peak = anonymous_bytes()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.peak = max(self.peak, anonymous_bytes()) - self.held

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.peak = max(self.peak, anonymous_bytes())


def anonymous_bytes() -> int:
    """Memory of this process that no file backs."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def charge(task: str, *arguments: object, python: str | None = None) -> Cost:
    """Run ``module:function`` with JSON arguments in a process of its own.

    The function gets the arguments, and yields once when its input is ready; what it does between
    that and its end is charged. Peak memory is the process's, less what it held at the yield.
    ``python`` is of another environment.
    """
    command = [python or sys.executable, "-m", "benchmarks.harness", task, json.dumps(arguments)]
    # One thread each: CPU seconds then mean work, not waiting for one another.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{task}{arguments} failed:\n{done.stderr[-3000:]}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _run(task: str, arguments: list) -> None:
    import importlib

    module, _, name = task.partition(":")
    running = getattr(importlib.import_module(module), name)(*arguments)
    next(running)
    held = _resident()
    cpu, wall = time.process_time(), time.perf_counter()
    record = next(running, {})
    cost = {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - held,
        "record": record,
    }
    print(json.dumps(cost))


def _resident() -> int:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * resource.getpagesize()


if __name__ == "__main__":
    _run(sys.argv[1], json.loads(sys.argv[2]))
