"""``repscope info``: what is in a study, what is incomplete, whether it is intact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from repscope.cli.common import AsJson, command, print_json


@command
def info(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    name: Annotated[str | None, typer.Argument(metavar="[SET]", help="One set; all of them without.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Re-hash every byte.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a study holds.

    Example: repscope info bridge-study visual_before --verify
    """
    from repscope.workflow.info import describe_set, describe_study

    if name is None:
        record: dict[str, Any] = describe_study(study, verify=verify)
        lines = [_line(one) for one in record["sets"]] or ["no sets yet"]
    else:
        record = describe_set(study, name, verify=verify)
        lines = [f"{key:<12} {value}" for key, value in record.items()]
    if as_json:
        print_json(record)
    else:
        print("\n".join(lines))


def _line(one: dict[str, Any]) -> str:
    state = "" if one["complete"] else "  INCOMPLETE"
    return f"{one['name']:<24} {one['n']:>9,} × {one['d']:<5} {one['dtype']:<8} {one['fingerprint'][:12]}{state}"
