"""``repscope import``: embedding files of any origin into a study."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from repscope.cli.common import AsJson, Quiet, command, say, show
from repscope.verbs.import_.options import ImportOptions


class ListsFormats(TyperCommand):
    """The command, with the formats that are read below its options; ``--help`` alone looks them up."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        from repscope.formats.known import known_text

        self.epilog = known_text()
        super().format_help(ctx, formatter)


@command
def import_files(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…", help="Files, folders of a format, or URLs; the format is found by content."
        ),
    ],
    *,
    options: ImportOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read npy, npz, csv, json, parquet, safetensors, pt, pickle, h5 and other files into embedding sets.

    Example: repscope import clip.npz --study my-study --as visual_before --labels class_name
    """
    from repscope.verbs.import_.import_ import import_files as run

    with contextlib.redirect_stdout(sys.stderr):
        # A trusted pickle may print; stdout is for the record. Warnings are no progress: --quiet has them.
        written = run(files, **options.keywords(), warn=lambda text: say(f"warning: {text}"))
    for one in written:
        for note in one.notes:
            say(f"note: {one.name}: {note}", quiet)
    show([one.to_json() for one in written], map(str, written), as_json=as_json, quiet=quiet)
