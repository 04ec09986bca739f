"""``repscope predictions``: what a model predicts of hidden patches."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, say, show
from repscope.cli.progress import extraction_progress
from repscope.verbs.predictions.options import PredictionsOptions


@command
def predictions(
    source: Annotated[
        Path, typer.Argument(help="Images, as for extract: a folder, a table, an image, an archive.")
    ],
    *,
    options: PredictionsOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """What a JEPA or a masked autoencoder predicts of hidden patches: error, cosine, by hierarchy level.

    Beside the mean of the visible patches and the context of another image, with intervals over images.

    Example: repscope predictions photos --model jepa.py:build --out predictions
    """
    from repscope.verbs.predictions.predictions import predictions as run

    keywords = options.keywords()
    # What a model file prints must not end up in the record on stdout.
    with contextlib.redirect_stdout(sys.stderr), extraction_progress(quiet) as tell:
        found = run(source, keywords.pop("model"), progress=tell, **keywords)
    show(found, found.lines(), as_json=as_json, quiet=quiet)
    for name, why in list(found.skipped.items())[:5]:
        say(f"skipped {name}: {why}", quiet or as_json)
    for note in found.notes:
        say(f"note: {note}", quiet or as_json)
    for name in found.sets:
        say(f"set: {name}", quiet or as_json)
    if options.out is not None:
        say(f"figures: {found.save(options.out, formats=options.figures)}", quiet or as_json)
