"""``repscope project``: a joint map, and how far to trust it."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, say, show
from repscope.verbs.project.options import ProjectOptions


@command
def project(
    study: StudyFolder,
    names: Annotated[list[str], typer.Argument(metavar="SET…", help="Sets of one width, fitted jointly.")],
    *,
    options: ProjectOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """One map of several sets, with its faithfulness; coordinates, record and figure.

    Example: repscope project study before after text --method umap
    """
    from repscope.knn.kept import folder_of
    from repscope.study import Study
    from repscope.verbs.project.project import project as run

    made = run(study, names, **options.keywords())
    opened = Study.open(study)
    folder = made.save(options.out or opened.results("project", " - ".join(names)), formats=options.figures)
    show(made, [f"{made.projection}: {made.projection.faithfulness}"], as_json=as_json, quiet=quiet)
    if made.projection.kept:
        say(f"neighbours: read from {folder_of(opened)}", quiet or as_json)
    say(f"map: {folder / 'map.png' if 'png' in options.figures else folder}", quiet or as_json)
