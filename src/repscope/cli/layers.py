"""``repscope layers``: a model's module tree with output shapes, and what can be captured."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, print_json, say
from repscope.text.tables import clip, table
from repscope.verbs.common.model_options import MODELS
from repscope.verbs.layers.options import LayersOptions

if TYPE_CHECKING:
    from repscope.extraction.capture.layers import Layer, Layers

HOW = {"row": "yes", "tokens": "yes, with --pool", "map": "yes, averaged unless --pool"}
WIDEST = 40
"""Characters of an output; the record has it whole."""


@command
def layers(
    model: Annotated[str, typer.Argument(help=MODELS)],
    *,
    options: LayersOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List a model's modules with what each gave in one trial run: the paths for --capture.

    Example: repscope layers model.py:build --weights w.safetensors --crop 32
    """
    from repscope.verbs.layers.layers import layers as run

    # What a model file prints must not end up in the record on stdout.
    with contextlib.redirect_stdout(sys.stderr):
        tree = run(model, **options.keywords())
    if as_json:
        print_json(tree.to_json())
        return
    for line in _lines(tree):
        print(line)
    for note in tree.notes:
        say(f"note: {note}", quiet)


def _lines(tree: Layers) -> Iterator[str]:
    for kind, shape in tree.inputs.items():
        yield f"{kind} input  {shape}"
    rows = [
        (
            layer.path or "(the model)",
            layer.kind,
            f"{layer.parameters:,}",
            clip(layer.output, WIDEST),
            _how(layer),
        )
        for layer in tree.layers
    ]
    yield from table((), rows, left=(0, 1, 3, 4), width=None)


def _how(layer: Layer) -> str:
    said = HOW.get(layer.capture, "")
    if layer.capture and layer.why:
        return f"{said}; {layer.why}"
    return said or f"no: {layer.why}"
