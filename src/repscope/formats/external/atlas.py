"""Parquet for Embedding Atlas: item columns, ``vector``, and a plane ``projection_x``, ``projection_y``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repscope.formats.outgoing import VECTOR, plain_items, row_blocks
from repscope.formats.tables.write import write_parquet_table
from repscope.study import EmbeddingSet

PLANE = ("projection_x", "projection_y")


def write_atlas(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """The item columns, lists of float32, and the plane of the two leading principal components.

    Columns ``projection_x`` and ``projection_y`` of the items are kept instead where both are there.

    Raises:
        InputError: an item column is called ``vector``, or only one of the two is there.
    """
    import pyarrow as pa

    own = set(PLANE) <= set(embeddings.columns)
    items = plain_items(embeddings, "an atlas", (VECTOR,) if own else (VECTOR, *PLANE))
    if not own:
        plane, share = leading_plane(embeddings)
        for name, values in zip(PLANE, plane.T, strict=True):
            items = items.append_column(name, pa.array(np.ascontiguousarray(values)))
    write_parquet_table(embeddings, path, items, pa.list_(pa.float32()))
    how = "--x projection_x --y projection_y"
    if own:
        return (f"open it with embedding-atlas FILE {how}",)
    return (
        f"the plane is that of the two leading principal components ({share:.0%} of the variance); open it "
        f"with embedding-atlas FILE {how}, or let the atlas fit its own with --vector {VECTOR}",
    )


def leading_plane(embeddings: EmbeddingSet) -> tuple[NDArray[np.float32], float]:
    """[N, 2] coordinates on the two leading principal components, and their share of the variance (0 to 1).

    Two scans; D×D moments in float64. Signs make the largest loading of each component positive.
    """
    total = np.zeros(embeddings.d)
    for _, block in row_blocks(embeddings, np.float32):
        total += block.sum(axis=0, dtype=np.float64)
    mean = total / embeddings.n
    scatter = np.zeros((embeddings.d, embeddings.d))
    for _, block in row_blocks(embeddings, np.float32):
        centred = block.astype(np.float64) - mean
        scatter += centred.T @ centred
    values, axes = np.linalg.eigh(scatter)
    leading = np.zeros((embeddings.d, 2))
    leading[:, : min(2, embeddings.d)] = axes[:, ::-1][:, :2]
    leading *= np.where(np.take_along_axis(leading, np.abs(leading).argmax(axis=0)[None], 0) < 0, -1.0, 1.0)
    plane = np.empty((embeddings.n, 2), np.float32)
    for start, block in row_blocks(embeddings, np.float32):
        plane[start : start + len(block)] = (block.astype(np.float64) - mean) @ leading
    variance = float(values.clip(0).sum())
    return plane, float(values[::-1][:2].clip(0).sum()) / variance if variance else 0.0
