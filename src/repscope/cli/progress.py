"""Progress of long work: a bar on a terminal, a line now and then elsewhere, nothing when quiet."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from repscope.cli.common import say

if TYPE_CHECKING:
    from repscope.text.progress import OnProgress, Progress

SPARSE_SECONDS = 10.0
"""Between lines of progress where there is no terminal."""


def progress(quiet: bool) -> contextlib.AbstractContextManager[OnProgress | None]:
    """A function to tell progress to, or None when nobody wants to know."""

    def beside(state: Progress, _: float | None) -> tuple[str, str]:
        return "" if state.seconds_left is None else f"{state.seconds_left:,.0f} s left", state.note

    return _listening(quiet, _Lines, beside)


def extraction_progress(quiet: bool) -> contextlib.AbstractContextManager[OnProgress | None]:
    """The same of an extraction, whose rate is counted here and whose notes are events."""

    def beside(state: Progress, speed: float | None) -> tuple[str, str]:
        left = f", {(state.total - state.done) / speed:,.0f} s left" if speed else ""
        rate = f"{speed:.1f} images/s{left}" if speed else ""
        return rate, f"{state.skipped:,} skipped" if state.skipped else ""

    return _listening(quiet, ExtractionLines, beside, events=True)


@contextlib.contextmanager
def _listening(
    quiet: bool,
    lines: Callable[[], OnProgress],
    beside: Callable[[Progress, float | None], tuple[str, str]],
    *,
    events: bool = False,
) -> Iterator[OnProgress | None]:
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    texts = [TextColumn(f"{{task.{one}}}") for one in ("description", "fields[first]", "fields[second]")]
    columns = (texts[0], BarColumn(), MofNCompleteColumn(), *texts[1:])
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        # One line at a time: what is done is said by the line that follows.
        task = bar.add_task("loading the model" if events else "", total=None, first="", second="")

        def show(state: Progress) -> None:
            if events and state.note:
                bar.console.print(state.note, markup=False, highlight=False)
            first, second = beside(state, bar.tasks[0].speed)
            bar.update(
                task,
                description=state.what,
                completed=state.done,
                total=state.total,
                first=first,
                second=second,
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
