"""The options of ``neighbors``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option


@dataclass(frozen=True, kw_only=True)
class NeighborsOptions(Options):
    """The options of ``repscope neighbors``."""

    query: tuple[str, ...] = option(
        (), "Item to search for, repeatable; all items without.", metavar="ID", repeated=True
    )
    query_set: str | None = option(None, "Set of the items to search for; SET itself without.", metavar="SET")
    k: int = option(10, "Neighbours of each item.", "--k -k", least=1)
    metric: str = option("cosine", "cosine, inner or l2.")
    approximate: bool = option(
        False, "Search nearly, and print the measured recall; unasked above 150,000 rows."
    )
    exact: bool = option(False, "Search exactly, whatever it costs.")
    device: str | None = option(None, "cuda, cuda:1: exact search of all items on a GPU; the CPU without.")
    cache: bool = shared.CACHE()
    grid: bool = option(False, "Draw items and neighbours as pictures.", shell=True)
    figures: tuple[str, ...] = shared.FIGURES()
    out: Path | None = shared.OUT("Folder; STUDY/results/neighbors/… by default.")
    seed: int = shared.SEED()
