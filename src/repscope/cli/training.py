"""``repscope training``: what the logs of trainings say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, say, show
from repscope.text.display import display_safe
from repscope.verbs.training.options import TrainingOptions


@command
def training(
    logs: Annotated[list[Path], typer.Argument(help="Logs, or folders of logs; several to overlay.")],
    *,
    options: TrainingOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Curves, restarts, collapse, momentum and gradients from logs of any usual kind.

    Reads csv, JSON, npy, TensorBoard, Lightning, transformers and exports of Weights & Biases.

    Example: repscope training runs/seed_0 runs/seed_1 --series 'val*' --out curves
    """
    from repscope.verbs.training.training import training as run

    found = run(logs, **options.keywords())
    show(found, found.lines(), as_json=as_json, quiet=quiet)
    for note in found.notes:
        say(f"note: {display_safe(note, 400)}", quiet or as_json)
    if options.out is not None:
        say(f"report: {found.save(options.out, formats=options.figures)}", quiet or as_json)
