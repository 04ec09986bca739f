"""``repscope layers``: a model's module tree with output shapes, and what can be captured."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from repscope.cli.common import AsJson, Quiet, Seed, command, print_json, say
from repscope.cli.extract import MODELS
from repscope.text.tables import clip, table

if TYPE_CHECKING:
    from repscope.extraction.capture.layers import Layer, Layers

HOW = {"row": "yes", "tokens": "yes, with --pool", "map": "yes, averaged unless --pool"}
WIDEST = 40
"""Characters of an output; the record has it whole."""


@command
def layers(
    model: Annotated[str, typer.Argument(help=MODELS)],
    *,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="safetensors file or weights-only state dict.")
    ] = None,
    resize: Annotated[
        str | None, typer.Option("--resize", help="Of the trial image, as for extract; the model's own.")
    ] = None,
    crop: Annotated[
        str | None,
        typer.Option("--crop", help="Of the trial image; the model's own, or 224 where it has none."),
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda, cuda:1; CUDA where there is one.")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List a model's modules with what each gave in one trial run: the paths for --capture.

    Example: repscope layers model.py:build --weights w.safetensors --crop 32
    """
    from repscope.verbs.layers import describe_layers

    # What a model file prints must not end up in the record on stdout.
    with contextlib.redirect_stdout(sys.stderr):
        found = describe_layers(model, weights=weights, resize=resize, crop=crop, device=device, seed=seed)
    if as_json:
        print_json(found.to_json())
        return
    for line in _lines(found):
        print(line)
    for note in found.notes:
        say(f"note: {note}", quiet)


def _lines(found: Layers) -> Iterator[str]:
    for kind, shape in found.inputs.items():
        yield f"{kind} input  {shape}"
    rows = [
        (
            layer.path or "(the model)",
            layer.kind,
            f"{layer.parameters:,}",
            clip(layer.output, WIDEST),
            _how(layer),
        )
        for layer in found.layers
    ]
    yield from table((), rows, left=(0, 1, 3, 4), width=None)


def _how(layer: Layer) -> str:
    said = HOW.get(layer.capture, "")
    if layer.capture and layer.why:
        return f"{said}; {layer.why}"
    return said or f"no: {layer.why}"
