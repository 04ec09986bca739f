"""The options of ``info``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common.options import Options, option


@dataclass(frozen=True, kw_only=True)
class InfoOptions(Options):
    """The options of ``repscope info``."""

    verify: bool = option(False, "Re-hash every committed byte.")
    items: Path | None = option(
        None,
        "Table (csv, json, parquet) whose columns SET gets, a row an id: seen, split, …",
        metavar="FILE",
    )
    id_column: str | None = option(None, "Of --items: the ids; 'id' by default.", metavar="C")
    encoding: str | None = option(None, "Of --items, where it is not UTF-8.", metavar="NAME")
