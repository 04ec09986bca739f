"""``repscope attention``: what each head of a model looks at."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, say, show
from repscope.cli.progress import extraction_progress
from repscope.verbs.attention.options import AttentionOptions


@command
def attention(
    source: Annotated[
        Path,
        typer.Argument(help="Images or texts, as for extract: a folder, a table, an image, a text file."),
    ],
    *,
    options: AttentionOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Attention weights as the model computes them, per layer and head: entropy, distance, maps, rollout.

    Works with eager, fused and nn.MultiheadAttention layers, without editing the model.

    Example: repscope attention photos --model hf:vit --layers 0,5,11 --out attention --to weights.npz
    """
    from repscope.verbs.attention.attention import attention as run

    keywords = options.keywords()
    # What a model file prints must not end up in the record on stdout.
    with contextlib.redirect_stdout(sys.stderr), extraction_progress(quiet) as tell:
        found = run(
            source, keywords.pop("model"), keep_weights=options.to is not None, progress=tell, **keywords
        )
    show(found, found.lines(), as_json=as_json, quiet=quiet)
    for name, why in list(found.skipped.items())[:5]:
        say(f"skipped {name}: {why}", quiet or as_json)
    for note in found.notes:
        say(f"note: {note}", quiet or as_json)
    if options.to is not None:
        say(f"weights: {found.save_weights(options.to)}", quiet or as_json)
    if options.out is not None:
        say(f"figures: {found.save(options.out, formats=options.figures)}", quiet or as_json)
