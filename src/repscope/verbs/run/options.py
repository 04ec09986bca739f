"""The options of ``run``."""

from __future__ import annotations

from dataclasses import dataclass

from repscope.verbs.common.options import Options, option


@dataclass(frozen=True, kw_only=True)
class RunOptions(Options):
    """The options of ``repscope run``."""

    dry_run: bool = option(False, "Show which steps would run, and why; run none.")
    start: str | None = option(
        None, "Run this step again, and all that depend on it.", "--from", metavar="STEP"
    )
