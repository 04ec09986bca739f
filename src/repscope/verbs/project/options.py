"""The options of ``project``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option


@dataclass(frozen=True, kw_only=True)
class ProjectOptions(Options):
    """The options of ``repscope project``."""

    method: str = option("tsne", "tsne, umap or pca.")
    perplexity: float = shared.PERPLEXITY()
    map_rows: int = shared.MAP_ROWS()
    colour: str | None = shared.COLOUR()
    neighbors: int = option(15, "Of UMAP.", least=2)
    min_dist: float = option(0.1, "Of UMAP.", least=0.0, most=1.0)
    cache: bool = shared.CACHE()
    out: Path | None = shared.OUT("Folder; STUDY/results/project/… by default.")
    figures: tuple[str, ...] = shared.FIGURES()
    seed: int = shared.SEED()
