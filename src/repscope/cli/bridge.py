"""``repscope bridge``: the registry, fitting, applying, and judging side by side."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, say, show
from repscope.cli.progress import progress
from repscope.verbs.bridge.options import ApplyOptions, FitOptions, ImportDiffusionOptions, JudgeOptions

app = typer.Typer(
    name="bridge",
    help="Transforms fitted towards a reference: list, fit, apply, judge side by side.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("methods")
@command
def methods(
    name: Annotated[
        str | None, typer.Argument(metavar="[METHOD]", help="One method, with its parameters; all without.")
    ] = None,
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Every bridge: what it learns from, what it costs, when to choose it.

    Example: repscope bridge methods gaussian-ot
    """
    from repscope.transform.catalogue import method
    from repscope.transform.catalogue import methods as all_methods
    from repscope.verbs.bridge.methods import method_lines, methods_lines, methods_record

    lines = methods_lines(all_methods()) if name is None else method_lines(method(name))
    show(methods_record(name), lines, as_json=as_json, quiet=quiet)


@app.command("fit")
@command
def fit(study: StudyFolder, *, options: FitOptions, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Fit a bridge on the rows that are not held out, and keep it in STUDY/transforms.

    Example: repscope bridge fit study --source visual --target text --method ridge --on label --as ridge
    """
    from repscope.verbs.bridge.fit import fit_bridge

    with progress(quiet) as tell:
        done = fit_bridge(study, **options.keywords(), progress=tell)
    if int(os.environ.get("RANK", "0")) > 0:
        # Of the processes of torchrun one speaks.
        return
    for note in done.notes:
        say(f"note: {note}", quiet)
    # Shown even with --quiet: this is not progress.
    for text in done.stored.warnings:
        say(f"warning: {text}")
    show(done, [str(done)], as_json=as_json, quiet=quiet)


@app.command("info")
@command
def info(
    study: StudyFolder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The bridge.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Write losses.csv and losses.png of a training here."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """One bridge: parameters, warnings, how its training went, and trainings that were not finished.

    Example: repscope bridge info study ridge
    """
    from repscope.verbs.bridge.info import bridge_info, info_lines, save_losses

    found = bridge_info(study, name)
    lines = info_lines(found)
    if out is not None:
        lines.append(f"losses: {save_losses(found, out)}")
    show(found, lines, as_json=as_json, quiet=quiet)


@app.command("apply")
@command
def apply(
    study: StudyFolder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The bridge.")],
    *,
    options: ApplyOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Move every row of a set through a bridge, into a new set of the same items; continues after a kill.

    Example: repscope bridge apply study ridge --to visual --as visual_after
    """
    from repscope.verbs.bridge.fit import apply_bridge

    with progress(quiet) as tell:
        made = apply_bridge(study, name, **options.keywords(), progress=tell)
    record = {
        "name": made.name, "n": made.n, "d": made.d, "dtype": made.dtype.name,
        "fingerprint": made.fingerprint, "provenance": made.provenance,
    }  # fmt: skip
    line = f"{made.name:<24} {made.n:>9,} × {made.d:<5} {made.dtype.name:<8} {made.fingerprint[:12]}"
    show(record, [line], as_json=as_json, quiet=quiet)


@app.command("report")
@command
def report(
    study: StudyFolder,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Bridges of the study.")
    ] = None,
    *,
    options: JudgeOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Bridges side by side on the same rows, which none of them has seen: verdicts, losses, cost.

    Example: repscope bridge report study --methods all --source visual --target text --on label
    """
    from repscope.plot.base.style import palette as find_palette
    from repscope.study import Study
    from repscope.study.names import safe_name
    from repscope.verbs.bridge.document import bridge_summary
    from repscope.verbs.bridge.figures import draw_bridges
    from repscope.verbs.bridge.judge import report_bridges
    from repscope.verbs.bridge.save import save_bridges

    find_palette(options.palette)
    with progress(quiet) as tell:
        result = report_bridges(study, names or (), **options.keywords(), progress=tell)
    title = safe_name(" - ".join(names or (result.source, result.target)))
    drawn = draw_bridges(result, palette=options.palette) if options.figures else None
    folder = options.out or Study.open(study).results("bridge", title)
    page = save_bridges(result, drawn, folder, formats=options.figures)
    show(result, [*bridge_summary(result), f"report: {page}"], as_json=as_json, quiet=quiet)


@app.command("import-diffusion")
@command
def import_diffusion(
    study: StudyFolder,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="model-N.pt of lucidrains' denoising-diffusion-pytorch.")
    ],
    *,
    options: ImportDiffusionOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read a diffusion checkpoint of the older systems as a bridge; nothing in the file is executed.

    Example: repscope bridge import-diffusion study model-50.pt --as old --target-mean text_mean.pkl
    """
    from repscope.verbs.bridge.diffusion_files import import_diffusion as run

    kept = run(study, file, **options.keywords())
    for text in kept.warnings:
        say(f"warning: {text}")
    record = {"schema": "repscope.bridge-fit/1", **kept.to_json()}
    line = f"{kept.name}: {kept.method}, width {kept.width_in}, {kept.fingerprint[:12]}"
    show(record, [line], as_json=as_json, quiet=quiet)


@app.command("export-diffusion")
@command
def export_diffusion(
    study: StudyFolder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A ddpm bridge with the denoiser unet1d.")],
    *,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="model-N.pt to write.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a diffusion bridge as a checkpoint that lucidrains' trainer loads.

    Example: repscope bridge export-diffusion study old --to model-1.pt
    """
    from repscope.verbs.bridge.diffusion_files import export_diffusion as run

    written = run(study, name, to)
    record = {"bridge": name, "file": str(written), "bytes": written.stat().st_size}
    show(record, [f"{name} → {written}"], as_json=as_json, quiet=quiet)
