"""``repscope demo``: the tour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from repscope.cli.common import AsJson, Quiet, command, show
from repscope.verbs.demo.options import DemoOptions

if TYPE_CHECKING:
    from repscope.text.progress import Progress as Now


@command
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder to fill; created.")] = Path(
        "repscope-demo"
    ),
    *,
    options: DemoOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """The tour, offline, on real data: a transform that helps, one that collapses, a generator that forgets.

    Example: repscope demo my-demo
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from repscope.verbs.demo.summary import tour_json, tour_lines
    from repscope.verbs.demo.tour import run_demo

    columns = (TextColumn("{task.description:<36}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        tasks: dict[str, Any] = {}

        def tell(now: Now) -> None:
            if now.what not in tasks:
                tasks[now.what] = progress.add_task(now.what, total=now.total)
            progress.update(tasks[now.what], completed=now.done)

        tour = run_demo(folder, **options.keywords(), progress=tell)
    show(tour_json(tour), tour_lines(tour), as_json=as_json, quiet=quiet)
