"""How many codes are in use, and how evenly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.estimate import Estimate, Replicates
from repscope.measure.core.resample import estimate_replicates, jackknife_groups
from repscope.text.json_record import JsonRecord

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Usage(JsonRecord, keys="codes used dead perplexity corrected entropy_bits unseen"):
    """How one codebook is used by some items.

    Attributes:
        counts: [K] items of each code.
        used, dead: codes with and without an item; together K.
        perplexity: exp of the entropy of the codes, in [1, K]: how many codes in even use would be as varied.
        corrected: the same from the entropy of Miller and Madow, which adds the (used − 1) / 2N nats that
            the plain one lacks on average, at most K; with its jackknife interval.
        entropy_bits: of the codes, in bits: what an ideal coder spends on an item.
        unseen: estimated share of new items whose code no item here has (Good & Turing): codes of one item
            among the items.
    """

    counts: Counts
    used: int
    dead: int
    perplexity: float
    corrected: Estimate
    entropy_bits: float
    unseen: float

    @property
    def codes(self) -> int:
        """K."""
        return len(self.counts)


def entropy(counts: ArrayLike) -> float:
    """Entropy of a table of counts, in nats; 0 where one cell has all."""
    given = np.asarray(counts, np.float64).ravel()
    shares = given[given > 0] / given.sum()
    return float(max(-(shares * np.log(shares)).sum(), 0.0))


def miller_madow(counts: ArrayLike) -> float:
    """Entropy in nats with its bias at small N added back: (cells in use − 1) / 2N.

    Paper: Miller, Note on the bias of information estimates, 1955.
    """
    given = np.asarray(counts, np.float64).ravel()
    return float(entropy(given) + (np.count_nonzero(given) - 1) / (2 * given.sum()))


def usage(codes: ArrayLike, size: int, clusters: ArrayLike | None = None, *, seed: int = 0) -> Usage:
    """How a codebook is used.

    Args:
        codes: [N] code of each item, 0 to ``size`` − 1.
        size: K, codes of the codebook.
        clusters: [N] codes of items that are not independent; by default every item its own.
        seed: of the groups of the jackknife.

    Raises:
        VectorError: no item, or a code out of range.
    """
    found = check_codes(codes, size)
    counts = np.bincount(found, minlength=size)
    units = np.arange(len(found)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    groups, count = jackknife_groups(units, seed=seed)
    without = counts - np.bincount(groups * size + found, minlength=count * size).reshape(count, size)
    kept = np.array([_corrected(one) for one in without if one.sum()])
    used = int(np.count_nonzero(counts))
    return Usage(
        counts=counts,
        used=used,
        dead=size - used,
        perplexity=float(np.exp(entropy(counts))),
        corrected=estimate_replicates(
            Replicates(_corrected(counts), kept, len(found), "entropy of Miller and Madow"),
            int(units.max()) + 1,
        ).within((1.0, float(size))),
        entropy_bits=entropy(counts) / float(np.log(2)),
        unseen=float((counts == 1).sum() / len(found)),
    )


def check_codes(codes: ArrayLike, size: int) -> Counts:
    """[N] checked codes.

    Raises:
        VectorError: none, not whole numbers, or out of range.
    """
    given = np.asarray(codes)
    if given.ndim != 1 or not len(given) or given.dtype.kind not in "iu":
        raise VectorError("one whole code an item", f"{given.dtype} of shape {given.shape}", "give [N] codes")
    if given.min() < 0 or given.max() >= size:
        raise VectorError(
            f"codes from 0 to {size - 1}", f"{given.min()} to {given.max()}", "give the size of the codebook"
        )
    return given.astype(np.int64)


def _corrected(counts: Counts) -> float:
    return float(min(np.exp(miller_madow(counts)), len(counts)))
