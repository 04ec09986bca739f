"""The modality gap as separability: how well a line tells which set a row came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import integer_codes
from repscope.measure.core.cosines import Floats, Ints, check_pair, unit_block
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.folds import stratified_folds
from repscope.measure.core.grouping import check_groups, chosen_rows, sampling_note

FOLDS = 5
MAX_ROWS = 2000
CHANCE = 0.5
INVERSE_PENALTY = 10.0
"""scikit-learn's ``C``, on rows that are centred and scaled to a mean squared length of 1."""


def gap_auc(
    items: Floats,
    reference: Floats,
    *,
    item_units: Ints | None = None,
    reference_units: Ints | None = None,
    folds: int = FOLDS,
    max_rows: int = MAX_ROWS,
    seed: int = 0,
) -> float:
    """Chance that a linear classifier, on rows it was not fitted to, scores an item above a reference row.

    0.5 when no line tells the sets apart, 1 when one does without fault. L2-penalised logistic
    regression on N(x), cross-validated; centring, scaling and fit see the training folds only. Scores of
    different folds come from different fits, so items are compared with the reference rows of their own
    fold.

    What comes out below 0.5 is returned as 0.5. Two sets whose means were made equal on these very rows
    differ, in every test fold, in the direction opposite to the training folds, which reads as far below
    chance; but no line tells them apart.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        item_units: [N] codes of what must stay in one fold (the keys of linked rows, or clusters); −1,
            or no array at all, for rows that stand alone. Linked rows of different folds would be each
            other's counter-examples.
        reference_units: [M] the same codes for the reference.
        folds: folds of the cross-validation; fewer where there are fewer units or rows.
        max_rows: rows of each set used at most, drawn without replacement.
        seed: of the draw and the folds.

    Raises:
        VectorError: zero, NaN or infinite rows, wrong shapes, widths that differ.
        InputError: fewer than two folds can be made, or a fold without rows of both sets.

    Paper: Lopez-Paz & Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017.
    """
    plan = _Plan(folds, max_rows, seed)
    scores = _score(items, reference, item_units, reference_units, plan)
    wins, pairs = scores.compare(np.ones(len(scores.value), bool))
    return max(wins / pairs, CHANCE)


def gap_auc_replicates(
    items: Floats,
    reference: Floats,
    groups: Ints,
    reference_groups: Ints,
    n_groups: int,
    *,
    item_units: Ints | None = None,
    reference_units: Ints | None = None,
    folds: int = FOLDS,
    max_rows: int = MAX_ROWS,
    seed: int = 0,
) -> Replicates:
    """:func:`gap_auc`, and over the same out-of-fold scores without each group's rows.

    The classifiers are not fitted again: replicates carry the variation of the rows that are scored,
    not of the fits. A group outside the sample changes nothing.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or −1 for rows never left out.
        reference_groups: [M] the same codes for the reference.
        n_groups: number of groups.
        item_units, reference_units, folds, max_rows, seed: as in :func:`gap_auc`.

    Raises:
        VectorError: as :func:`gap_auc`; group codes that do not fit.
        InputError: as :func:`gap_auc`; no pair to compare without some group.
    """
    items, reference = check_pair(items, reference)
    codes = check_groups(groups, len(items), n_groups)
    reference_codes = check_groups(reference_groups, len(reference), n_groups)
    plan = _Plan(folds, max_rows, seed)
    scores = _score(items, reference, item_units, reference_units, plan)
    wins, pairs = scores.compare(np.ones(len(scores.value), bool))
    own = np.concatenate((codes[scores.items], reference_codes[scores.reference]))
    leave_out = np.full(n_groups, wins / pairs)
    for group in np.unique(own[own >= 0]):
        kept_wins, kept_pairs = scores.compare(own != group)
        if kept_pairs == 0:
            raise InputError(
                "items and reference rows in one fold without any one group",
                f"none without group {group}",
                "resample over more groups",
            )
        leave_out[group] = kept_wins / kept_pairs
    notes = [
        f"{scores.fold.max() + 1} grouped folds, scores held fixed",
        sampling_note(len(scores.items), len(items), seed, "items"),
        sampling_note(len(scores.reference), len(reference), seed, "reference rows"),
        f"{wins / pairs:.3f} read as chance" if wins / pairs < CHANCE else "",
    ]
    return Replicates(
        max(wins / pairs, CHANCE),
        np.maximum(leave_out, CHANCE),
        len(scores.value),
        "; ".join(note for note in notes if note),
    )


@dataclass(frozen=True)
class _Plan:
    folds: int
    max_rows: int
    seed: int


@dataclass(frozen=True)
class _Scores:
    """Out-of-fold scores of the items, then of the reference rows."""

    items: Ints
    reference: Ints
    value: NDArray[np.float64]
    fold: Ints

    def compare(self, kept: NDArray[np.bool_]) -> tuple[float, int]:
        """Pairs of one fold that the item wins (half where equal), and all such pairs."""
        is_item = np.arange(len(self.value)) < len(self.items)
        wins, pairs = 0.0, 0
        for fold in range(int(self.fold.max()) + 1):
            here = kept & (self.fold == fold)
            low = np.sort(self.value[here & ~is_item])
            high = self.value[here & is_item]
            below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
            wins += float(below.sum()) / 2
            pairs += len(low) * len(high)
        return wins, pairs


def _score(
    items: Floats,
    reference: Floats,
    item_units: Ints | None,
    reference_units: Ints | None,
    plan: _Plan,
) -> _Scores:
    from sklearn.linear_model import LogisticRegression

    items, reference = check_pair(items, reference)
    chosen = chosen_rows(len(items), plan.max_rows, plan.seed)
    # The same draw in both sets: pairs that stand in the same order stay together.
    reference_chosen = chosen_rows(len(reference), plan.max_rows, plan.seed)
    double = np.dtype(np.float64)
    rows = np.concatenate(
        (
            unit_block(items, "items", double, chosen),
            unit_block(reference, "reference", double, reference_chosen),
        )
    )
    is_item = np.arange(len(rows)) < len(chosen)
    units = np.concatenate(
        (
            _units(item_units, len(items), "items")[chosen],
            _units(reference_units, len(reference), "reference")[reference_chosen],
        )
    )
    fold = _folds(is_item, units, plan.folds, plan.seed)
    value = np.empty(len(rows))
    for number in range(int(fold.max()) + 1):
        train, test = fold != number, fold == number
        centre = rows[train].mean(axis=0)
        scale = np.sqrt(((rows[train] - centre) ** 2).sum(axis=1).mean()) or 1.0
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000, class_weight="balanced")
        model.fit((rows[train] - centre) / scale, is_item[train])
        value[test] = model.decision_function((rows[test] - centre) / scale)
    return _Scores(chosen, reference_chosen, value, fold)


def _units(units: Ints | None, n_rows: int, name: str) -> Ints:
    if units is None:
        return np.full(n_rows, -1, dtype=np.int64)
    do = "pass codes, with -1 for a row that stands alone"
    return integer_codes(units, n_rows, "unit", do, rows=f"rows of {name}", error=InputError)


def _folds(is_item: NDArray[np.bool_], units: Ints, folds: int, seed: int) -> Ints:
    """Fold of each row: units kept whole, both sets spread over the folds."""
    alone = units < 0
    codes = np.unique(units, return_inverse=True)[1]
    codes = np.where(alone, codes.max() + 1 + np.cumsum(alone), codes)
    counts = [len(np.unique(codes[is_item])), len(np.unique(codes[~is_item]))]
    folds = min(folds, *counts)
    fold = np.full(len(codes), -1, dtype=np.int64)
    if folds >= 2:
        fold = stratified_folds(is_item, codes, folds, seed)
    spread = [np.unique(fold[which]).size for which in (is_item, ~is_item)]
    if folds < 2 or min(spread) < folds:
        raise InputError(
            "units of both sets in at least two folds",
            f"{counts[0]:,} units of items and {counts[1]:,} of the reference",
            "pass finer units, or more rows",
        )
    return fold
