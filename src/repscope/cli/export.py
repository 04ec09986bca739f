"""``repscope export``: a set into a file of another format."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, say, show
from repscope.verbs.export.options import ExportOptions


@command
def export(
    study: StudyFolder,
    name: Annotated[str, typer.Argument(metavar="SET", help="The set.")],
    *,
    options: ExportOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a set as parquet, npz, csv or in another format that import reads back.

    Example: repscope export my-study visual_before --to before.parquet
    """
    from repscope.verbs.export.export import export as run

    made = run(study, name, **options.keywords())
    for note in made.notes:
        say(f"note: {made.name}: {note}", quiet)
    show(made, [str(made)], as_json=as_json, quiet=quiet)
