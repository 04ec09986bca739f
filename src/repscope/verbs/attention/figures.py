"""The figures of ``attention``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.plot.attention.heads import plot_head_measures
from repscope.plot.attention.maps import Panel, plot_heads, plot_overlays, plot_tokens, spaced
from repscope.verbs.attention.record import AttentionLayer, AttentionRecord, ShownItem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "entropy": "entropy of attention (nats)",
    "distance": "mean distance (patches)",
    "special": "share to special tokens",
}


def draw(found: AttentionRecord) -> Iterator[tuple[str, Figure]]:
    """Names and figures: measures; heads, layers, patch and rollout of images; tokens of texts."""
    texts = [one for one in found.shown if one.picture is None]
    indices = [layer.index for layer in found.layers]
    rows = {label: [layer.measures.get(name, ()) for layer in found.layers] for name, label in LABELS.items()}
    uniform = {LABELS["entropy"]: [float(np.log(layer.keys)) for layer in found.layers]}
    yield "measures", plot_head_measures(indices, rows, {} if texts else uniform)
    if texts:
        yield "tokens", _tokens(texts[0], found)
    mapped = [layer for layer in found.layers if layer.grid is not None]
    images = [one for one in found.shown if one.picture is not None]
    if not mapped or not images:
        return
    chosen = [mapped[i] for i in spaced(len(mapped), 3)]
    query = "the class token" if mapped[0].special else "all patches together"
    maps = [_from_class(images[0], layer) for layer in mapped]
    yield "heads", plot_heads(maps, [layer.index for layer in mapped], query=query)
    yield (
        "layers",
        plot_overlays(
            [
                (
                    _pixels(one),
                    [
                        Panel("", None),
                        *(Panel(f"layer {layer.index}", _from_class(one, layer).mean(0)) for layer in chosen),
                    ],
                )
                for one in images
            ],
            note=f"Attention of {query}, mean over heads; each map to its own largest weight.",
        ),
    )
    grid = mapped[0].grid
    assert grid is not None
    mark = grid[0] // 2, grid[1] // 2
    yield (
        "patch",
        plot_overlays(
            [
                (
                    _pixels(one),
                    [
                        Panel("", None),
                        *(
                            Panel(f"layer {layer.index}", _from_patch(one, layer, mark), mark)
                            for layer in chosen
                        ),
                    ],
                )
                for one in images
            ],
            note="Attention of the framed patch to every patch, mean over heads.",
        ),
    )
    flows = [one for one in images if one.rollout is not None]
    if flows:
        yield (
            "rollout",
            plot_overlays(
                [
                    (
                        _pixels(one),
                        [
                            Panel("", None),
                            Panel("rollout", _on_grid(one.rollout, mapped[0])),
                            Panel("weights shuffled", _on_grid(one.control, mapped[0])),
                        ],
                    )
                    for one in flows
                ],
                note="Rollout over all layers, from the first token, and of the same model with the entries "
                "of its weight matrices shuffled: what is alike in both was not learnt.",
            ),
        )


def _pixels(one: ShownItem) -> NDArray[np.float32]:
    assert one.picture is not None
    return one.picture


def _from_class(one: ShownItem, layer: AttentionLayer) -> NDArray[np.floating[Any]]:
    """[heads, rows, columns] of the class token, or the mean over patches where there is none."""
    weights, special = one.weights[layer.index], layer.special or 0
    assert layer.grid is not None
    row = weights[:, 0, special:] if special else weights.mean(axis=1)
    shaped: NDArray[np.floating[Any]] = row.reshape(len(weights), *layer.grid)
    return shaped


def _from_patch(one: ShownItem, layer: AttentionLayer, mark: tuple[int, int]) -> NDArray[np.floating[Any]]:
    assert layer.grid is not None
    special = layer.special or 0
    token = special + mark[0] * layer.grid[1] + mark[1]
    shaped: NDArray[np.floating[Any]] = (
        one.weights[layer.index][:, token, special:].mean(0).reshape(layer.grid)
    )
    return shaped


def _on_grid(flow: NDArray[np.float64] | None, layer: AttentionLayer) -> NDArray[np.floating[Any]] | None:
    if flow is None or layer.grid is None:
        return None
    return flow[layer.special or 0 :].reshape(layer.grid)


def _tokens(one: ShownItem, found: AttentionRecord) -> Figure:
    chosen = [found.layers[i] for i in spaced(len(found.layers), 3)]
    count = len(one.tokens)
    return plot_tokens(
        [(f"layer {layer.index}", one.weights[layer.index].mean(0)[:count, :count]) for layer in chosen],
        one.tokens,
    )
