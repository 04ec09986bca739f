"""Confidence of the nearest-class prediction, and whether it can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.cosines import (
    Floats,
    Ints,
    check_pair,
    default_block,
    tie_width,
    unit_block,
    working_dtype,
)
from repscope.measure.core.grouping import chosen_rows
from repscope.measure.core.linking import Links, link_keys, require_links

TEMPERATURE = 0.01
"""What CLIP models learn: logits are 100 times the cosines."""
BINS = 15
TEMPERATURE_BOUNDS = (1e-3, 10.0)
FIT_COSINES = 4_000_000
"""Cosines that a fit of the temperature looks at, at most."""


@dataclass(frozen=True)
class ReliabilityBins:
    """Predictions binned by their probability; bins without predictions are not listed.

    Attributes:
        low, high: [B] ends of each bin.
        count: [B] predictions in it.
        confidence: [B] their mean probability.
        accuracy: [B] share of them that is right.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: Ints
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error: mean |accuracy − confidence|, weighted by count."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float(np.average(gaps, weights=self.count))


@dataclass(frozen=True)
class Confidence:
    """Softmax predictions of the items that have a class.

    Attributes:
        rows: [T] the items.
        predicted: [T] the predicted class, as the first reference row of its key.
        top_probability: [T] probability of the predicted class.
        true_probability: [T] probability of the true class.
        correct: [T] whether they are the same class.
        bins: equal-width bins.
        mass_bins: bins with about as many predictions each.
        ece: expected calibration error over the equal-width bins, in [0, 1].
        ece_mass: the same over the equal-mass bins.
        brier: mean over items of Σ (p − y)² over classes, in [0, 2].
        nll: mean −log of the true class's probability, in nats.
        temperature: what cosines were divided by.
    """

    rows: Ints
    predicted: Ints
    top_probability: NDArray[np.float64]
    true_probability: NDArray[np.float64]
    correct: NDArray[np.bool_]
    bins: ReliabilityBins
    mass_bins: ReliabilityBins
    ece: float
    ece_mass: float
    brier: float
    nll: float
    temperature: float


@dataclass(frozen=True)
class Flips:
    """How predictions of the same items changed.

    Attributes:
        stayed_right, stayed_wrong, right_to_wrong, wrong_to_right: items of each kind.
        p: exact two-sided McNemar test of as many flips either way; 1 without flips. It takes the
            items as independent.
    """

    stayed_right: int
    stayed_wrong: int
    right_to_wrong: int
    wrong_to_right: int
    p: float


def confidence(
    items: Floats,
    reference: Floats,
    item_keys: Ints,
    reference_keys: Ints,
    *,
    temperature: float = TEMPERATURE,
    bins: int = BINS,
    block_rows: int | None = None,
) -> Confidence:
    """Softmax over the cosines to the reference, its calibration and its scores.

    A class is a key; where it has several reference rows their probabilities are added. Reference rows
    without a key are classes of their own. Items without a linked reference row are left out.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        item_keys: [N] key codes; negative for none.
        reference_keys: [M].
        temperature: what cosines are divided by.
        bins: number of reliability bins.
        block_rows: items per block. It does not change the result.

    Raises:
        VectorError: zero, NaN or infinite rows, wrong shapes, widths that differ.
        LinkError: keys that do not fit, or no item has a class in the reference.
        InputError: temperature or number of bins not positive.

    Papers: Guo et al., On Calibration of Modern Neural Networks, ICML 2017; Brier 1950.
    """
    if not temperature > 0 or bins < 1:
        raise InputError(
            "a positive temperature and at least one bin", f"{temperature} and {bins}", "change them"
        )
    items, reference = check_pair(items, reference)
    links = link_keys(item_keys, reference_keys, len(items), len(reference))
    require_links(links)
    classes = _Classes.of(np.asarray(reference_keys, np.int64))
    dtype = working_dtype(items, reference)
    targets = unit_block(reference, "reference", dtype).T
    n = len(items)
    predicted = np.empty(n, np.int64)
    top, log_true, squares = np.empty(n), np.empty(n), np.empty(n)
    tied = np.exp(-tie_width(dtype) / temperature)
    block_rows = block_rows or default_block(2 * len(reference))
    for start in range(0, n, block_rows):
        block = slice(start, min(start + block_rows, n))
        logits = (unit_block(items, "items", dtype, block) @ targets).astype(np.float64) / temperature
        log_linked = _log_linked(logits, links, block.start, block.stop)
        probabilities, log_total = _softmax(logits)
        log_true[block] = log_linked - log_total
        probabilities = classes.add(probabilities)
        top[block] = probabilities.max(axis=1)
        predicted[block] = (probabilities >= top[block, None] * tied).argmax(axis=1)
        squares[block] = np.einsum("ij,ij->i", probabilities, probabilities)

    rows = np.flatnonzero(links.has_truth)
    first_linked = links.reference_order[links.reference_starts[links.item_slots[rows]]]
    correct = predicted[rows] == classes.index[first_linked]
    top_probability = np.minimum(top[rows], 1.0)
    true_probability = np.exp(np.minimum(log_true[rows], 0.0))
    by_width = _reliability(top_probability, correct, np.linspace(0, 1, bins + 1))
    quantiles = np.quantile(top_probability, np.linspace(0, 1, bins + 1))
    by_mass = _reliability(top_probability, correct, quantiles)
    return Confidence(
        rows=rows,
        predicted=classes.first[predicted[rows]],
        top_probability=top_probability,
        true_probability=true_probability,
        correct=correct,
        bins=by_width,
        mass_bins=by_mass,
        ece=by_width.error,
        ece_mass=by_mass.error,
        brier=float(np.mean(squares[rows] - 2 * true_probability + 1)),
        nll=float(-np.minimum(log_true[rows], 0.0).mean()),
        temperature=temperature,
    )


def fit_temperature(
    items: Floats,
    reference: Floats,
    item_keys: Ints,
    reference_keys: Ints,
    *,
    max_cosines: int = FIT_COSINES,
    seed: int = 0,
) -> float:
    """The temperature with the smallest negative log-likelihood, between 0.001 and 10.

    Fit it on rows that are not measured afterwards: calibration on the same rows flatters. Where every
    prediction is right, ever smaller temperatures are ever better, and the lower end is returned.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        item_keys: [N] key codes; negative for none.
        reference_keys: [M].
        max_cosines: with more cosines than these, items are drawn without replacement.
        seed: of the draw.

    Raises:
        VectorError: zero, NaN or infinite rows, wrong shapes, widths that differ.
        LinkError: keys that do not fit, or no item has a class in the reference.

    Paper: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    from scipy.optimize import minimize_scalar

    items, reference = check_pair(items, reference)
    links = link_keys(item_keys, reference_keys, len(items), len(reference))
    require_links(links)
    rows = np.flatnonzero(links.has_truth)
    rows = rows[chosen_rows(len(rows), max(max_cosines // len(reference), 1), seed)]
    links = link_keys(np.asarray(item_keys)[rows], reference_keys, len(rows), len(reference))
    dtype = working_dtype(items, reference)
    cosines = unit_block(items, "items", dtype, rows) @ unit_block(reference, "reference", dtype).T
    block_rows = default_block(8 * len(reference))

    def loss(log_temperature: float) -> float:
        total = 0.0
        for start in range(0, len(rows), block_rows):
            stop = min(start + block_rows, len(rows))
            logits = cosines[start:stop].astype(np.float64) / np.exp(log_temperature)
            total -= float(_log_linked(logits, links, start, stop).sum())
            total += float(_softmax(logits)[1].sum())
        return total / len(rows)

    found = minimize_scalar(
        loss, bounds=np.log(TEMPERATURE_BOUNDS), method="bounded", options={"xatol": 1e-4}
    )
    return float(np.exp(found.x))


def flips(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Flips:
    """What became of right and wrong predictions.

    Args:
        before, after: [T] whether the same items are predicted right, as in ``Confidence.correct``.

    Raises:
        InputError: arrays of different or no length.

    Paper: McNemar, Psychometrika 1947.
    """
    from scipy.stats import binomtest

    if np.shape(before) != np.shape(after) or np.ndim(before) != 1 or not len(before):
        raise InputError(
            "right or wrong for the same items, at least one",
            f"shapes {np.shape(before)} and {np.shape(after)}",
            "predict the same items in both stages",
        )
    lost = int(np.count_nonzero(before & ~after))
    won = int(np.count_nonzero(~before & after))
    p = float(binomtest(min(lost, won), lost + won).pvalue) if lost + won else 1.0
    return Flips(
        stayed_right=int(np.count_nonzero(before & after)),
        stayed_wrong=int(np.count_nonzero(~before & ~after)),
        right_to_wrong=lost,
        wrong_to_right=won,
        p=p,
    )


@dataclass(frozen=True)
class _Classes:
    """Reference rows as classes.

    Attributes:
        index: [M] class of each row, numbered in order of first appearance.
        first: [C] first row of each class.
        order, starts: rows sorted by class, and where each class begins; None where rows are classes.
    """

    index: Ints
    first: Ints
    order: Ints | None
    starts: Ints | None

    @classmethod
    def of(cls, keys: Ints) -> _Classes:
        alone = keys < 0
        labels = np.where(alone, -1 - np.arange(len(keys)), keys)
        _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
        appearance = np.argsort(np.argsort(first))
        index, first = appearance[inverse], np.sort(first)
        if len(first) == len(keys):
            return cls(index, first, None, None)
        order = np.argsort(index, kind="stable")
        return cls(index, first, order, np.searchsorted(index[order], np.arange(len(first))))

    def add(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """[b, M] of rows to [b, C] of classes."""
        if self.order is None or self.starts is None:
            return probabilities
        added: NDArray[np.float64] = np.add.reduceat(probabilities[:, self.order], self.starts, axis=1)
        return added


def _log_linked(logits: NDArray[np.float64], links: Links, start: int, stop: int) -> NDArray[np.float64]:
    """[b] log Σ exp over the linked rows; 0 for items without any."""
    rows, columns = links.linked_columns(start, stop)
    log_linked = np.zeros(stop - start)
    if rows.size:
        heads = np.flatnonzero(np.diff(rows, prepend=-1))
        log_linked[rows[heads]] = np.logaddexp.reduceat(logits[rows, columns], heads)
    return log_linked


def _softmax(logits: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities [b, M], made in place, and log Σ exp [b]."""
    largest = logits.max(axis=1, keepdims=True)
    logits -= largest
    np.exp(logits, out=logits)
    total = logits.sum(axis=1, keepdims=True)
    logits /= total
    return logits, (largest + np.log(total))[:, 0]


def _reliability(
    probability: NDArray[np.float64], correct: NDArray[np.bool_], edges: NDArray[np.float64]
) -> ReliabilityBins:
    """Bins open below and closed above; equal probabilities always share a bin."""
    bins = len(edges) - 1
    index = np.clip(np.searchsorted(edges, probability, side="left") - 1, 0, bins - 1)
    count = np.bincount(index, minlength=bins)
    used = np.flatnonzero(count)
    return ReliabilityBins(
        low=edges[used],
        high=edges[used + 1],
        count=count[used],
        confidence=np.bincount(index, probability, bins)[used] / count[used],
        accuracy=np.bincount(index, correct, bins)[used] / count[used],
    )
