"""What ``attention`` found, as a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.measure.core.estimate import Estimate
from repscope.text.numbers import number

SCHEMA = "repscope.attention/1"

UNITS = {"entropy": "nats", "distance": "patches", "special": "share"}
"""Unit of each measure of a head."""


@dataclass(frozen=True)
class AttentionLayer:
    """One attention of the model.

    Attributes:
        index: its place in the order of computation, from 0.
        name: path of the module.
        heads, queries, keys: of its weights; of texts, the longest.
        special: tokens before the patches of an image (class, registers); None where that is not known.
        grid: rows and columns of patches, or None.
        measures: by measure, one estimate a head over the items: ``entropy`` in nats, and for patches
            ``distance`` in patches and ``special``, the share of attention that special tokens take.
    """

    index: int
    name: str
    heads: int
    queries: int
    keys: int
    special: int | None
    grid: tuple[int, int] | None
    measures: Mapping[str, tuple[Estimate, ...]]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "index": self.index,
            "name": self.name,
            "heads": self.heads,
            "tokens": {"queries": self.queries, "keys": self.keys},
            "special_tokens": self.special,
            "grid": self.grid and list(self.grid),
            "measures": {name: [one.to_json() for one in heads] for name, heads in self.measures.items()},
        }


@dataclass(frozen=True)
class ShownItem:
    """An item whose maps are drawn.

    Attributes:
        id: which.
        picture: [H, W, 3] in [0, 1], the pixels that the model saw; None of a text.
        tokens: of a text; () of an image.
        weights: by layer, [heads, queries, keys].
        rollout: [T] share of each input token in the class token, or in the mean token where there is
            none; None where layers differ in tokens.
        control: the same of the model with shuffled weights.
    """

    id: str
    picture: NDArray[np.float32] | None
    tokens: tuple[str, ...]
    weights: Mapping[int, NDArray[np.float32]]
    rollout: NDArray[np.float64] | None = None
    control: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class AttentionRecord:
    """What the heads of a model look at.

    Attributes:
        model: as it was named.
        ids: items that were read.
        layers: in the order of computation; those that were asked for.
        shown: the first items, with their maps.
        arrays: by ``layer.K``, [items, heads, queries, keys] float32, and ``mask`` [items, tokens] of texts;
            empty unless weights are kept.
        skipped: items that could not be read, with the reason.
        notes: what a reader should know.
        replay: the command that repeats it; "" where there is none.
    """

    model: str
    ids: tuple[str, ...]
    layers: tuple[AttentionLayer, ...]
    shown: tuple[ShownItem, ...] = ()
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    replay: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values, without weights."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "items": len(self.ids),
            "layers": [layer.to_json() for layer in self.layers],
            "units": UNITS,
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
            "replay": self.replay,
        }

    def lines(self) -> Sequence[str]:
        """A table for the terminal: the heads of each layer, their range."""
        rows = ["layer  heads  tokens         entropy        distance  special  module"]
        for layer in self.layers:
            tokens = f"{layer.queries}" if layer.queries == layer.keys else f"{layer.queries}→{layer.keys}"
            cells = [_range(layer.measures.get(name, ())) for name in ("entropy", "distance", "special")]
            rows.append(
                f"{layer.index:>5}  {layer.heads:>5}  {tokens:<9} {cells[0]:>15} {cells[1]:>15}  "
                f"{_mean(layer.measures.get('special', ())):>7}  {layer.name}"
            )
        return rows


def _range(heads: Sequence[Estimate]) -> str:
    values = [one.value for one in heads if one.value is not None]
    return f"{number(min(values), 2)} – {number(max(values), 2)}" if values else "–"


def _mean(heads: Sequence[Estimate]) -> str:
    values = [one.value for one in heads if one.value is not None]
    return number(float(np.mean(values)), 3) if values else "–"
