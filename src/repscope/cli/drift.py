"""``repscope drift``: ordered stages of the same items."""

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
def drift(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    sets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SET…]",
            help="Sets from first to last, in this order, or a stage order of study.toml; none with --group.",
        ),
    ] = None,
    *,
    reference: Annotated[
        str | None, typer.Option("--reference", "-r", help="Set to measure against, such as captions.")
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--on", help="'id' or a key column that links items and reference."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="Column of items that are not independent; id for none.")
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option("--groups", metavar="COL", help="Column of conditions, of the sets or of their rows."),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME=SET,SET", help="Stages of one group; once for each group."),
    ] = None,
    real: Annotated[
        str | None, typer.Option("--real", help="Set of real rows that every stage is measured to as well.")
    ] = None,
    positions: Annotated[
        str | None,
        typer.Option(
            "--positions",
            metavar="N,N,…",
            help="Where the stages stand; by default the numbers in their names where these rise.",
        ),
    ] = None,
    pair: Annotated[
        str, typer.Option("--pair", help="'id', or the key column that says which rows are one item.")
    ] = "id",
    drop_unlinked: DropUnlinked = False,
    measures: Annotated[
        str | None,
        typer.Option(
            "--measures",
            help="Of rank, frechet, mmd, manifold, modes, paths, comma-separated, or none; all by default.",
        ),
    ] = None,
    method: Annotated[str, typer.Option("--method", help="Map: pca, tsne, umap or none.")] = "pca",
    perplexity: Perplexity = 30.0,
    palette: Palette = "default",
    resamples: Resamples = 2000,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="WORDS", help="Exit with 3 on these verdicts, of any group."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the report; STUDY/results/drift/… by default."),
    ] = None,
    figures: Figures = "png,svg,pdf",
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """How did the same items change over ordered stages, and is it real? Verdict, figures and report.

    Example: repscope drift study gen_0 gen_4 gen_10 --reference captions --on caption_id
    """
    from repscope.study import Study
    from repscope.verbs.common.words import check_formats
    from repscope.verbs.drift.document import drift_summary
    from repscope.verbs.drift.drift import drift_study
    from repscope.verbs.drift.options import check_drift_gate, parse_groups, parse_positions, report_name

    gate = check_drift_gate(fail_on)
    formats = check_formats(figures)
    opened = Study.open(study)
    by_name = parse_groups(opened, group, groups)
    names = sets or []
    say(f"following {len(names) or 'grouped'} stages …", quiet)
    found = drift_study(
        study,
        names,
        groups=by_name,
        reference=reference,
        real=real,
        on=on,
        cluster=cluster,
        positions=parse_positions(positions),
        pair=pair,
        drop_unlinked=drop_unlinked,
        measures=None
        if measures is None
        else [one for one in measures.split(",") if one not in ("", "none")],
        method=method,
        perplexity=perplexity,
        palette=palette,
        seed=seed,
        resamples=resamples,
    )
    page = found.save(out or opened.results("drift", report_name(names, found)), formats=formats)
    if as_json:
        print_json(found.to_json())
    elif not quiet:
        print("\n".join(drift_summary(found)))
        print(f"report: {page}")
    failed = [word for word in found.verdicts.values() if word in gate]
    if failed:
        say(f"gate: the verdict is {failed[0]}", quiet)
        raise typer.Exit(GATE_FAILED)
