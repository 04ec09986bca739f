"""The options of ``describe``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option
from repscope.verbs.common.words import split_words


@dataclass(frozen=True, kw_only=True)
class DescribeOptions(Options):
    """The options of ``repscope describe``."""

    replayed = (
        "reference on cluster views split drop_unlinked classes by measures all_measures method perplexity "
        "map_rows colour palette resamples seed"
    )

    reference: str | None = option(None, "Set to measure against.", "--reference -r")
    on: str | None = option(
        None, "'id' or a key column that links items and reference; without it, distributions only."
    )
    cluster: str | None = shared.CLUSTER()
    views: str | None = shared.VIEWS()
    split: tuple[str, str] | None = shared.SPLIT()
    classes: str | None = shared.CLASSES()
    by: tuple[str, ...] = shared.BY()
    method: str = option("tsne", "Map: tsne, umap, pca or none.", always=True)
    perplexity: float = shared.PERPLEXITY()
    map_rows: int = shared.MAP_ROWS()
    colour: str | None = shared.COLOUR()
    measures: tuple[str, ...] | None = option(
        None, "Names, comma-separated; all but the costly by default.", parse=split_words, text=",".join
    )
    all_measures: bool = option(False, "The costly measures too.", "--all")
    palette: str = shared.PALETTE()
    drop_unlinked: bool = shared.DROP_UNLINKED()
    resamples: int = shared.RESAMPLES()
    out: Path | None = shared.OUT("Folder for the report; STUDY/results/describe/… by default.")
    figures: tuple[str, ...] = shared.FIGURES()
    seed: int = shared.SEED(always=True)
