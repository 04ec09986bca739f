"""``repscope run``: a whole pipeline from one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, command, print_json, say
from repscope.verbs.run.options import RunOptions


@command
def run(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.toml", help="The steps.")],
    *,
    options: RunOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run the steps of a recipe that are not finished; the same command continues after a failure.

    Example: repscope run recipe.toml --dry-run
    """
    from repscope.verbs.run.recipe import run_recipe

    done = run_recipe(recipe, **options.keywords(), quiet=quiet, say=lambda line: say(line, quiet))
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
