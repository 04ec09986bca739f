"""``repscope segment``: heads on frozen features, with and without a quantiser."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, say, show
from repscope.cli.progress import progress
from repscope.verbs.segment.options import SegmentCompareOptions, TrainOptions

app = typer.Typer(
    name="segment",
    help="Segmentation on frozen features, with and without a quantiser: train, compare.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Run = Annotated[Path, typer.Argument(help="Folder of a run.")]


@app.command("train")
@command
def train(
    data: Annotated[
        Path, typer.Argument(help="Oxford-IIIT Pet, VOC, ADE, a folder of images/ and masks/, or a csv.")
    ],
    *,
    options: TrainOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train a head, and a quantiser before it, on the features of a frozen backbone.

    Example: repscope segment train pets --backbone hf:vit --quantizer vq --codebook 512 --out runs/vq
    """
    from repscope.verbs.segment.train import train as run

    with contextlib.redirect_stdout(sys.stderr), progress(quiet or as_json) as tell:
        made = run(data, **options.keywords(), progress=tell)
    show(made, made.lines(), as_json=as_json, quiet=quiet)
    for note in made.notes:
        say(f"note: {note}", quiet or as_json)


@app.command("compare")
@command
def compare(
    first: Run,
    second: Run,
    *,
    options: SegmentCompareOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare two runs picture by picture: IoU, Dice, boundaries, classes, codes, and a verdict.

    Example: repscope segment compare runs/none runs/vq --split test --out compared
    """
    from repscope.verbs.segment.compare import compare as run

    with contextlib.redirect_stdout(sys.stderr), progress(quiet or as_json) as tell:
        found = run(first, second, **options.keywords(), progress=tell)
    show(found, found.lines(), as_json=as_json, quiet=quiet)
    for note in found.notes:
        say(f"note: {note}", quiet or as_json)
    if options.out is not None:
        folder = found.save(
            options.out, formats=options.figures, n_best=options.n_best, n_worst=options.n_worst
        )
        say(f"figures: {folder}", quiet or as_json)
