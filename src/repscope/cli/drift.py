"""``repscope drift``: ordered stages of the same items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, gate, say, show
from repscope.cli.view_beside import save_report
from repscope.verbs.drift.options import DriftOptions

if TYPE_CHECKING:
    from repscope.verbs.drift.result import Drift


@command
def drift(
    study: StudyFolder,
    sets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SET…]",
            help="Sets from first to last, in this order, or a stage order of study.toml; none with --group.",
        ),
    ] = None,
    *,
    options: DriftOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """How did the same items change over ordered stages, and is it real? Verdict, figures and report.

    Example: repscope drift study gen_0 gen_4 gen_10 --reference captions --on caption_id
    """
    from repscope.study import Study
    from repscope.study.names import safe_name
    from repscope.verbs.drift.document import drift_summary
    from repscope.verbs.drift.drift import drift_study
    from repscope.verbs.drift.options import parse_groups

    opened = Study.open(study)
    groups = parse_groups(opened, options.group, options.groups)
    names = sets or []
    say(f"following {len(names) or 'grouped'} stages …", quiet)
    result = drift_study(study, names, **options.keywords() | {"groups": groups})
    folder = options.out or opened.results("drift", safe_name(_title(names, result)))
    page = save_report(result, study, result.sets[result.group], folder, options)
    show(result, [*drift_summary(result), f"report: {page}"], as_json=as_json, quiet=quiet)
    gate(options.fail_on, result.verdicts.values(), quiet)


def _title(names: Sequence[str], result: Drift) -> str:
    """Name of the results folder: the stage order, the first and last stage, or the groups."""
    if len(names) == 1:
        return names[0]
    if names:
        stages = next(iter(result.sets.values()))
        return f"{stages[0]} - {stages[-1]}" + (f" by {result.by}" if result.by else "")
    return " - ".join(result.groups)
