"""What one reading of a probe's rows says: ranks by their own names, uniformity, kNN accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError
from repscope.knn.exact import exact
from repscope.measure.alignment.hypersphere import uniformity
from repscope.measure.core.estimate import FIXED
from repscope.measure.geometry.one_set import geometry_replicates, norms
from repscope.measure.geometry.spectrum import RANKS

Rows = NDArray[np.floating[Any]]

GEOMETRY = ("spread.total", "cosine.mean", *RANKS)

NEIGHBOURS = 20
TEMPERATURE = 0.07
"""Of the votes of neighbours, as in instance discrimination (Wu et al., CVPR 2018)."""


def read_rows(x: Rows, labels: NDArray[np.int64] | None = None, *, k: int = NEIGHBOURS) -> dict[str, float]:
    """Measures by name; those that are undefined on these rows (a direction of zero vectors) are absent.

    Args:
        x: [N, D] finite.
        labels: [N] codes, for ``knn.accuracy``.
        k: neighbours that vote.

    Raises:
        VectorError: not a finite matrix.
    """
    table = geometry_replicates(x, np.full(len(x), FIXED), 0, GEOMETRY)
    found = {"norm.mean": float(norms(x).mean())}
    found |= {name: float(table[name].value) for name in GEOMETRY if name in table}
    try:
        found["uniformity"] = uniformity(x)
        if labels is not None:
            found["knn.accuracy"] = knn_accuracy(x, labels, k=k)
    except VectorError:
        # Zero vectors have no direction; the rest of the reading says that they are there.
        pass
    return found


def knn_accuracy(x: Rows, labels: NDArray[np.int64], *, k: int = NEIGHBOURS) -> float:
    """Share of rows whose class the k nearest other rows name, by cosine, votes weighted exp(cos / .07).

    Args:
        x: [N, D].
        labels: [N] codes from 0.
        k: neighbours that vote; at most N − 1.

    Raises:
        VectorError: zero, NaN or infinite rows.
        InputError: labels of another number.

    Paper: Wu et al., Unsupervised Feature Learning via Non-Parametric Instance Discrimination, CVPR 2018.
    """
    if len(labels) != len(x):
        raise InputError("a label for each row of the probe", f"{len(labels)} for {len(x)}", "give as many")
    near = exact(x, k=min(k, len(x) - 1))
    votes = np.zeros((len(x), int(labels.max()) + 1))
    weights = np.exp((near.scores - near.scores[:, :1]) / TEMPERATURE)
    np.add.at(votes, (np.arange(len(x))[:, None], labels[near.indices]), weights)
    return float((votes.argmax(axis=1) == labels).mean())
