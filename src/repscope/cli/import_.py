"""``repscope import``: embedding files of any origin into a study."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, print_json, say


@command
def import_files(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…", help="Files, folders of a format, or URLs; the format is found by content."
        ),
    ],
    study: Annotated[
        Path, typer.Option("--study", "-s", help="Folder of the study; created if there is none.")
    ],
    *,
    names: Annotated[
        str | None,
        typer.Option("--as", metavar="SET[,SET…]", help="Names of the sets; by default the files' names."),
    ] = None,
    vectors: Annotated[
        str | None,
        typer.Option("--vectors", metavar="KEY", help="Key, column or column prefix of the vectors."),
    ] = None,
    ids: Annotated[str | None, typer.Option("--ids", metavar="KEY", help="Key or column of the ids.")] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="KEY", help="Key or column of the labels.")
    ] = None,
    items: Annotated[
        str | None,
        typer.Option(
            "--items",
            metavar="FILE",
            help="Table of item columns (csv, json, parquet): joined by id, else row by row.",
        ),
    ] = None,
    drop_invalid: Annotated[
        bool,
        typer.Option("--drop-invalid", help="Leave rows with NaN, Inf or only zeros out, and record them."),
    ] = False,
    trust_pickle: Annotated[
        bool, typer.Option("--trust-pickle", help="DANGEROUS: run the code that a pickle asks for; recorded.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace sets of the same names; each stays until the new one is whole."
        ),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read npy, npz, csv, parquet, safetensors, pt, pickle, h5ad and other files into embedding sets.

    Example: repscope import clip.npz --study my-study --as visual_before --labels class_name
    """
    from repscope.verbs.import_ import import_files as run

    def warn(text: str) -> None:
        # Shown even with --quiet: this is not progress.
        print(f"warning: {text}", file=sys.stderr)

    with contextlib.redirect_stdout(sys.stderr):
        # A trusted pickle may print; stdout is for the record.
        written = run(
            files,
            study,
            names=names,
            vectors=vectors,
            ids=ids,
            labels=labels,
            items=items,
            drop_invalid=drop_invalid,
            overwrite=overwrite,
            trust_pickle=trust_pickle,
            warn=warn,
        )
    for one in written:
        for note in one.notes:
            say(f"note: {one.name}: {note}", quiet)
    if as_json:
        print_json([one.to_json() for one in written])
    elif not quiet:
        print("\n".join(str(one) for one in written))
