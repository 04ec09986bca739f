"""Attention rollout: how much each token of the input reaches each token of the last layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError

Fusion = Literal["mean", "max", "min"]
"""How the heads of a layer become one map."""

FUSIONS: tuple[Fusion, ...] = get_args(Fusion)


def rollout(
    layers: Sequence[ArrayLike], *, fusion: Fusion = "mean", discard: float = 0.0
) -> NDArray[np.float64]:
    """[B, T, T] share of input token k in what token q has become after the last layer; rows sum to 1.

    Each layer is ½ A + ½ I, the residual stream being the identity, rows normalised; layers are multiplied,
    the last on the left. Values are not read, so this is a bound on what could flow, not what did: read it
    beside the same model with shuffled weights.

    Args:
        layers: [B, heads, T, T] attention of each layer, in order.
        fusion: of the heads, "mean", "max" or "min".
        discard: share of the weights of each item and layer, the smallest, that is set to 0 after the
            fusion, in [0, 1).

    Raises:
        InputError: no layer, layers of different shapes or not square, an unknown fusion, a share
            outside [0, 1).

    Abnar & Zuidema, Quantifying Attention Flow in Transformers, ACL 2020; the fusions and the discarding as
    in Gildenblat, Exploring Explainability for Vision Transformers, 2020.
    """
    if fusion not in FUSIONS:
        raise InputError(f"a fusion of heads among {', '.join(FUSIONS)}", repr(fusion), "choose one of them")
    if not 0 <= discard < 1:
        raise InputError("a share to discard in [0, 1)", f"{discard:g}", "give for example 0.9")
    arrays = [np.asarray(one, np.float64) for one in layers]
    shapes = sorted({one.shape for one in arrays})
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][2] != shapes[0][3]:
        raise InputError(
            "layers [items, heads, tokens, tokens] of one shape",
            ", ".join(map(str, shapes)) or "none",
            "choose the layers of self-attention over the same tokens",
        )
    items, _, tokens, _ = shapes[0]
    fuse: dict[Fusion, Callable[..., Any]] = {"mean": np.mean, "max": np.max, "min": np.min}
    flow: NDArray[np.float64] = np.broadcast_to(np.eye(tokens), (items, tokens, tokens))
    for one in arrays:
        fused = fuse[fusion](one, axis=1)
        if discard:
            fused = _without_smallest(fused, discard)
        mixed = 0.5 * fused + 0.5 * np.eye(tokens)
        flow = mixed / mixed.sum(axis=-1, keepdims=True) @ flow
    return flow


def _without_smallest(fused: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    flat = fused.reshape(len(fused), -1)
    count = int(share * flat.shape[1])
    smallest = np.argsort(flat, axis=1, kind="stable")[:, :count]
    kept = flat.copy()
    np.put_along_axis(kept, smallest, 0.0, axis=1)
    return kept.reshape(fused.shape)
