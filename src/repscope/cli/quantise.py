"""``repscope quantise``: a set as codes, and what that costs."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, show
from repscope.cli.progress import progress
from repscope.verbs.quantise.options import QuantiseOptions


@command
def quantise(
    study: StudyFolder,
    name: Annotated[str, typer.Argument(metavar="SET", help="The set that is fitted on.")],
    *,
    options: QuantiseOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """A set as codes: which are in use, what they keep, what they cost.

    Example: repscope quantise study visual --method vq --codebook 256 --as visual_vq
    """
    from repscope.study import Study
    from repscope.verbs.quantise.document import summary_lines
    from repscope.verbs.quantise.quantise import quantise as run

    with progress(quiet) as tell:
        made = run(study, name, **options.keywords(), progress=tell)
    folder = options.out or Study.open(study).results("quantise", options.as_)
    page = made.save(folder, formats=options.figures)
    show(made, [*summary_lines(made), f"report: {page}"], as_json=as_json, quiet=quiet)
