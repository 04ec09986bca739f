"""``repscope inside``: attention, masks, predictions, training and landscape, as one report."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, say, show
from repscope.cli.progress import progress
from repscope.verbs.inside.options import InsideOptions


@command
def inside(
    source: Annotated[
        Path | None, typer.Argument(help="Images, as for extract; for attention and predictions.")
    ] = None,
    *,
    options: InsideOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """All that looks into one model, as one report: what was given decides which parts it has.

    Example: repscope inside photos --all --model hf:vit --predictor jepa.py:build --logs runs --out report
    """
    from repscope.verbs.inside.inside import inside as run

    with contextlib.redirect_stdout(sys.stderr), progress(quiet or as_json) as tell:
        found = run(source, **options.keywords(), progress=tell)
    show(found, found.lines(), as_json=as_json, quiet=quiet)
    for note in found.notes:
        say(f"note: {note}", quiet or as_json)
    if options.out is not None:
        say(f"report: {found.save(options.out, formats=options.figures)}", quiet or as_json)
