"""``--view`` of compare and drift: the viewer's page beside the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from repscope.errors import RepscopeError

if TYPE_CHECKING:
    from repscope.verbs.compare.options import CompareOptions
    from repscope.verbs.compare.result import Comparison
    from repscope.verbs.drift.options import DriftOptions
    from repscope.verbs.drift.result import Drift

FILE = "view.html"


def save_report(
    result: Comparison | Drift,
    study: Path,
    stages: Sequence[str],
    folder: Path,
    options: CompareOptions | DriftOptions,
) -> Path:
    """Save the report of a verb, with the page of its stages where ``--view`` asks for one.

    Returns:
        Path of report.html.

    Raises:
        RepscopeError: the page cannot be made; the report is saved all the same.
    """
    if not options.view:
        return result.save(folder, formats=options.figures)
    from repscope.verbs.compare.result import Comparison
    from repscope.verbs.view.found import judged
    from repscope.verbs.view.view import view

    verb = "compare" if isinstance(result, Comparison) else "drift"
    try:
        made = view(
            study,
            stages,
            reference=options.reference,
            on=options.on,
            method="pca" if options.method == "none" else options.method,
            perplexity=options.perplexity,
            seed=options.seed,
        )
    except RepscopeError:
        result.save(folder, formats=options.figures)
        raise
    page = result.save(folder, formats=options.figures, page=FILE)
    verdict = judged(verb, result.to_json()).to_json()
    replace(made, content=replace(made.content, verdict=verdict)).save(folder / FILE)
    return page
