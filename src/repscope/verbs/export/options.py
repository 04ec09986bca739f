"""The options of ``export``."""

from __future__ import annotations

from dataclasses import dataclass

from repscope.verbs.common.options import REQUIRED, Options, option


@dataclass(frozen=True, kw_only=True)
class ExportOptions(Options):
    """The options of ``repscope export``."""

    to: str = option(REQUIRED, "File, folder or URL; its ending says the format.", metavar="FILE")
    as_format: str | None = option(
        None, "The format, where the ending does not say it.", "--format", metavar="FORMAT"
    )
    safe_csv: bool = option(
        False, "Of csv and tsv: an apostrophe before texts that a spreadsheet would run as a formula."
    )
    overwrite: bool = option(False, "Replace an earlier export.")
