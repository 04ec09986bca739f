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
    from repscope.measure.catalogue.registry import all_cards, card, cards_markdown, cards_text

    chosen = [card(name)] if name else list(all_cards().values())
    if as_json:
        print_json([one.to_json() for one in chosen])
    else:
        print(cards_markdown(chosen) if markdown else cards_text(chosen))
