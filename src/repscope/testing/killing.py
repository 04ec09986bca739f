"""Killing this process where it writes: what programs that test atomic writes run in a child. POSIX only."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir")
"""Audit events that count as touching a file."""


def die_at(point: int, folder: Path) -> list[int]:
    """Kill this process before it touches a file below ``folder`` for the ``point``-th time.

    Args:
        point: from 0; −1 only counts.
        folder: what is watched, by the beginning of a path.

    Returns:
        One number: the touches so far, counted on.
    """
    touched = [0]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and str(arguments[0]).startswith(str(folder)):
            if touched[0] == point:
                os.kill(os.getpid(), signal.SIGKILL)
            touched[0] += 1

    sys.addaudithook(watch)
    return touched


def die_inside(size: int) -> None:
    """Let the kernel kill this process in the middle of a write, at that size of a file in bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
