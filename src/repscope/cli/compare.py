"""``repscope compare``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import (
    GATE_FAILED,
    AsJson,
    DropUnlinked,
    Figures,
    Palette,
    Perplexity,
    Quiet,
    Resamples,
    Seed,
    command,
    print_json,
    say,
)


@command
def compare(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    before: Annotated[str, typer.Argument(help="Set before the step.")],
    after: Annotated[str, typer.Argument(help="Set after the step; the same items.")],
    *,
    reference: Annotated[str, typer.Option("--reference", "-r", help="Set to measure against.")],
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            help="'id' or a key column that links items and reference; without it, distributions only.",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster", help="Column of items that are not independent, such as image_id; id for none."
        ),
    ] = None,
    views: Annotated[
        str | None,
        typer.Option(
            "--views",
            metavar="COL",
            help="Column of what rows are augmented views of, for the measure lidar.",
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", metavar="COL=VALUE", help="Only items with this value.")
    ] = None,
    method: Annotated[str, typer.Option("--method", help="Map: tsne, umap, pca or none.")] = "tsne",
    perplexity: Perplexity = 30.0,
    measures: Annotated[
        str | None, typer.Option("--measures", help="Names, comma-separated; all by default.")
    ] = None,
    seen: Annotated[
        str | None, typer.Option("--seen", help="Column of the reference that says which classes were seen.")
    ] = None,
    palette: Palette = "default",
    drop_unlinked: DropUnlinked = False,
    resamples: Resamples = 2000,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="WORDS", help="Exit with 3 on these verdicts, comma-separated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the report; STUDY/results/compare/… by default."),
    ] = None,
    figures: Figures = "png,svg,pdf",
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Did the step improve alignment, and is it real? Verdict, table, map and report.

    Example: repscope compare study visual_before visual_after --reference text --on label --cluster image_id
    """
    from repscope.study import Study
    from repscope.verbs.common.words import check_formats, check_gate, gate_failed
    from repscope.verbs.compare.compare import compare_study, parse_split
    from repscope.verbs.compare.summary import summary_lines

    gate = check_gate(fail_on)
    formats = check_formats(figures)
    options = {
        "on": on,
        "cluster": cluster,
        "views": views,
        "split": parse_split(split),
        "drop_unlinked": drop_unlinked,
        "measures": [name.strip() for name in measures.split(",")] if measures else None,
        "method": method,
        "perplexity": perplexity,
        "seen": seen,
        "palette": palette,
        "seed": seed,
        "resamples": resamples,
    }
    say(f"comparing {before} with {after} …", quiet)
    comparison = compare_study(study, before, after, reference, options)
    folder = out or Study.open(study).results("compare", f"{before} - {after}")
    page = comparison.save(folder, formats=formats)
    if as_json:
        print_json(comparison.to_json())
    elif not quiet:
        print("\n".join(summary_lines(comparison)))
        print(f"report: {page}")
    if gate_failed(gate, comparison.verdict.word):
        say(f"gate: the verdict is {comparison.verdict.word}", quiet)
        raise typer.Exit(GATE_FAILED)
