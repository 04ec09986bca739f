"""One search over distinct rows: candidates from matrix products in float32, ranked by float64 scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repscope.knn.candidates import Found, Operands, find
from repscope.knn.device import find_on_device

_PAIRS = 1024
_ROWS = 4096


class Search:
    """One exact search over distinct base rows; scores are negated squared distances under l2."""

    def __init__(
        self,
        x: NDArray[np.floating],
        y: NDArray[np.floating] | None,
        metric: str,
        block_rows: int,
        *,
        device: str | None = None,
    ) -> None:
        self.x = x
        self.y = y
        self.metric = metric
        self._block_rows = block_rows
        self._device = device
        self.norms = (row_lengths(x), None if y is None else row_lengths(y))

    def run(self, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Indices and scores, [N, k] each, by descending score, then ascending index."""
        indices = np.empty((len(self.x), k), dtype=np.int64)
        scores = np.empty((len(self.x), k), dtype=np.float64)
        self.fill(k, indices, scores)
        return indices, scores

    def fill(
        self,
        k: int,
        indices: NDArray[np.int64],
        scores: NDArray[np.float64],
        chosen: NDArray[np.int64] | None = None,
    ) -> None:
        """Write down the exact neighbours of all queries, or of the ``chosen`` ones only."""
        crowded = chosen
        for dtype in (np.float32, np.float64):
            left, right = self._operands(dtype)
            if crowded is None and self._device is not None:
                blocks = find_on_device(left, right, k, cap=8 * k + 64, device=self._device)
            elif crowded is None:
                blocks = find(left, right, k, block_rows=self._block_rows, cap=8 * k + 64)
            else:
                blocks = find(
                    left,
                    left if right is None else right,
                    k,
                    chosen=crowded,
                    skip=crowded if right is None else None,
                    block_rows=self._block_rows,
                    cap=8 * k + 64,
                )
            left_over = []
            for found in blocks:
                self.settle(found, k, indices, scores)
                left_over.append(found.crowded)
            crowded = np.concatenate(left_over)
            if not len(crowded):
                return
        for query in [] if crowded is None else crowded.tolist():
            self.settle(self._everything(query), k, indices, scores)

    def _operands(self, dtype: type[np.floating]) -> tuple[Operands, Operands | None]:
        target = self.x if self.y is None else self.y
        x_norms, y_norms = self.norms
        target_norms = x_norms if y_norms is None else y_norms
        if self.metric == "inner":
            largest = max(float(x_norms.max()), float(target_norms.max()))
            centre = np.zeros(self.x.shape[1])
        else:
            unit = self.metric == "cosine"
            centre = _mean(target, target_norms if unit else None)
            largest = max(
                float(row_lengths(rows, centre, norms if unit else None).max())
                for rows, norms in ((self.x, x_norms), (target, target_norms))
            )
        # A power of two: exact, and squares of what is left can neither overflow nor vanish.
        scale = 0.5 ** np.ceil(np.log2(largest)) if largest > 0 else 1.0
        left = self._ready(self.x, x_norms, centre, scale, dtype)
        right = None if self.y is None else self._ready(self.y, target_norms, centre, scale, dtype)
        return left, right

    def _ready(
        self,
        rows: NDArray[np.floating],
        norms: NDArray[np.float64],
        centre: NDArray[np.float64],
        scale: float,
        dtype: type[np.floating],
    ) -> Operands:
        distance = self.metric != "inner"
        width = rows.shape[1]
        ready = np.empty((len(rows), width + 2 * distance), dtype=dtype)
        lengths = np.empty(len(rows))
        for at in range(0, len(rows), _ROWS):
            part = rows[at : at + _ROWS].astype(np.float64)
            if self.metric == "cosine":
                part /= norms[at : at + _ROWS, None]
            part -= centre
            part *= scale
            squares = np.einsum("nd,nd->n", part, part)
            lengths[at : at + _ROWS] = np.sqrt(squares)
            ready[at : at + _ROWS, :width] = part
            if distance:
                ready[at : at + _ROWS, width] = -0.5 * squares
                ready[at : at + _ROWS, width + 1] = 1.0
        return Operands(ready, lengths, distance)

    def settle(self, found: Found, k: int, indices: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
        """Score the candidates in float64, and write down the k best of each query."""
        if not len(found.rows):
            return
        values = self.score(found.rows, found.columns)
        order = np.lexsort((found.columns, -values, found.rows))
        rows, first = np.unique(found.rows, return_index=True)
        chosen = order[first[:, None] + np.arange(k)]
        indices[rows] = found.columns[chosen]
        scores[rows] = values[chosen]

    def score(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores of pairs (query, base row): the same for a pair whatever it is asked with."""
        target = self.x if self.y is None else self.y
        values = np.empty(len(rows))
        for at in range(0, len(rows), _PAIRS):
            a = self.x[rows[at : at + _PAIRS]].astype(np.float64, copy=False)
            b = target[columns[at : at + _PAIRS]].astype(np.float64, copy=False)
            if self.metric == "l2":
                b -= a
                values[at : at + _PAIRS] = -np.einsum("nd,nd->n", b, b)
            else:
                values[at : at + _PAIRS] = np.einsum("nd,nd->n", a, b)
        if self.metric == "cosine":
            x_norms, y_norms = self.norms
            values /= x_norms[rows] * (x_norms if y_norms is None else y_norms)[columns]
            np.clip(values, -1.0, 1.0, out=values)
        return values

    def _everything(self, query: int) -> Found:
        columns = np.arange(len(self.x if self.y is None else self.y), dtype=np.int64)
        if self.y is None:
            columns = np.delete(columns, query)
        return Found(np.full(len(columns), query, dtype=np.int64), columns, np.empty(0, np.int64))


def row_lengths(
    rows: NDArray[np.floating],
    centre: NDArray[np.float64] | None = None,
    divide: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Lengths of the rows in float64, after division and centring where asked for."""
    norms = np.empty(len(rows))
    for at in range(0, len(rows), _ROWS):
        part = rows[at : at + _ROWS].astype(np.float64)
        if divide is not None:
            part /= divide[at : at + _ROWS, None]
        if centre is not None:
            part -= centre
        norms[at : at + _ROWS] = np.sqrt(np.einsum("nd,nd->n", part, part))
    return norms


def _mean(rows: NDArray[np.floating], divide: NDArray[np.float64] | None) -> NDArray[np.float64]:
    total = np.zeros(rows.shape[1])
    for at in range(0, len(rows), _ROWS):
        part = rows[at : at + _ROWS].astype(np.float64)
        total += part.sum(axis=0) if divide is None else (part / divide[at : at + _ROWS, None]).sum(axis=0)
    return total / len(rows)
