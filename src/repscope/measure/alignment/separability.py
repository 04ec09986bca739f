"""The modality gap as separability: how well a line tells which set a row came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.alignment.refitting import refitted
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
    alone = np.full(len(items), -1), np.full(len(reference), -1), 0
    scores = _score(items, reference, item_units, reference_units, plan, alone)
    wins, pairs = scores.compare(scores.value, np.ones(len(scores.value), bool))
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
    """:func:`gap_auc`, and without each group's rows, in the fits and in what is scored.

    Rows keep their folds, and centring and scaling stay those of all training rows. A group outside the
    sample changes nothing. Where the value is read as chance, the others are moved with it.

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
    scores = _score(items, reference, item_units, reference_units, plan, (codes, reference_codes, n_groups))
    wins, pairs = scores.compare(scores.value, np.ones(len(scores.value), bool))
    leave_out = np.full(n_groups, wins / pairs)
    for group in np.unique(scores.group[scores.group >= 0]):
        kept_wins, kept_pairs = scores.compare(scores.without[:, group], scores.group != group)
        if kept_pairs == 0:
            raise InputError(
                "items and reference rows in one fold without any one group",
                f"none without group {group}",
                "resample over more groups",
            )
        leave_out[group] = kept_wins / kept_pairs
    notes = [
        f"{scores.fold.max() + 1} grouped folds, fitted again without each group",
        sampling_note(len(scores.items), len(items), seed, "items"),
        sampling_note(len(scores.reference), len(reference), seed, "reference rows"),
        f"{wins / pairs:.3f} read as chance" if wins / pairs < CHANCE else "",
    ]
    value = max(wins / pairs, CHANCE)
    return Replicates(
        value,
        # Below chance the value is cut off; how much it varies is not.
        leave_out + (value - wins / pairs),
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
    """Out-of-fold scores of the items, then of the reference rows.

    Attributes:
        items, reference: rows that were drawn.
        value: [n] scores.
        without: [n, G] scores by the fits without each group.
        fold: [n].
        group: [n] group codes.
    """

    items: Ints
    reference: Ints
    value: NDArray[np.float64]
    without: NDArray[np.float64]
    fold: Ints
    group: Ints

    def compare(self, value: NDArray[np.float64], kept: NDArray[np.bool_]) -> tuple[float, int]:
        """Pairs of one fold that the item wins (half where equal), and all such pairs."""
        is_item = np.arange(len(value)) < len(self.items)
        wins, pairs = 0.0, 0
        for fold in range(int(self.fold.max()) + 1):
            here = kept & (self.fold == fold)
            low = np.sort(value[here & ~is_item])
            high = value[here & is_item]
            below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
            wins += float(below.sum()) / 2
            pairs += len(low) * len(high)
        return wins, pairs


def _score(  # noqa: PLR0917 - two callers, one order
    items: Floats,
    reference: Floats,
    item_units: Ints | None,
    reference_units: Ints | None,
    plan: _Plan,
    groups: tuple[Ints, Ints, int],
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
    group = np.concatenate((groups[0][chosen], groups[1][reference_chosen]))
    value, without = np.empty(len(rows)), np.empty((len(rows), groups[2]))
    for number in range(int(fold.max()) + 1):
        train, test = fold != number, fold == number
        centre = rows[train].mean(axis=0)
        scale = np.sqrt(((rows[train] - centre) ** 2).sum(axis=1).mean()) or 1.0
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000, class_weight="balanced")
        seen, tested = (rows[train] - centre) / scale, (rows[test] - centre) / scale
        model.fit(seen, is_item[train])
        value[test] = model.decision_function(tested)
        if groups[2]:
            kept = group[train][:, None] != np.arange(groups[2])
            start = np.append(model.coef_[0], model.intercept_)
            fitted = refitted(seen, is_item[train], kept, start, INVERSE_PENALTY)
            without[test] = tested @ fitted[:-1] + fitted[-1]
    return _Scores(chosen, reference_chosen, value, without, fold, group)


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
