"""``repscope measures``: the table of measures."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli.common import AsJson, command, print_json


@command
def measures(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One measure; all without.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table of the documentation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every measure: formula, direction, bounds, paper.

    Example: repscope measures top1.true
    """
    from repscope.measure.catalogue.measures import MEASURES, measure_info
    from repscope.measure.catalogue.text import measures_markdown, measures_text

    chosen = [measure_info(name)] if name else list(MEASURES.values())
    if as_json:
        print_json([one.to_json() for one in chosen])
    else:
        print(measures_markdown(chosen) if markdown else measures_text(chosen))
