"""The options of ``training``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(Options):
    """The options of ``repscope training``."""

    replayed = "series smooth centred group watch seed"

    series: tuple[str, ...] = option(
        (),
        "Only quantities that match a glob or hold a text, such as 'val*'. Repeatable.",
        metavar="PATTERN",
        repeated=True,
    )
    smooth: float = option(0.9, "Weight of the past in the smooth curves; 0 for none.", least=0.0, most=0.999)
    centred: bool = option(
        False, "Smooth over as many values after as before, so that no change appears late."
    )
    group: str | None = option(
        None,
        "What tells seeds apart in the names of runs, a regular expression; none draws each run by itself.",
        metavar="REGEX|none",
    )
    watch: tuple[str, ...] = option(
        (),
        "Quantities that are searched for a break, besides ranks, spreads and cosines. Repeatable.",
        metavar="GLOB",
        repeated=True,
    )
    seed: int = shared.SEED()
    out: Path | None = shared.OUT("Folder for the report: report.html, metrics.json, figures/.")
    figures: tuple[str, ...] = shared.FIGURES()
