"""``repscope compare``: the main job."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, gate, say, show
from repscope.cli.view_beside import save_report
from repscope.verbs.compare.options import CompareOptions


@command
def compare(
    study: StudyFolder,
    before: Annotated[str, typer.Argument(help="Set before the step.")],
    after: Annotated[str, typer.Argument(help="Set after the step; the same items.")],
    *,
    options: CompareOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Did the step improve alignment, and is it real? Verdict, table, map and report.

    Example: repscope compare study visual_before visual_after --reference text --on label --cluster image_id
    """
    from repscope.study import Study
    from repscope.verbs.compare.compare import compare_study
    from repscope.verbs.compare.summary import summary_lines

    say(f"comparing {before} with {after} …", quiet)
    comparison = compare_study(study, before, after, options)
    folder = options.out or Study.open(study).results("compare", f"{before} - {after} - {options.reference}")
    page = save_report(comparison, study, (before, after), folder, options)
    show(comparison, [*summary_lines(comparison), f"report: {page}"], as_json=as_json, quiet=quiet)
    gate(options.fail_on, [comparison.verdict.word], quiet)
