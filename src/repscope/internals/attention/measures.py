"""What an attention map says in numbers: how spread it is, how far it looks, what special tokens take."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError

Float64 = NDArray[np.float64]


def attention_entropy(weights: ArrayLike, queries: ArrayLike | None = None) -> Float64:
    """[B, heads] entropy of the weights, mean over queries, in nats: 0 for one key, ln K for all K alike.

    Args:
        weights: [B, heads, queries, keys], rows summing to 1.
        queries: [B, queries] true for those that count; all by default.

    Raises:
        InputError: shapes that do not fit.
    """
    a = _weights(weights)
    with np.errstate(divide="ignore"):
        logs = np.where(a > 0, np.log(np.where(a > 0, a, 1.0)), 0.0)
    return _over_queries(-(a * logs).sum(axis=-1), queries)


def attention_distance(weights: ArrayLike, grid: tuple[int, int], prefix: int = 0) -> Float64:
    """[B, heads] mean distance, in patches, between a patch and what it attends to; mean over patches.

    Weights on special tokens, which have no place, are left out, and the rest sums to 1 again. A query
    whose whole weight lies on special tokens is left out; NaN where all are.

    Args:
        weights: [B, heads, T, T] self-attention, T = prefix + rows × columns.
        grid: rows and columns of patches.
        prefix: tokens before the patches (class, registers).

    Raises:
        InputError: shapes that do not fit.

    Raghu et al., Do Vision Transformers See Like Convolutional Neural Networks?, NeurIPS 2021.
    """
    a = _weights(weights)
    count = grid[0] * grid[1]
    if a.shape[2] != prefix + count or a.shape[3] != prefix + count:
        raise InputError(
            f"attention among {prefix} + {grid[0]} × {grid[1]} tokens",
            f"{a.shape[2]} queries and {a.shape[3]} keys",
            "give the grid of patches that the model cuts the image into",
        )
    place = np.stack(np.divmod(np.arange(count), grid[1]), axis=1).astype(np.float64)
    apart = np.linalg.norm(place[:, None] - place[None], axis=-1)
    patches = a[:, :, prefix:, prefix:]
    total = patches.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        reach = (patches * apart).sum(axis=-1) / np.where(total > 0, total, np.nan)
    present = np.isfinite(reach)
    counted = present.sum(axis=-1)
    means: Float64 = np.where(present, reach, 0.0).sum(axis=-1) / np.where(counted > 0, counted, np.nan)
    return means


def special_share(weights: ArrayLike, prefix: int) -> Float64:
    """[B, heads] share of the patches' attention that goes to the special tokens before them.

    Args:
        weights: [B, heads, T, T] self-attention.
        prefix: special tokens, the first ones.

    Raises:
        InputError: shapes that do not fit.
    """
    a = _weights(weights)
    share: Float64 = a[:, :, prefix:, :prefix].sum(axis=-1).mean(axis=-1)
    return share


def _weights(weights: ArrayLike) -> Float64:
    a = np.asarray(weights, np.float64)
    if a.ndim != 4 or 0 in a.shape:
        raise InputError(
            "weights [items, heads, queries, keys]", f"shape {a.shape}", "give those of one attention layer"
        )
    return a


def _over_queries(values: Float64, queries: ArrayLike | None) -> Float64:
    if queries is None:
        mean: Float64 = values.mean(axis=-1)
        return mean
    counts = np.asarray(queries, np.float64)[:, None]
    if counts.shape[::2] != values.shape[::2]:
        raise InputError(
            "one flag a query", f"{counts.shape[::2]} for {values.shape[::2]}", "give [B, queries]"
        )
    chosen: Float64 = (values * counts).sum(axis=-1) / counts.sum(axis=-1)
    return chosen
