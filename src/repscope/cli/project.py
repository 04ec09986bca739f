"""``repscope project``: a joint map, and how far to trust it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Figures, Perplexity, Quiet, Seed, command, print_json, say


@command
def project(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    names: Annotated[list[str], typer.Argument(metavar="SET…", help="Sets of one width, fitted jointly.")],
    *,
    method: Annotated[str, typer.Option("--method", help="tsne, umap or pca.")] = "tsne",
    perplexity: Perplexity = 30.0,
    n_neighbors: Annotated[int, typer.Option("--neighbors", min=2, help="Of UMAP.")] = 15,
    min_dist: Annotated[float, typer.Option("--min-dist", min=0.0, max=1.0, help="Of UMAP.")] = 0.1,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor keep neighbours in STUDY/cache.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder; STUDY/results/project/… by default.")
    ] = None,
    figures: Figures = "png,svg,pdf",
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """One map of several sets, with its faithfulness; coordinates, record and figure.

    Example: repscope project study before after text --method umap
    """
    from repscope.neighbors.kept import folder_of
    from repscope.study import Study
    from repscope.verbs.common.words import check_formats, map_method
    from repscope.verbs.project import project_study

    formats = check_formats(figures)
    chosen = map_method(method, none=False)
    made = project_study(
        study,
        names,
        method=chosen or "pca",
        perplexity=perplexity,
        n_neighbors=n_neighbors,
        min_dist=min_dist,
        seed=seed,
        use_cache=not no_cache,
    )
    opened = Study.open(study)
    folder = made.save(out or opened.results("project", " - ".join(names)), formats=formats)
    if as_json:
        print_json(made.to_json())
    elif not quiet:
        print(f"{made.projection}: {made.projection.faithfulness}")
        if made.projection.kept:
            say(f"neighbours: read from {folder_of(opened)}")
        say(f"map: {folder / 'map.png' if 'png' in formats else folder}")
