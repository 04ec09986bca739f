"""A fitted logistic regression, fitted again without each group of its rows.

All groups at once: Newton's method from the fit to every row, whose Hessian, near to that of every group,
preconditions conjugate gradients. A few products of matrices then stand for a fit a group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError

Floats = NDArray[np.float64]

STEPS = 25
INNER = 30
TOLERANCE = 1e-6
"""Of the gradient, against its size where every weight is 0."""


def balanced(is_item: NDArray[np.bool_], kept: NDArray[np.bool_]) -> Floats:
    """[n, G] scikit-learn's "balanced" weights of the rows kept without each group, 0 for those left out.

    Raises:
        InputError: nothing of one set remains without some group.
    """
    weights = np.zeros(kept.shape)
    total = kept.sum(axis=0)
    for which in (is_item, ~is_item):
        count = kept[which].sum(axis=0)
        if (count == 0).any():
            raise InputError(
                "training rows of both sets without any one group",
                f"none of one set without group {int(np.argmin(count))}",
                "resample over more groups",
            )
        weights[which] = kept[which] * (total / (2 * count))
    return weights


def refitted(
    rows: Floats, is_item: NDArray[np.bool_], kept: NDArray[np.bool_], start: Floats, inverse_penalty: float
) -> Floats:
    """[D + 1, G] weights, the intercept last, of L2-penalised logistic regression without each group.

    NaN where Newton's method does not settle, so that a jackknife gives no interval.

    Args:
        rows: [n, D] training rows, centred and scaled.
        is_item: [n] the class to be told.
        kept: [n, G] which rows remain without each group.
        start: [D + 1] weights of the fit to every row.
        inverse_penalty: scikit-learn's ``C``.

    Raises:
        InputError: nothing of one set remains without some group.
    """
    x = np.column_stack((rows, np.ones(len(rows))))
    ridge = np.append(np.ones(rows.shape[1]), 0.0)[:, None]
    truth = is_item.astype(np.float64)[:, None]
    weights = inverse_penalty * balanced(is_item, kept)
    every = inverse_penalty * balanced(is_item, np.ones((len(rows), 1), bool))
    factor = _factor(x, _curvature(x @ start[:, None], every), ridge)
    enough = TOLERANCE * np.linalg.norm(x.T @ (weights * (0.5 - truth)), axis=0)
    fitted = np.repeat(start[:, None], kept.shape[1], axis=1)
    for _ in range(STEPS):
        scores = x @ fitted
        gradient = x.T @ (weights * (_chance(scores) - truth)) + ridge * fitted
        settled = np.linalg.norm(gradient, axis=0) <= enough
        if settled.all():
            return fitted
        fitted -= _solve(x, _curvature(scores, weights), ridge, gradient, factor)
    return np.where(settled, fitted, np.nan)


def _chance(scores: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(scores), np.float64)


def _curvature(scores: Floats, weights: Floats) -> Floats:
    chance = _chance(scores)
    return weights * chance * (1 - chance)


def _factor(x: Floats, curvature: Floats, ridge: Floats) -> tuple[Floats, bool]:
    from scipy.linalg import cho_factor

    hessian = (x * curvature).T @ x
    # The intercept has no penalty of its own; where every row is told for sure, neither has it a curvature.
    hessian[np.diag_indices_from(hessian)] += np.maximum(ridge[:, 0], 1e-8)
    factor, lower = cho_factor(hessian)
    return np.asarray(factor, np.float64), bool(lower)


def _solve(
    x: Floats, curvature: Floats, ridge: Floats, gradient: Floats, factor: tuple[Floats, bool]
) -> Floats:
    """Newton steps of all groups by preconditioned conjugate gradients."""
    from scipy.linalg import cho_solve

    step = np.zeros_like(gradient)
    rest = gradient.copy()
    wanted = 1e-4 * np.linalg.norm(gradient, axis=0)
    direction = better = cho_solve(factor, rest)
    size = (rest * better).sum(axis=0)
    for _ in range(INNER):
        image = x.T @ (curvature * (x @ direction)) + ridge * direction
        bend = (direction * image).sum(axis=0)
        length = np.divide(size, bend, out=np.zeros_like(size), where=bend > 0)
        step += length * direction
        rest -= length * image
        if (np.linalg.norm(rest, axis=0) <= wanted).all():
            break
        better = cho_solve(factor, rest)
        before, size = size, (rest * better).sum(axis=0)
        direction = better + np.divide(size, before, out=np.zeros_like(size), where=before > 0) * direction
    return step
