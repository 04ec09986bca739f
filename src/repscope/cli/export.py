"""``repscope export``: a set into a file of another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, print_json, say


@command
def export(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    name: Annotated[str, typer.Argument(metavar="SET", help="The set.")],
    to: Annotated[
        str, typer.Option("--to", metavar="FILE", help="File, folder or URL; its ending says the format.")
    ],
    *,
    as_format: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="The format, where the ending does not say it."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    seed: Annotated[int, typer.Option("--seed", hidden=True)] = 0,
) -> None:
    """Write a set as parquet, npz, csv or in another format that import reads back.

    Example: repscope export my-study visual_before --to before.parquet
    """
    from repscope.verbs.export import export_set

    made = export_set(study, name, to, as_format=as_format, overwrite=overwrite)
    for note in made.notes:
        say(f"note: {made.name}: {note}", quiet)
    if as_json:
        print_json(made.to_json())
    elif not quiet:
        print(made)
