"""``repscope measures``: the table of measures."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli.common import AsJson, command, show


@command
def measures(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One measure; all without.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table of the documentation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every measure: formula, direction, bounds, paper.

    Example: repscope measures top1.true
    """
    from repscope.measure.catalogue.text import measures_markdown, measures_text
    from repscope.verbs.measures import measures as run

    chosen = run(name)
    text = measures_markdown(chosen) if markdown else measures_text(chosen)
    show([one.to_json() for one in chosen], [text], as_json=as_json, quiet=False)
