"""The options of ``predictions``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common import options as shared
from repscope.verbs.common.model_options import ModelOptions, of_run
from repscope.verbs.common.options import option


@dataclass(frozen=True, kw_only=True)
class PredictionsOptions(ModelOptions):
    """The options of ``repscope predictions``."""

    replayed = (
        "model sampler levels study as_ source_kind path_column id_column text_column images regions "
        "templates array id_rule items encoding weights weights_key weights_prefix resize crop mean std "
        "interpolation method perplexity show resamples device dtype autocast limit batch_size workers "
        "seed strict overwrite"
    )

    sampler: str | None = option(
        None,
        "Of the masks: multiblock, hierarchical, random, blockwise, or FILE.py:callable; the model's own.",
        metavar="NAME",
    )
    levels: int | None = option(
        None, "Of the hierarchy; means over 2^level patches. The model's own, or 1.", least=1, most=8
    )
    study: Path | None = option(None, "Keep predicted and target features as sets of this study.")
    as_: str | None = option(
        None, "What the names of these sets begin with: NAME.predicted.0, ….", "--as", metavar="NAME"
    )
    method: str = option("tsne", "Map of the features: tsne, umap, pca or none.")
    perplexity: float = shared.PERPLEXITY()
    show: int = option(4, "Images whose maps are drawn, the first ones.", least=0)
    resamples: int = shared.RESAMPLES()
    overwrite: bool = of_run(False, "Replace sets of these names.")
    out: Path | None = shared.OUT("Folder for predictions.json and the figures.")
    figures: tuple[str, ...] = shared.FIGURES()
