"""The options of ``demo``."""

from __future__ import annotations

from dataclasses import dataclass

from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option


@dataclass(frozen=True, kw_only=True)
class DemoOptions(Options):
    """The options of ``repscope demo``."""

    method: str = option("tsne", "Map: tsne, umap, pca or none.")
    drift: bool = option(
        True, "With the chapter on generators that learn from themselves.", "--drift/--no-drift"
    )
    seed: int = shared.SEED()
