"""``repscope demo``: the tour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, show
from repscope.cli.progress import progress
from repscope.verbs.demo.options import DemoOptions


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
    from repscope.verbs.demo.summary import tour_json, tour_lines
    from repscope.verbs.demo.tour import run_demo

    with progress(quiet) as tell:
        tour = run_demo(folder, **options.keywords(), progress=tell)
    show(tour_json(tour), tour_lines(tour), as_json=as_json, quiet=quiet)
