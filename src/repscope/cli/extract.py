"""``repscope extract``: run a model over images or texts and keep what its modules take and give."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from repscope.cli.common import AsJson, Quiet, Seed, command, print_json, say
from repscope.cli.extract_lines import extraction_progress, plan_lines, summary_lines

MODELS = (
    "FILE.py:callable, package.module:callable, hf:DIR_OR_NAME, timm:NAME, open_clip:NAME@TAG or "
    "st:NAME_OR_DIR."
)

OF_SOURCE, OF_MODEL, OF_PIXELS, OF_RUN = "Source", "Model and captures", "Preprocessing", "Run"
"""Groups of options in ``--help``."""


@command
def extract(
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder of images (a sub-folder is a label); csv, tsv, jsonl or parquet of paths, texts or "
            "images; npz or IDX; COCO, HICO-DET or V-COCO JSON; text file."
        ),
    ],
    *,
    study: Annotated[Path, typer.Option("--study", help="Folder of the study; made if it is not there.")],
    model: Annotated[str, typer.Option("--model", help=MODELS)],
    source_kind: Annotated[
        str | None,
        typer.Option(
            "--source-kind",
            rich_help_panel=OF_SOURCE,
            metavar="KIND",
            help="What SOURCE is, where its content does not tell.",
        ),
    ] = None,
    path_column: Annotated[
        str | None,
        typer.Option(
            "--path-column",
            rich_help_panel=OF_SOURCE,
            metavar="C",
            help="Of a table: paths of the images, or their bytes.",
        ),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(
            "--id-column",
            rich_help_panel=OF_SOURCE,
            metavar="C",
            help="Of a table, npz or --items: unique ids.",
        ),
    ] = None,
    id_rule: Annotated[
        str | None,
        typer.Option(
            "--id",
            rich_help_panel=OF_SOURCE,
            metavar="path|stem|number",
            help="Of a folder: the id is the path, the file name, or the number that this is.",
        ),
    ] = None,
    items: Annotated[
        Path | None,
        typer.Option(
            "--items",
            rich_help_panel=OF_SOURCE,
            metavar="FILE",
            help="Of a folder: table (or COCO captions) with a row an image, found by --id-column.",
        ),
    ] = None,
    text_column: Annotated[
        list[str] | None,
        typer.Option(
            "--text-column",
            rich_help_panel=OF_SOURCE,
            metavar="C",
            help="Of a table: texts; of COCO captions: caption. Repeatable, for several texts a row.",
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            rich_help_panel=OF_SOURCE,
            help="Folder of the images that SOURCE lists, if it is not near.",
        ),
    ] = None,
    regions: Annotated[
        str | None,
        typer.Option(
            "--regions",
            rich_help_panel=OF_SOURCE,
            metavar="human,object,union",
            help="Boxes to cut out of HICO-DET or V-COCO (all three if not given); object of COCO instances, "
            "segments of COCO panoptic.",
        ),
    ] = None,
    templates: Annotated[
        list[str] | None,
        typer.Option(
            "--templates",
            rich_help_panel=OF_SOURCE,
            metavar="TEXT",
            help='SOURCE is class names, each put into "a photo of a {}". Repeatable.',
        ),
    ] = None,
    array: Annotated[
        str | None,
        typer.Option(
            "--array", rich_help_panel=OF_SOURCE, metavar="KEY", help="Of an npz: the array of images."
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights", rich_help_panel=OF_MODEL, help="safetensors file or weights-only state dict."
        ),
    ] = None,
    capture: Annotated[
        list[str] | None,
        typer.Option(
            "--capture",
            rich_help_panel=OF_MODEL,
            metavar="MODULE[:input|output][=SET]",
            help="A module's input or output becomes a set. Repeatable; * is a glob; @K is the K-th call; "
            "without it, the model's own output.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--as", rich_help_panel=OF_MODEL, metavar="SET", help="Name of the only set."),
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option(
            "--pool",
            rich_help_panel=OF_MODEL,
            metavar="cls|mean|max|last|tokens|none",
            help="How tokens become rows.",
        ),
    ] = None,
    resize: Annotated[
        str | None,
        typer.Option("--resize", rich_help_panel=OF_PIXELS, help="Shorter side in pixels, or height,width."),
    ] = None,
    crop: Annotated[
        str | None,
        typer.Option("--crop", rich_help_panel=OF_PIXELS, help="Centre crop: one number, or height,width."),
    ] = None,
    mean: Annotated[
        str | None,
        typer.Option("--mean", rich_help_panel=OF_PIXELS, help="Of each colour: 0.485,0.456,0.406"),
    ] = None,
    std: Annotated[
        str | None, typer.Option("--std", rich_help_panel=OF_PIXELS, help="Of each colour: 0.229,0.224,0.225")
    ] = None,
    interpolation: Annotated[
        str | None,
        typer.Option(
            "--interpolation", rich_help_panel=OF_PIXELS, metavar="bilinear|bicubic", help="Of the resizing."
        ),
    ] = None,
    batch_size: Annotated[
        int,
        typer.Option(
            "--batch-size",
            rich_help_panel=OF_RUN,
            help="Items in a forward pass; halved when memory is short.",
        ),
    ] = 32,
    device: Annotated[
        str | None,
        typer.Option("--device", rich_help_panel=OF_RUN, help="cpu, cuda, cuda:1; CUDA where there is one."),
    ] = None,
    dtype: Annotated[
        str | None,
        typer.Option(
            "--dtype", rich_help_panel=OF_RUN, metavar="float32|float16|bfloat16", help="Of the computation."
        ),
    ] = None,
    autocast: Annotated[
        str | None,
        typer.Option(
            "--autocast",
            rich_help_panel=OF_RUN,
            metavar="bf16|fp16",
            help="torch's autocast around a float32 model.",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", rich_help_panel=OF_RUN, help="Threads that decode images.")
    ] = 2,
    limit: Annotated[
        int | None,
        typer.Option("--limit", rich_help_panel=OF_RUN, help="Only the first so many items of each source."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", rich_help_panel=OF_RUN, help="Stop at an unreadable image.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            rich_help_panel=OF_RUN,
            help="Replace sets of these names; each stays until the new one is whole.",
        ),
    ] = False,
    shard_rows: Annotated[
        int, typer.Option("--shard-rows", rich_help_panel=OF_RUN, help="Images committed at a time.")
    ] = 1024,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            rich_help_panel=OF_RUN,
            help="Show what would be extracted, and save the first batch as a contact sheet; write no set.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            rich_help_panel=OF_RUN,
            metavar="FILE.png",
            help="Of the contact sheet of --dry-run: contact_sheet.png if not given.",
        ),
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run a model over images or texts; what its modules take and give becomes sets.

    The model is not edited, all captures share one forward pass, and the same command again continues
    after a kill.

    Example: repscope extract photos --study S --model model.py:build --weights w.safetensors
    --resize 256 --crop 224 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
    --capture adapter:input=visual_before --capture adapter:output=visual_after
    """
    from repscope.errors import InputError
    from repscope.verbs.extract import extract_images, plan_images, source_options

    about = source_options(
        kind=source_kind,
        path_column=path_column,
        id_column=id_column,
        text_column=text_column,
        images=images,
        regions=regions,
        templates=templates,
        array=array,
        id_rule=id_rule,
        items=items,
    )
    shared: dict[str, Any] = {
        "model": model,
        "options": about,
        "weights": weights,
        "capture": capture or (),
        "name": name,
        "pool": pool,
        "batch_size": batch_size,
        "device": device,
        "dtype": dtype,
        "autocast": autocast,
        "limit": limit,
        "resize": resize,
        "crop": crop,
        "mean": mean,
        "std": std,
        "interpolation": interpolation,
        "seed": seed,
    }
    if dry_run:
        with contextlib.redirect_stdout(sys.stderr):
            plan = plan_images(source, out=out, **shared)
        if as_json:
            print_json(plan.to_json())
        for line in plan_lines(plan):
            say(line, quiet)
        return
    if out is not None:
        raise InputError(
            "--out with --dry-run, for its contact sheet", "--out alone", "add --dry-run, or leave out --out"
        )
    # What a model file prints must not end up in the record on stdout.
    with extraction_progress(quiet) as show, contextlib.redirect_stdout(sys.stderr):
        done = extract_images(
            source,
            study=study,
            workers=workers,
            strict=strict,
            overwrite=overwrite,
            shard_rows=shard_rows,
            progress=show,
            **shared,
        )
    if as_json:
        print_json(done.to_json())
    for line in summary_lines(done):
        say(line, quiet)
