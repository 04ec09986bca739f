"""The options of ``compare``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common import options as shared
from repscope.verbs.common.options import REQUIRED, Options, option
from repscope.verbs.common.words import check_words, split_words


def check_gate(text: str) -> tuple[str, ...]:
    """Verdicts of ``--fail-on``.

    Raises:
        UnknownNameError: one of them is no verdict.
    """
    from repscope.measure.verdict.records import UNLINKED_WORDS, WORDS

    return check_words(text, dict.fromkeys((*WORDS, *UNLINKED_WORDS)), "a verdict")


@dataclass(frozen=True, kw_only=True)
class CompareOptions(Options):
    """The options of ``repscope compare``."""

    replayed = (
        "reference on cluster views split held_out drop_unlinked classes by measures all_measures seen "
        "method perplexity map_rows colour palette resamples seed"
    )

    reference: str = option(
        REQUIRED, "Set to measure against; BEFORE,AFTER where each encoder has its own.", "--reference -r"
    )
    on: str | None = option(
        None, "'id' or a key column that links items and reference; without it, distributions only."
    )
    cluster: str | None = shared.CLUSTER()
    views: str | None = shared.VIEWS()
    split: tuple[str, str] | None = shared.SPLIT()
    held_out: tuple[str, str] | None = shared.HELD_OUT()
    method: str = option("tsne", "Map: tsne, umap, pca or none.", always=True)
    perplexity: float = shared.PERPLEXITY()
    map_rows: int = shared.MAP_ROWS()
    colour: str | None = shared.COLOUR()
    measures: tuple[str, ...] | None = option(
        None, "Names, comma-separated; all but the costly by default.", parse=split_words, text=",".join
    )
    all_measures: bool = option(False, "The costly measures too, and all on the controls.", "--all")
    classes: str | None = shared.CLASSES()
    by: tuple[str, ...] = shared.BY()
    seen: str | None = option(None, "Column of the reference that says which classes were seen.")
    palette: str = shared.PALETTE()
    drop_unlinked: bool = shared.DROP_UNLINKED()
    resamples: int = shared.RESAMPLES()
    fail_on: tuple[str, ...] = shared.FAIL_ON(
        "Exit with 3 on these verdicts, comma-separated.", parse=check_gate
    )
    out: Path | None = shared.OUT("Folder for the report; STUDY/results/compare/… by default.")
    figures: tuple[str, ...] = shared.FIGURES()
    view: bool = shared.VIEW()
    seed: int = shared.SEED(always=True)
