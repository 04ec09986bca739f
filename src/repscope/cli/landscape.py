"""``repscope landscape``: the loss around trained weights."""

from __future__ import annotations

import contextlib
import sys

from repscope.cli.common import AsJson, Quiet, command, say, show
from repscope.cli.progress import progress
from repscope.verbs.landscape.options import LandscapeOptions


@command
def landscape(*, options: LandscapeOptions, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """The loss on a plane through trained weights, as contours and as a surface.

    Filter-normalised directions, or those of the training itself; the same batch and masks in every cell.

    Example: repscope landscape --model net.py:build --weights net.pt --grid 25 --out landscape
    """
    from repscope.verbs.landscape.landscape import landscape as run

    # What a model file prints must not end up in the record on stdout.
    with contextlib.redirect_stdout(sys.stderr), progress(quiet or as_json) as tell:
        found = run(progress=tell, **options.keywords())
    show(found, found.lines(), as_json=as_json, quiet=quiet)
    for note in found.notes:
        say(f"note: {note}", quiet or as_json)
    if options.out is not None:
        say(f"figures: {found.save(options.out, formats=options.figures)}", quiet or as_json)
