"""``repscope run``: a whole pipeline from one file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from repscope.cli.common import AsJson, Quiet, command, print_json, say

_USAGE: type[Exception] = typer.BadParameter.__mro__[1]
"""Any wrong use of a command, whether typer brings its own click or not."""


@command
def run(
    context: typer.Context,
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.toml", help="The steps.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show which steps would run, and why; run none.")
    ] = False,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="STEP", help="Run this step again, and all that depend on it."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    seed: Annotated[int, typer.Option("--seed", hidden=True)] = 0,
) -> None:
    """Run the steps of a recipe that are not finished; the same command continues after a failure.

    Example: repscope run recipe.toml --dry-run
    """
    from repscope.verbs.run.recipe import read_recipe, run_recipe

    read = read_recipe(recipe, check=partial(_problem, context.find_root().command))
    done = run_recipe(read, dry_run=dry_run, start=start, quiet=quiet, say=lambda line: say(line, quiet))
    if as_json:
        print_json(done.to_json())
    if done.exit_code:
        failed = done.steps[-1]
        say(f"stopped at step {failed.id}, exit code {failed.code}: {failed.command}")
        say(f"continue with: {done.resume}")
        raise typer.Exit(done.exit_code)
    if not as_json and not quiet:
        counts = {
            state: sum(one.state == state for one in done.steps) for state in ("done", "to run", "skipped")
        }
        print(", ".join(f"{count} {state}" for state, count in counts.items() if count) + f": {done.study}")


def _problem(root: Any, words: Sequence[str]) -> str:
    """What the command ``root`` would refuse about a step, or ""; nothing is run."""
    found = root
    left = list(words)
    while hasattr(found, "commands"):
        name = left.pop(0)
        if name not in found.commands:
            return f"no verb {name!r}"
        found = found.commands[name]
    try:
        found.make_context(found.name, left)
    except _USAGE as error:
        said = getattr(error, "format_message", None)
        return str(said() if said else error)
    return ""
