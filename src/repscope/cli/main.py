"""The ``repscope`` command: thin functions over ``repscope.verbs``."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli import (
    attention,
    bridge,
    compare,
    demo,
    describe,
    drift,
    export,
    extract,
    import_,
    info,
    inside,
    landscape,
    layers,
    masks,
    measures,
    neighbors,
    predictions,
    project,
    quantise,
    run,
    segment,
    training,
    view,
)

app = typer.Typer(
    name="repscope",
    help="How did my representations change, and is the change real?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from repscope import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """How did my representations change, and is the change real?"""


app.add_typer(bridge.app, name="bridge")
app.add_typer(segment.app, name="segment")
app.command("info")(info.info)
app.command("import", cls=import_.ListsFormats)(import_.import_files)
app.command("export")(export.export)
app.command("extract")(extract.extract)
app.command("layers")(layers.layers)
app.command("attention")(attention.attention)
app.command("inside")(inside.inside)
app.command("landscape")(landscape.landscape)
app.command("training")(training.training)
app.command("masks")(masks.masks)
app.command("predictions")(predictions.predictions)
app.command("compare")(compare.compare)
app.command("describe")(describe.describe)
app.command("demo")(demo.demo)
app.command("drift")(drift.drift)
app.command("project")(project.project)
app.command("quantise")(quantise.quantise)
app.command("neighbors")(neighbors.neighbors)
app.command("measures")(measures.measures)
app.command("run")(run.run)
app.command("view")(view.view)
