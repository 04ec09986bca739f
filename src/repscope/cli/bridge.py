"""``repscope bridge``: the registry, fitting, applying, and judging side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Figures, Palette, Quiet, Resamples, Seed, command, print_json, say
from repscope.cli.progress import progress

app = typer.Typer(
    name="bridge",
    help="Transforms fitted towards a reference: list, fit, apply, judge side by side.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_STUDY = typer.Argument(help="Folder of the study.")
_PARAM = typer.Option(
    "--param", metavar="NAME=VALUE", help="A parameter of the method, repeatable; see bridge methods NAME."
)
_CLUSTER = typer.Option(
    "--cluster", help="Column of source rows that are not independent, such as image_id; id for none."
)
_UNSEEN = typer.Option(
    "--unseen",
    metavar="COL=VALUE",
    help="Rows with this value are never fitted on, and are judged as unseen. Repeatable.",
)
_DROP = typer.Option("--drop-unlinked", help="Leave out source rows whose key the target lacks.")


@app.command("methods")
@command
def methods(
    name: Annotated[
        str | None, typer.Argument(metavar="[METHOD]", help="One method, with its parameters; all without.")
    ] = None,
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
    seed: Annotated[int, typer.Option("--seed", hidden=True)] = 0,
) -> None:
    """Every bridge: what it learns from, what it costs, when to choose it.

    Example: repscope bridge methods gaussian-ot
    """
    from repscope.transform.catalogue import method
    from repscope.transform.catalogue import methods as all_methods
    from repscope.verbs.bridge.methods import method_lines, methods_lines, methods_record

    if name is None:
        record, lines = methods_record(), methods_lines(all_methods())
    else:
        record, lines = methods_record(name), method_lines(method(name))
    if as_json:
        print_json(record)
    elif not quiet:
        print("\n".join(lines))


@app.command("fit")
@command
def fit(
    study: Annotated[Path, _STUDY],
    *,
    source: Annotated[str, typer.Option("--source", metavar="SET", help="Rows to be moved.")],
    target: Annotated[str, typer.Option("--target", metavar="SET", help="Rows to move towards.")],
    method: Annotated[str, typer.Option("--method", help="A name from: repscope bridge methods.")],
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Name of the bridge in the study.")],
    on: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="KEY", help="'id' or a key column that says which rows belong together."
        ),
    ] = None,
    unpaired: Annotated[
        bool, typer.Option("--unpaired", help="Nothing is known of which rows belong together.")
    ] = False,
    param: Annotated[list[str] | None, _PARAM] = None,
    cluster: Annotated[str | None, _CLUSTER] = None,
    hold_out: Annotated[
        str,
        typer.Option(
            "--hold-out", help="What the fit must not see, to be judged on: clusters, classes or none."
        ),
    ] = "clusters",
    share: Annotated[float, typer.Option("--share", help="Share of the clusters or classes held out.")] = 0.2,
    unseen: Annotated[list[str] | None, _UNSEEN] = None,
    drop_unlinked: Annotated[bool, _DROP] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bridge of this name.")] = False,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fit a bridge on the rows that are not held out, and keep it in STUDY/transforms.

    Example: repscope bridge fit study --source visual --target text --method ridge --on label --as ridge
    """
    from repscope.verbs.bridge.fit import fit_bridge
    from repscope.verbs.bridge.holdout import HoldOut, check_way, parse_unseen
    from repscope.verbs.bridge.params import parse_params

    rule = HoldOut(check_way(hold_out), share, parse_unseen(unseen), seed)
    with progress(quiet) as show:
        done = fit_bridge(
            study,
            source,
            target,
            method,
            name=name,
            on=on,
            unpaired=unpaired,
            cluster=cluster,
            hold_out=rule,
            params=parse_params(param),
            drop_unlinked=drop_unlinked,
            overwrite=overwrite,
            seed=seed,
            progress=show,
        )
    for note in done.notes:
        say(f"note: {note}", quiet)
    # Shown even with --quiet: this is not progress.
    for text in done.stored.warnings:
        say(f"warning: {text}")
    if as_json:
        print_json(done.to_json())
    elif not quiet:
        print(done)


@app.command("apply")
@command
def apply(
    study: Annotated[Path, _STUDY],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The bridge.")],
    *,
    to: Annotated[str, typer.Option("--to", metavar="SET", help="Set whose rows are moved.")],
    as_: Annotated[str, typer.Option("--as", metavar="SET2", help="Name of the new set.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a set of this name.")] = False,
    shard_rows: Annotated[
        int | None, typer.Option("--shard-rows", min=1, help="Rows committed at a time; 32 MiB by default.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    seed: Annotated[int, typer.Option("--seed", hidden=True)] = 0,
) -> None:
    """Move every row of a set through a bridge, into a new set of the same items; continues after a kill.

    Example: repscope bridge apply study ridge --to visual --as visual_after
    """
    from repscope.verbs.bridge.fit import apply_bridge

    with progress(quiet) as show:
        made = apply_bridge(study, name, to, as_, overwrite=overwrite, shard_rows=shard_rows, progress=show)
    if as_json:
        print_json(
            {"name": made.name, "n": made.n, "d": made.d, "dtype": made.dtype.name,
             "fingerprint": made.fingerprint, "provenance": made.provenance}
        )  # fmt: skip
    elif not quiet:
        print(f"{made.name:<24} {made.n:>9,} × {made.d:<5} {made.dtype.name:<8} {made.fingerprint[:12]}")


@app.command("report")
@command
def report(
    study: Annotated[Path, _STUDY],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Bridges of the study.")
    ] = None,
    *,
    methods: Annotated[
        str | None,
        typer.Option("--methods", help="Methods to fit for this report, comma-separated, or all."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="SET", help="With --methods alone: rows to be moved.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="SET", help="With --methods alone: rows to move towards."),
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="KEY", help="'id' or a key column that links them.")
    ] = None,
    cluster: Annotated[str | None, _CLUSTER] = None,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Of the cross-validation.")] = 5,
    unseen: Annotated[list[str] | None, _UNSEEN] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param", metavar="METHOD.NAME=VALUE", help="A parameter of one of --methods. Repeatable."
        ),
    ] = None,
    measures: Annotated[
        str | None,
        typer.Option("--measures", help="Names, comma-separated; those of the verdict by default."),
    ] = None,
    entry_times: Annotated[
        str | None,
        typer.Option(
            "--entry-times",
            metavar="T,…",
            help="Times of entry for diffusion bridges, or none; a range by default.",
        ),
    ] = None,
    drop_unlinked: Annotated[bool, _DROP] = False,
    resamples: Resamples = 2000,
    palette: Palette = "default",
    figures: Figures = "png,svg,pdf",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder; STUDY/results/bridge/… by default.")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Bridges side by side on the same rows, which none of them has seen: verdicts, losses, cost.

    Example: repscope bridge report study --methods all --source visual --target text --on label
    """
    from repscope.study import Study
    from repscope.verbs.bridge.document import bridge_summary
    from repscope.verbs.bridge.figures import draw_bridges
    from repscope.verbs.bridge.holdout import parse_unseen
    from repscope.verbs.bridge.judge import report_bridges
    from repscope.verbs.bridge.options import check_palette, parse_times, report_name
    from repscope.verbs.bridge.params import chosen_methods, params_by_method
    from repscope.verbs.bridge.save import save_bridges
    from repscope.verbs.common.words import check_formats

    formats = check_formats(figures)
    check_palette(palette)
    chosen, every = chosen_methods(methods)
    times = parse_times(entry_times)
    with progress(quiet) as show:
        found = report_bridges(
            study,
            names or (),
            methods=chosen,
            lenient=every,
            source=source,
            target=target,
            on=on,
            cluster=cluster,
            unseen=parse_unseen(unseen),
            folds=folds,
            params=params_by_method(param, chosen),
            measures=tuple(name.strip() for name in measures.split(",")) if measures else None,
            drop_unlinked=drop_unlinked,
            entry_times=times,
            seed=seed,
            resamples=resamples,
            report=show,
        )
    folder = out or Study.open(study).results("bridge", report_name(found, names or ()))
    drawn = draw_bridges(found, palette=palette) if formats else None
    page = save_bridges(found, drawn, folder, formats=formats)
    if as_json:
        print_json(found.to_json())
    elif not quiet:
        print("\n".join(bridge_summary(found)))
        print(f"report: {page}")


@app.command("import-diffusion")
@command
def import_diffusion(
    study: Annotated[Path, _STUDY],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="model-N.pt of lucidrains' denoising-diffusion-pytorch.")
    ],
    *,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Name of the bridge in the study.")],
    source_mean: Annotated[
        str | None,
        typer.Option("--source-mean", metavar="SET|FILE", help="What source rows were centred with."),
    ] = None,
    target_mean: Annotated[
        str | None,
        typer.Option("--target-mean", metavar="SET|FILE", help="What target rows were centred with."),
    ] = None,
    width: Annotated[
        int | None, typer.Option("--width", min=1, help="Of the rows, where no mean tells it.")
    ] = None,
    weights: Annotated[str, typer.Option("--weights", help="ema, or raw as EZ-HOI used them.")] = "ema",
    param: Annotated[list[str] | None, _PARAM] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bridge of this name.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    seed: Annotated[int, typer.Option("--seed", hidden=True)] = 0,
) -> None:
    """Read a diffusion checkpoint of the older systems as a bridge; nothing in the file is executed.

    Example: repscope bridge import-diffusion study model-50.pt --as old --target-mean text_mean.pkl
    """
    from repscope.verbs.bridge.diffusion_files import import_diffusion as run
    from repscope.verbs.bridge.params import parse_params

    kept = run(
        study,
        file,
        name=name,
        source_mean=source_mean,
        target_mean=target_mean,
        width=width,
        weights=weights,
        params=parse_params(param),
        overwrite=overwrite,
    )
    if as_json:
        print_json({"schema": "repscope.bridge-fit/1", **kept.to_json()})
    elif not quiet:
        print(f"{kept.name}: {kept.method}, width {kept.width_in}, {kept.fingerprint[:12]}")


@app.command("export-diffusion")
@command
def export_diffusion(
    study: Annotated[Path, _STUDY],
    name: Annotated[str, typer.Argument(metavar="NAME", help="A ddpm bridge with the denoiser unet1d.")],
    *,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="model-N.pt to write.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
    seed: Annotated[int, typer.Option("--seed", hidden=True)] = 0,
) -> None:
    """Write a diffusion bridge as a checkpoint that lucidrains' trainer loads.

    Example: repscope bridge export-diffusion study old --to model-1.pt
    """
    from repscope.verbs.bridge.diffusion_files import export_diffusion as run

    written = run(study, name, to)
    if as_json:
        print_json({"bridge": name, "file": str(written), "bytes": written.stat().st_size})
    elif not quiet:
        print(f"{name} → {written}")
