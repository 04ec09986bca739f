"""``repscope neighbors``: the nearest items, as a table and as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Figures, Quiet, Seed, command, print_json, say


@command
def neighbors(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    name: Annotated[str, typer.Argument(metavar="SET", help="Set that is searched.")],
    *,
    query: Annotated[
        list[str] | None,
        typer.Option("--query", metavar="ID", help="Item to search for, repeatable; all items without."),
    ] = None,
    query_set: Annotated[
        str | None,
        typer.Option(
            "--query-set", metavar="SET", help="Set of the items to search for; SET itself without."
        ),
    ] = None,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="Neighbours of each item.")] = 10,
    metric: Annotated[str, typer.Option("--metric", help="cosine, inner or l2.")] = "cosine",
    approximate: Annotated[
        bool,
        typer.Option(
            "--approximate", help="Search nearly, and print the measured recall; unasked above 150,000 rows."
        ),
    ] = False,
    exact: Annotated[bool, typer.Option("--exact", help="Search exactly, whatever it costs.")] = False,
    device: Annotated[
        str | None,
        typer.Option("--device", help="cuda, cuda:1: exact search of all items on a GPU; the CPU without."),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor keep neighbours in STUDY/cache.")
    ] = False,
    grid: Annotated[bool, typer.Option("--grid", help="Draw items and neighbours as pictures.")] = False,
    figures: Figures = "png,svg,pdf",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder; STUDY/results/neighbors/… by default.")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """The nearest items of every item, or of the ones named; within a set, or from one set to another.

    Example: repscope neighbors study after --query bear.jpg --k 5 --grid
    """
    from repscope.errors import InputError
    from repscope.neighbors.graph import SearchMode
    from repscope.study import Study
    from repscope.verbs.common.words import check_formats
    from repscope.verbs.neighbors.neighbors import graph, nearest

    if device is not None and query:
        raise InputError(
            "a device for a search of all items",
            "--device and --query",
            "leave --device out: few items are quick",
        )
    if approximate and exact:
        raise InputError("one way to search", "--approximate and --exact", "leave one out")
    formats = check_formats(figures)
    search: SearchMode = "approximate" if approximate else "exact" if exact else "auto"
    opened = Study.open(study)
    if query:
        result = nearest(
            opened, name, query, query_set=query_set, k=k, metric=metric, search=search,
            use_cache=not no_cache, seed=seed,
        )  # fmt: skip
    else:
        result = graph(
            opened, name, query_set=query_set, k=k, metric=metric, search=search,
            use_cache=not no_cache, device=device, seed=seed,
        )  # fmt: skip
    # A question about a few items is answered on the terminal; it replaces nobody's results.
    folder = None
    if out is not None or grid or not query:
        title = name if result.base is result.queries else f"{result.queries.name} - {name}"
        folder = result.save(out or opened.results("neighbors", f"{title} - queries" if query else title))
    if grid and folder is not None:
        from repscope.verbs.neighbors.grid import save_grid

        save_grid(result, folder, formats=formats, seed=seed)
    if as_json:
        record = result.to_json(listed=bool(query))
        print_json({**record, "out": None if folder is None else str(folder)})
    elif not quiet:
        print("\n".join(result.lines()))
        say(result.summary())
        if folder is not None:
            say(f"neighbors: {folder / 'neighbors.parquet'}")
            if grid:
                say(f"grid: {folder / f'grid.{formats[0]}' if formats else folder}")
