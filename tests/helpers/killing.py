"""Killing a process where it writes: what programs that test atomic writes run in a child. POSIX only."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink")
"""Audit events that count as touching a file; :func:`os.replace` is an "os.rename"."""

SWITCHES = tuple(event for event in EVENTS if event != "open")
"""Without the opening of files, which are written where nobody looks for them."""


@dataclass(frozen=True)
class Death:
    """How a child ended.

    Attributes:
        signal: that ended it; 0 for none.
        said: the lines that it said.
        touched: files that it touched, if nothing ended it.
    """

    signal: int
    said: tuple[str, ...]
    touched: int


def fork(
    work: Callable[[Callable[[str], object]], object],
    folder: Path,
    *,
    point: int = -1,
    size: int = 0,
    events: Collection[str] = EVENTS,
) -> Death:
    """Run ``work(say)`` in a child that dies as :func:`die_at` or :func:`die_inside` say.

    Args:
        work: what is done; it is given a function that tells this process a line at once.
        folder: where touches of files count.
        point, size: of the death; neither lets it live.
        events: that count as touches.
    """
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        if size:
            die_inside(size)
        touched = die_at(point, folder, events)
        work(lambda line: os.write(send, f"{line}\n".encode()))
        os.write(send, f"{touched[0]}\n".encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as lines:
        said = lines.read().splitlines()
    ended = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(ended):
        return Death(os.WTERMSIG(ended), tuple(said), 0)
    return Death(0, tuple(said[:-1]), int(said[-1]))


def die_at(point: int, folder: Path, events: Collection[str] = EVENTS) -> list[int]:
    """Kill this process before it touches a file below ``folder`` for the ``point``-th time.

    Args:
        point: from 0; −1 only counts.
        folder: what is watched, by the beginning of a path.
        events: audit events that count.

    Returns:
        One number: the touches so far, counted on.
    """
    touched = [0]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in events and any(str(one).startswith(str(folder)) for one in arguments[:2]):
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
