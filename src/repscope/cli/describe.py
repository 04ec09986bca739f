"""``repscope describe``: one stage, without a before and after."""

from __future__ import annotations

from typing import Annotated

import typer

from repscope.cli.common import AsJson, Quiet, StudyFolder, command, say, show
from repscope.verbs.describe.options import DescribeOptions


@command
def describe(
    study: StudyFolder,
    name: Annotated[str, typer.Argument(metavar="SET", help="The set.")],
    *,
    options: DescribeOptions,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """How large is the gap of this set to its reference, and how often is the truth found?

    Example: repscope describe study visual --reference text --on label --cluster image_id
    """
    from repscope.study import Study
    from repscope.verbs.describe.describe import describe_study
    from repscope.verbs.describe.document import summary_lines

    say(f"describing {name} …", quiet)
    made = describe_study(study, name, options)
    title = f"{name} - {options.reference}" if options.reference else name
    page = made.save(options.out or Study.open(study).results("describe", title), formats=options.figures)
    show(made, [*summary_lines(made), f"report: {page}"], as_json=as_json, quiet=quiet)
