"""What ``repscope extract`` prints: its plan, its progress, and what it has done."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from repscope.cli.common import say
from repscope.cli.progress import SPARSE_SECONDS

if TYPE_CHECKING:
    from repscope.extraction import Extraction
    from repscope.extraction.run.plan import Plan
    from repscope.text.progress import Progress


def summary_lines(done: Extraction) -> Iterator[str]:
    """Sets, what was left out and why, notes."""
    if done.already_there:
        yield "already there, made by this same command; nothing to do"
    for one in done.sets:
        skipped = f"  {len(one.skipped):,} skipped" if one.skipped else ""
        size = f"{one.n:>9,} × {one.d:<5} {one.dtype:<8} {one.fingerprint[:12]}"
        yield f"{one.name:<24} {size}  {one.capture}{skipped}"
    if not done.already_there:
        yield f"{done.items:,} images in {done.seconds:.1f} s"
    if done.ignored:
        yield f"{done.ignored:,} files that are no images were ignored"
    for item in done.sets[0].skipped[:5]:
        yield f"skipped {item.id}: {item.reason}"
    for note in done.notes:
        yield f"note: {note}"


def plan_lines(plan: Plan) -> Iterator[str]:
    """What would be read, how, and which sets it would fill."""
    for one in plan.sources:
        shape = " × ".join(str(side) for side in one.shape)
        yield f"{one.items:,} {one.kind}s of {one.record.get('kind')} {one.record.get('path')}"
        yield f"  first         {', '.join(one.first)}"
        yield f"  columns       {', '.join(('id', *one.columns))}"
        yield f"  preprocessing {json.dumps(one.preprocessing, ensure_ascii=False)}"
        yield f"  first batch   {shape}"
        for item in one.skipped[:5]:
            yield f"  would skip    {item.id}: {item.reason}"
        if len(one.skipped) > 5:
            yield f"  would skip    {len(one.skipped) - 5:,} more before the end of the first batch"
    for each in plan.sets:
        rows = f", {each.rows_per_item:,} rows an item" if each.rows_per_item > 1 else ""
        yield f"would fill {each.name:<20} {each.d:>6} wide {each.dtype:<8} {each.capture}{rows}"
    for note in plan.notes:
        yield f"note: {note}"
    if plan.sheet_file:
        yield f"contact sheet: {plan.sheet_file}"
    yield "nothing was written to the study"


@contextlib.contextmanager
def extraction_progress(quiet: bool) -> Iterator[Any]:
    """A bar on a terminal, a line now and then elsewhere, nothing when quiet."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield ProgressLines()
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


class ProgressLines:
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
