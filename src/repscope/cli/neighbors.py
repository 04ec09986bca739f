"""``repscope neighbors``: the nearest items, as a table and as pictures."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, say, show
from repscope.verbs.neighbors.options import NeighborsOptions


@command
def neighbors(
    study: StudyFolder,
    name: Annotated[str, typer.Argument(metavar="SET", help="Set that is searched.")],
    *,
    options: NeighborsOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """The nearest items of every item, or of the ones named; within a set, or from one set to another.

    Example: repscope neighbors study after --query bear.jpg --k 5 --grid
    """
    from repscope.study import Study
    from repscope.verbs.neighbors.neighbors import neighbors as run

    result = run(study, name, **options.keywords())
    # A question about a few items is answered on the terminal; it replaces nobody's results.
    folder = options.out
    if folder is None and (options.grid or not options.query):
        title = name if result.base is result.queries else f"{result.queries.name} - {name}"
        kept = f"{title} - queries" if options.query else title
        folder = Study.open(study).results("neighbors", kept)
    said = [result.summary()]
    if folder is not None:
        grid = None
        if options.grid:
            from repscope.verbs.neighbors.grid import neighbour_grid

            grid = neighbour_grid(result, seed=options.seed)
        folder = result.save(folder, grid=grid, formats=options.figures)
        said.append(f"neighbors: {folder / 'neighbors.parquet'}")
        if options.grid:
            said.append(f"grid: {folder / f'grid.{options.figures[0]}' if options.figures else folder}")
    record = result.to_json(listed=bool(options.query)) | {"out": None if folder is None else str(folder)}
    show(record, result.lines(), as_json=as_json, quiet=quiet)
    for line in said:
        say(line, quiet or as_json)
