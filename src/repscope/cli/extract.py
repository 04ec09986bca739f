"""``repscope extract``: run a model over images or texts and keep what its modules take and give."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from repscope.cli.common import AsJson, Quiet, Seed, command, print_json, say

if TYPE_CHECKING:
    from repscope.extract import Extraction, Progress
    from repscope.extract.plan import Plan

MODELS = (
    "FILE.py:callable, package.module:callable, hf:DIR_OR_NAME, timm:NAME, open_clip:NAME@TAG or "
    "st:NAME_OR_DIR."
)

SPARSE_SECONDS = 10.0
"""Between lines of progress where there is no terminal."""


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
            "--source-kind", metavar="KIND", help="What SOURCE is, where its content does not tell."
        ),
    ] = None,
    path_column: Annotated[
        str | None,
        typer.Option("--path-column", metavar="C", help="Of a table: paths of the images, or their bytes."),
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id-column", metavar="C", help="Of a table, npz or --items: unique ids.")
    ] = None,
    id_rule: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="path|stem|number",
            help="Of a folder: the id is the path, the file name, or the number that this is.",
        ),
    ] = None,
    items: Annotated[
        Path | None,
        typer.Option(
            "--items",
            metavar="FILE",
            help="Of a folder: table (or COCO captions) with a row an image, found by --id-column.",
        ),
    ] = None,
    text_column: Annotated[
        list[str] | None,
        typer.Option(
            "--text-column",
            metavar="C",
            help="Of a table: texts; of COCO captions: caption. Repeatable, for several texts a row.",
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option("--images", help="Folder of the images that SOURCE lists, if it is not near."),
    ] = None,
    regions: Annotated[
        str | None,
        typer.Option(
            "--regions",
            metavar="human,object,union",
            help="Boxes to cut out of HICO-DET or V-COCO (all three if not given); object of COCO instances, "
            "segments of COCO panoptic.",
        ),
    ] = None,
    templates: Annotated[
        list[str] | None,
        typer.Option(
            "--templates",
            metavar="TEXT",
            help='SOURCE is class names, each put into "a photo of a {}". Repeatable.',
        ),
    ] = None,
    array: Annotated[
        str | None, typer.Option("--array", metavar="KEY", help="Of an npz: the array of images.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what would be extracted, and save the first batch as a contact sheet; write no set.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.png",
            help="Of the contact sheet of --dry-run: contact_sheet.png if not given.",
        ),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="safetensors file or weights-only state dict.")
    ] = None,
    capture: Annotated[
        list[str] | None,
        typer.Option(
            "--capture",
            metavar="MODULE[:input|output][=SET]",
            help="A module's input or output becomes a set. Repeatable; * is a glob; @K is the K-th call; "
            "without it, the model's own output.",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option("--as", metavar="SET", help="Name of the only set.")] = None,
    pool: Annotated[
        str | None,
        typer.Option("--pool", metavar="cls|mean|max|last|tokens|none", help="How tokens become rows."),
    ] = None,
    resize: Annotated[
        str | None, typer.Option("--resize", help="Shorter side in pixels, or height,width.")
    ] = None,
    crop: Annotated[
        str | None, typer.Option("--crop", help="Centre crop: one number, or height,width.")
    ] = None,
    mean: Annotated[str | None, typer.Option("--mean", help="Of each colour: 0.485,0.456,0.406")] = None,
    std: Annotated[str | None, typer.Option("--std", help="Of each colour: 0.229,0.224,0.225")] = None,
    interpolation: Annotated[
        str | None, typer.Option("--interpolation", metavar="bilinear|bicubic", help="Of the resizing.")
    ] = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", help="Items in a forward pass; halved when memory is short.")
    ] = 32,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda, cuda:1; CUDA where there is one.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option("--dtype", metavar="float32|float16|bfloat16", help="Of the computation.")
    ] = None,
    autocast: Annotated[
        str | None,
        typer.Option("--autocast", metavar="bf16|fp16", help="torch's autocast around a float32 model."),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", help="Threads that decode images.")] = 2,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Only the first so many items of each source.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at an unreadable image.")] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace sets of these names; each stays until the new one is whole."
        ),
    ] = False,
    shard_rows: Annotated[int, typer.Option("--shard-rows", help="Images committed at a time.")] = 1024,
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
    from repscope.workflow.extraction import extract_images, plan_images, source_options

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
    if dry_run:
        with contextlib.redirect_stdout(sys.stderr):
            plan = plan_images(
                source,
                model=model,
                out=out,
                options=about,
                weights=weights,
                capture=capture or (),
                name=name,
                pool=pool,  # type: ignore[arg-type]  # any text; checked below with a message of ours
                batch_size=batch_size,
                device=device,
                dtype=dtype,
                autocast=autocast,
                limit=limit,
                resize=resize,
                crop=crop,
                mean=mean,
                std=std,
                interpolation=interpolation,
                seed=seed,
            )
        if as_json:
            print_json(plan.to_json())
        for line in _planned(plan):
            say(line, quiet)
        return
    if out is not None:
        raise InputError(
            "--out with --dry-run, for its contact sheet", "--out alone", "add --dry-run, or leave out --out"
        )
    # What a model file prints must not end up in the record on stdout.
    with _progress(quiet) as show, contextlib.redirect_stdout(sys.stderr):
        done = extract_images(
            source,
            study=study,
            model=model,
            options=about,
            weights=weights,
            capture=capture or (),
            name=name,
            pool=pool,  # type: ignore[arg-type]  # any text; checked below with a message of ours
            batch_size=batch_size,
            device=device,
            dtype=dtype,
            autocast=autocast,
            workers=workers,
            limit=limit,
            resize=resize,
            crop=crop,
            mean=mean,
            std=std,
            interpolation=interpolation,
            strict=strict,
            overwrite=overwrite,
            shard_rows=shard_rows,
            seed=seed,
            progress=show,
        )
    if as_json:
        print_json(done.to_json())
    for line in _summary(done):
        say(line, quiet)


def _summary(done: Extraction) -> Iterator[str]:
    if done.already_there:
        yield "already there, made by this same command; nothing to do"
    for one in done.sets:
        skipped = f"  {len(one.skipped):,} skipped" if one.skipped else ""
        size = f"{one.n:>9,} × {one.d:<5} {one.dtype:<8} {one.fingerprint[:12]}"
        yield f"{one.name:<24} {size}  {one.capture}{skipped}"
    if not done.already_there:
        yield f"{done.items:,} images in {done.seconds:.1f} s"
    if done.ignored:
        yield f"{done.ignored:,} files that are no images were ignored"
    for item in done.sets[0].skipped[:5]:
        yield f"skipped {item.id}: {item.reason}"
    for note in done.notes:
        yield f"note: {note}"


def _planned(plan: Plan) -> Iterator[str]:
    for one in plan.sources:
        shape = " × ".join(str(side) for side in one.shape)
        yield f"{one.items:,} {one.kind}s of {one.record.get('kind')} {one.record.get('path')}"
        yield f"  first         {', '.join(one.first)}"
        yield f"  columns       {', '.join(('id', *one.columns))}"
        yield f"  preprocessing {json.dumps(one.preprocessing, ensure_ascii=False)}"
        yield f"  first batch   {shape}"
        for item in one.skipped[:5]:
            yield f"  would skip    {item.id}: {item.reason}"
        if len(one.skipped) > 5:
            yield f"  would skip    {len(one.skipped) - 5:,} more before the end of the first batch"
    for each in plan.sets:
        rows = f", {each.rows_per_item:,} rows an item" if each.rows_per_item > 1 else ""
        yield f"would fill {each.name:<20} {each.d:>6} wide {each.dtype:<8} {each.capture}{rows}"
    for note in plan.notes:
        yield f"note: {note}"
    if plan.sheet_file:
        yield f"contact sheet: {plan.sheet_file}"
    yield "nothing was written to the study"


@contextlib.contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    """A bar on a terminal, a line now and then elsewhere, nothing when quiet."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("extract"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[skipped]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("extract", total=None, rate="loading the model", skipped="")

        def show(state: Progress) -> None:
            if state.note:
                bar.console.print(state.note, markup=False, highlight=False)
            speed = bar.tasks[0].speed
            bar.update(
                task,
                completed=state.done,
                total=state.total,
                rate=f"{speed:.1f} images/s" if speed else "",
                skipped=f"{state.skipped:,} skipped" if state.skipped else "",
            )

        yield show


class _Lines:
    """Progress as lines, for logs: one at the start when work is continued, then at most every 10 s."""

    def __init__(self) -> None:
        self._begun: tuple[float, int] | None = None
        self._last = 0.0

    def __call__(self, state: Progress) -> None:
        now = time.monotonic()
        if state.note:
            say(state.note)
        if self._begun is None:
            self._begun, self._last = (now, state.done), now
            if state.committed:
                say(f"continued after {state.committed:,} of {state.total:,} images")
        elif now - self._last >= SPARSE_SECONDS:
            self._last = now
            rate = (state.done - self._begun[1]) / (now - self._begun[0])
            left = (state.total - state.done) / rate if rate else 0.0
            say(f"{state.done:,} of {state.total:,} images, {rate:.1f} a second, {left:,.0f} s left")
