"""``repscope masks``: what a sampler of masks really hides."""

from __future__ import annotations

import contextlib
import sys

from repscope.cli.common import AsJson, Quiet, command, say, show
from repscope.verbs.masks.options import MasksOptions


@command
def masks(*, options: MasksOptions, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Masks of masked-prediction training: ratio, overlap, coverage, sizes, and where they lie.

    Samplers as published, and your own; compared over many samples.

    Example: repscope masks --sampler multiblock --grid 14,14 --samples 1000 --out masks
    """
    from repscope.verbs.masks.masks import masks as run

    # What a sampler prints must not end up in the record on stdout.
    with contextlib.redirect_stdout(sys.stderr):
        found = run(**options.keywords())
    show(found, found.lines(), as_json=as_json, quiet=quiet)
    for note in found.notes:
        say(f"note: {note}", quiet or as_json)
    if options.out is not None:
        folder = found.save(options.out, formats=options.figures, animate=options.animate)
        say(f"figures: {folder}", quiet or as_json)
