"""Progress of long work: a bar on a terminal, a line now and then elsewhere, nothing when quiet."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from repscope.cli.common import say

if TYPE_CHECKING:
    from repscope.text.progress import OnProgress, Progress

SPARSE_SECONDS = 10.0
"""Between lines of progress where there is no terminal."""


@contextlib.contextmanager
def progress(quiet: bool) -> Iterator[OnProgress | None]:
    """A function to tell progress to, or None when nobody wants to know."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[note]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(state: Progress) -> None:
            # One line at a time: what is done is said by the line that follows.
            if "now" not in tasks:
                tasks["now"] = bar.add_task(state.what, total=state.total, left="", note="")
            bar.update(
                tasks["now"],
                description=state.what,
                completed=state.done,
                total=state.total,
                left="" if state.seconds_left is None else f"{state.seconds_left:,.0f} s left",
                note=state.note,
            )

        yield show


class _Lines:
    """Progress as lines, for logs: at most one every 10 s."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, state: Progress) -> None:
        if time.monotonic() - self._last < SPARSE_SECONDS:
            return
        self._last = time.monotonic()
        left = "" if state.seconds_left is None else f", {state.seconds_left:,.0f} s left"
        note = f", {state.note}" if state.note else ""
        say(f"{state.what}: {state.done:,} of {state.total:,}{left}{note}")


@contextlib.contextmanager
def extraction_progress(quiet: bool) -> Iterator[Any]:
    """A bar on a terminal, a line now and then elsewhere, nothing when quiet."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield ExtractionLines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("extract"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[skipped]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("extract", total=None, rate="loading the model", skipped="")

        def show(state: Progress) -> None:
            if state.note:
                bar.console.print(state.note, markup=False, highlight=False)
            speed = bar.tasks[0].speed
            bar.update(
                task,
                completed=state.done,
                total=state.total,
                rate=f"{speed:.1f} images/s" if speed else "",
                skipped=f"{state.skipped:,} skipped" if state.skipped else "",
            )

        yield show


class ExtractionLines:
    """Progress as lines, for logs: one at the start when work is continued, then at most every 10 s."""

    def __init__(self) -> None:
        self._begun: tuple[float, int] | None = None
        self._last = 0.0

    def __call__(self, state: Progress) -> None:
        """Print a line if one is due."""
        now = time.monotonic()
        if state.note:
            say(state.note)
        if self._begun is None:
            self._begun, self._last = (now, state.done), now
            if state.committed:
                say(f"continued after {state.committed:,} of {state.total:,} images")
        elif now - self._last >= SPARSE_SECONDS:
            self._last = now
            rate = (state.done - self._begun[1]) / (now - self._begun[0])
            left = (state.total - state.done) / rate if rate else 0.0
            say(f"{state.done:,} of {state.total:,} images, {rate:.1f} a second, {left:,.0f} s left")
