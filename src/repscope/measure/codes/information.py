"""What a code says of a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.codes.usage import check_codes, entropy
from repscope.measure.core.estimate import Estimate, Replicates
from repscope.measure.core.resample import estimate_replicates, jackknife_groups
from repscope.text.json_record import JsonRecord

SHUFFLES = 199
"""Shuffles of the null; the smallest p is one in 200."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Information(JsonRecord):
    """Mutual information of codes and classes, in bits.

    Attributes:
        items, classes: with a class, and how many classes.
        bits: the plain estimate, which is too high at small N.
        null: its mean over shuffled classes: what it reads where codes say nothing.
        excess: ``bits`` − ``null``, with the jackknife interval of ``bits``.
        class_bits: entropy of the classes, the most that there is to say.
        adjusted: adjusted mutual information, 0 by chance and 1 where codes are classes (Vinh, Epps & Bailey,
            JMLR 2010).
        p: share of the shuffles that read as much, counting the data themselves.
    """

    items: int
    classes: int
    bits: float
    null: float
    excess: Estimate
    class_bits: float
    adjusted: float
    p: float


def code_information(
    codes: ArrayLike,
    classes: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Information:
    """What a code says of its item's class.

    Classes are shuffled among clusters where each cluster has one class, and among items elsewhere.

    Args:
        codes: [N] from 0.
        classes: [N] from 0; items of a negative class are left out.
        clusters: [N] codes of items that are not independent; by default every item its own.
        shuffles: of the null.
        seed: of the shuffles and of the groups of the jackknife.

    Raises:
        VectorError: fewer than two classes, or lengths that differ.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    code, label = np.asarray(codes), np.asarray(classes)
    units = np.arange(len(code)) if clusters is None else np.asarray(clusters)
    if not code.shape == label.shape == units.shape:
        raise VectorError(
            "a code, a class and a cluster for every item",
            f"shapes {code.shape}, {label.shape}, {units.shape}",
            "give three lists of one length",
        )
    known = label >= 0
    if len(np.unique(label[known])) < 2:
        raise VectorError("items of at least two classes", "fewer", "name another column with --classes")
    code = np.unique(check_codes(code[known], int(code.max()) + 1), return_inverse=True)[1]
    label, units = (np.unique(one[known], return_inverse=True)[1] for one in (label, units))
    table = _Table(code, label)
    bits = table.bits(label)
    rng = np.random.default_rng(seed)
    nulls = np.array([table.bits(shuffled) for shuffled in _shuffled(label, units, shuffles, rng)])
    groups, count = jackknife_groups(units, seed=seed)
    left = np.array([table.bits(label, groups != one) for one in range(count)])
    null = float(nulls.mean())
    excess = Replicates(bits - null, left - null, len(code), f"less the mean of {shuffles} shuffles")
    return Information(
        items=len(code),
        classes=int(label.max()) + 1,
        bits=bits,
        null=null,
        excess=estimate_replicates(excess, int(units.max()) + 1),
        class_bits=entropy(np.bincount(label)) / float(np.log(2)),
        adjusted=float(adjusted_mutual_info_score(label, code)),
        p=float((1 + (nulls >= bits - 1e-12).sum()) / (1 + shuffles)),
    )


class _Table:
    """Counts of codes by classes."""

    def __init__(self, codes: Ints, label: Ints) -> None:
        self._codes, self._width = codes, int(label.max()) + 1
        self._height = int(codes.max()) + 1

    def bits(self, label: Ints, kept: NDArray[np.bool_] | slice = slice(None)) -> float:
        cells = np.bincount(
            self._codes[kept] * self._width + label[kept], minlength=self._height * self._width
        ).reshape(self._height, self._width)
        if not cells.any():
            return float("nan")
        parts = entropy(cells.sum(axis=1)) + entropy(cells.sum(axis=0)) - entropy(cells)
        return max(parts, 0.0) / float(np.log(2))


def _shuffled(label: Ints, units: Ints, count: int, rng: np.random.Generator) -> Any:
    first = np.zeros(int(units.max()) + 1, np.int64)
    first[units] = label
    whole = bool((first[units] == label).all())
    for _ in range(count):
        yield rng.permutation(first)[units] if whole else rng.permutation(label)
