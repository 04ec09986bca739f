"""``repscope view``: stages on one map, as one file or in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, say, show
from repscope.verbs.view.options import ViewOptions


@command
def view(
    study: StudyFolder,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SET]…", help="Stages, from first to last; those of the newest result else."),
    ] = None,
    *,
    options: ViewOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """See the items move from stage to stage, and which of it is real.

    Example: repscope view study before after --reference text --export study.html
    """
    from repscope.verbs.view.view import view as run

    found = run(study, names or (), **options.keywords())
    if found.map_made:
        say(f"no kept map of these sets: made one with {found.content.layout.record['title']}", quiet)
    if options.export is not None:
        written = found.save(options.export, max_size=options.max_size)
        line = f"page: {written.file} ({written.shown:,} items, {written.bytes / 1e6:.1f} MB)"
        show(written, [*written.notes, line], as_json=as_json, quiet=quiet)
        return
    from repscope.verbs.view.serve import serve

    serve(found, port=options.port, browser=not options.no_browser, say=lambda text: say(text, False))
