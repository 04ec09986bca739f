"""``repscope extract``: run a model over images or texts and keep what its modules take and give."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, print_json, say
from repscope.cli.progress import extraction_progress
from repscope.verbs.extract.options import ExtractOptions

if TYPE_CHECKING:
    from repscope.extraction import Extraction
    from repscope.extraction.run.plan import Plan


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
    options: ExtractOptions,
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
    from repscope.verbs.extract import extract as verb

    if options.out is not None and not options.dry_run:
        raise InputError(
            "--out with --dry-run, for its contact sheet", "--out alone", "add --dry-run, or leave out --out"
        )
    made: Plan | Extraction
    # What a model file prints must not end up in the record on stdout.
    with contextlib.redirect_stdout(sys.stderr):
        if options.dry_run:
            made = verb.plan(source, options)
            lines = plan_lines(made)
        else:
            with extraction_progress(quiet) as tell:
                made = verb.extract(source, **options.keywords(), progress=tell)
            lines = summary_lines(made)
    if as_json:
        print_json(made.to_json())
    for line in lines:
        say(line, quiet)


def summary_lines(done: Extraction) -> Iterator[str]:
    """Sets, what was left out and why, notes."""
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


def plan_lines(plan: Plan) -> Iterator[str]:
    """What would be read, how, and which sets it would fill."""
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
