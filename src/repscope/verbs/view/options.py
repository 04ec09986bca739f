"""The options of ``view``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option


@dataclass(frozen=True, kw_only=True)
class ViewOptions(Options):
    """The options of ``repscope view``."""

    reference: str | None = option(None, "Set whose rows are drawn as stars.")
    on: str | None = option(None, "Column that links items with rows of the reference.", metavar="KEY")
    method: str = option("tsne", "tsne, umap or pca, where the study keeps no map of these sets yet.")
    perplexity: float = shared.PERPLEXITY()
    map_rows: int = shared.MAP_ROWS()
    export: Path | None = option(None, "Write one HTML file and end.", metavar="FILE.html", shell=True)
    max_size: float = option(
        50.0, "Megabytes of that file; a seeded sample of the items beyond.", least=1.0, shell=True
    )
    port: int = option(0, "Of the server on 127.0.0.1; any that is free by default.", least=0, shell=True)
    no_browser: bool = option(False, "Print the address and open nothing.", shell=True)
    seed: int = shared.SEED()
