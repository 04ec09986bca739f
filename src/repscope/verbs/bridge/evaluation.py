"""Which held-out rows bridges are evaluated on, and how: measures, verdict, largest changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, StudyError
from repscope.measure.alignment.true_match import top_k_items
from repscope.measure.comparison.compare_arrays import ArrayComparison, compare_arrays
from repscope.measure.core.estimate import Estimate
from repscope.measure.core.grouping import dense_codes
from repscope.measure.core.matching import match
from repscope.measure.core.resample import RESAMPLES, cluster_sums, estimate_means, estimate_replicates
from repscope.measure.verdict.rules import VERDICT_MEASURES
from repscope.transform.store import SavedBridge
from repscope.verbs.bridge.record import Gallery, TopChange
from repscope.verbs.common.holdout import (
    HoldOut,
    Index,
    LinkedSets,
    Split,
    fold_splits,
    held_digest,
    link_again,
    split_at,
    split_rows,
)
from repscope.verbs.common.threads import thrifty

Floats = NDArray[np.floating[Any]]

LISTED = 5
"""Items of each kind that are listed, and reference rows that are named for each."""

NEIGHBOURS = ("knn.jaccard", "knn.recall")


@dataclass(frozen=True)
class EvaluationSplit:
    """A choice of held-out rows: the part's name, what it means, and the fits that predict them."""

    name: str
    about: str
    splits: tuple[Split, ...]

    @property
    def rows(self) -> Index:
        """All rows that are predicted, in order."""
        return np.sort(np.concatenate([split.held for split in self.splits]))


def evaluation_of_bridges(sets: LinkedSets, kept: Sequence[SavedBridge]) -> tuple[EvaluationSplit, ...]:
    """Rows that all bridges of the study held out; seen and unseen classes apart."""
    held = np.ones(sets.source.n, bool)
    fitted = np.zeros(sets.source.n, bool)
    for bridge in kept:
        record = bridge.fit.get("hold_out") or {}
        rule = HoldOut.from_json(record)
        theirs = link_again(sets.source, sets.target, bridge.fit)
        split = split_rows(theirs, rule)
        if held_digest(sets, split.held) != record.get("digest"):
            raise StudyError(
                f"the rows that the bridge {bridge.name!r} held out",
                "others: their clusters or links have changed since",
                "fit it again with --overwrite",
            )
        mask = np.zeros(sets.source.n, bool)
        mask[split.held] = True
        held &= mask
        fitted[split.source] = True
    # An older bridge may have seen another row of the image: what is left must share nothing with its fit.
    shared = held & np.isin(sets.clusters, sets.clusters[fitted])
    if shared.any() and shared.sum() == held.sum():
        raise StudyError(
            f"held-out rows that share no cluster ({sets.units.name}) with a row of the fit",
            f"{int(held.sum()):,} held-out rows, all of which do",
            "fit again with --overwrite; --cluster id takes every row as independent",
        )
    held &= ~shared
    if not held.any():
        raise StudyError(
            "rows that none of the bridges has seen",
            "none: each row was in the fit of one of them",
            "fit them with the same --hold-out, --held-out and --seed",
        )
    whole = split_at(sets, held)
    # A method that is fitted here sees what the bridges saw, no more.
    if sets.by_class and sets.link is not None:
        keys = np.unique(sets.link.left[fitted])
        whole = replace(whole, unseen=~np.isin(sets.link.left[whole.held], keys[keys >= 0]))
    several = "that none of the bridges saw" if len(kept) > 1 else "that the bridge did not see"
    if shared.any():
        several += f" ({int(shared.sum()):,} more share a cluster with fitted ones and are left out)"
    if not whole.unseen.any():
        return (EvaluationSplit("held-out", f"rows {several}", (whole,)),)
    return _seen_and_unseen(
        whole,
        seen=f"rows {several}, of classes that were in the fit",
        unseen=f"rows {several}, of classes that were not in the fit",
    )


def evaluation_of_folds(
    sets: LinkedSets, unseen: tuple[tuple[str, str], ...], folds: int, seed: int
) -> tuple[EvaluationSplit, ...]:
    """Every row, predicted by the fit of the fold that had not seen it; classes held out besides."""
    if unseen:
        whole = split_rows(sets, HoldOut("clusters", 1 / folds, unseen, seed))
        values = ", ".join(f"{column} = {value}" for column, value in unseen)
        about = f"one fit without {values} and a share of the others"
        return _seen_and_unseen(whole, seen=about, unseen=about)
    by_cluster = tuple(fold_splits(sets, "clusters", folds, seed))
    text = f"{len(by_cluster)}-fold cross-validation over {sets.units.name or 'rows'}"
    if not sets.by_class:
        return (EvaluationSplit("held-out", text, by_cluster),)
    by_class = tuple(fold_splits(sets, "classes", folds, seed))
    return (
        EvaluationSplit("seen", f"{text}; almost every class has other items in the fit", by_cluster),
        EvaluationSplit(
            "unseen", f"{len(by_class)}-fold cross-validation over classes; no fit saw the class", by_class
        ),
    )


def _seen_and_unseen(whole: Split, *, seen: str, unseen: str) -> tuple[EvaluationSplit, ...]:
    """The held-out rows of classes that the fit saw, and of those that it did not; each where it has rows."""
    return tuple(
        EvaluationSplit(name, about, (replace(whole, held=whole.held[mask], unseen=whole.unseen[mask]),))
        for name, about, mask in (("seen", seen, ~whole.unseen), ("unseen", unseen, whole.unseen))
        if mask.any()
    )


@dataclass(frozen=True)
class Evaluation:
    """How rows are judged.

    Attributes:
        measures: names; those of the verdict by default.
        seed: of everything random.
        resamples: of the bootstrap.
    """

    measures: tuple[str, ...] | None = None
    seed: int = 0
    resamples: int = RESAMPLES


@thrifty
def evaluate_rows(sets: LinkedSets, rows: Index, moved: Floats, how: Evaluation) -> ArrayComparison:
    """Compare held-out rows before and after against the whole target.

    Args:
        sets: linked sets of one width.
        rows: [n] source rows.
        moved: [n, E] where the bridge puts them.
        how: measures, seed, resamples.
    """
    link = sets.link
    return compare_arrays(
        sets.source.vectors[rows],
        moved,
        sets.target.vectors,
        item_keys=None if link is None else link.left[rows],
        reference_keys=None if link is None else link.right,
        clusters=sets.clusters[rows],
        measures=VERDICT_MEASURES if how.measures is None else how.measures,
        seed=how.seed,
        resamples=how.resamples,
        reference_name=sets.target.name,
    )


def neighbours_kept(arrays: ArrayComparison, wanted: Collection[str] = NEIGHBOURS) -> dict[str, Estimate]:
    """``knn.jaccard`` and ``knn.recall`` of the rows before and after, with intervals.

    Undefined ones (fewer rows than neighbours) have the reason.
    """
    from repscope.measure.comparison.neighbours import kept_neighbours
    from repscope.measure.similarity.neighbours import knn_replicates

    frame = arrays.before.frame
    rows = arrays.before.sampled_rows
    try:
        table = knn_replicates(*kept_neighbours(arrays, rows), frame.groups[rows], frame.n_groups)
    except InputError as error:
        why = f"expected {error.expected}; got {error.got}"
        return {name: Estimate(None, n=arrays.clusters, why=why) for name in wanted}
    return {
        name: estimate_replicates(table[name], arrays.clusters)
        if name in table
        else Estimate(None, n=arrays.clusters, why=table.why.get(name, "not measured"))
        for name in wanted
    }


def among_unseen_texts(
    sets: LinkedSets, splits: Sequence[Split], rows: Index, moved: Floats, how: Evaluation
) -> Gallery | None:
    """Top-1 of held-out rows before and after, each among the target rows that its own fit had not seen.

    Returns:
        None where the target has classes, or fewer than two texts are unseen.
    """
    link = sets.link
    if link is None or sets.by_class:
        return None
    tops, clusters, sizes = [], [], []
    for split in splits:
        unseen = np.setdiff1d(np.arange(sets.target.n), split.target)
        held = split.held[np.isin(link.left[split.held], link.right[unseen])]
        if len(unseen) < 2 or not len(held):
            continue
        keys, texts = (link.left[held], link.right[unseen]), sets.target.vectors[unseen]
        stages = (sets.source.vectors[held], moved[np.searchsorted(rows, held)])
        tops.append(np.stack([top_k_items(match(stage, texts, *keys), 1) for stage in stages], axis=1))
        clusters.append(sets.clusters[held])
        sizes.append(np.full(len(held), len(unseen)))
    if not tops:
        return None
    values, codes = np.concatenate(tops), dense_codes(np.concatenate(clusters))
    first, second = (cluster_sums(values[:, column], codes) for column in (0, 1))
    before, after, difference = estimate_means(first, second, resamples=how.resamples, seed=how.seed)[0]
    return Gallery(before, after, difference, float(np.concatenate(sizes).mean()))


def largest_rank_changes(
    sets: LinkedSets, rows: Index, arrays: ArrayComparison
) -> tuple[tuple[TopChange, ...], tuple[TopChange, ...]]:
    """The items whose truth moved farthest up and down the ranking, with their nearest rows.

    Returns:
        Improved and worsened, the largest first; the share of the ranking decides, so that 1 → 3 weighs
        more than 101 → 103.
    """
    before, after = arrays.before.matched, arrays.after.matched
    truth = before.has_truth
    if not truth.any():
        return (), ()
    gain = np.zeros(len(truth))
    gain[truth] = np.log(before.rank[truth]) - np.log(after.rank[truth])
    order = np.argsort(-gain, kind="stable")
    up = [int(row) for row in order[:LISTED] if gain[row] > 0]
    down = [int(row) for row in order[::-1][:LISTED] if gain[row] < 0]
    names = target_names(sets)
    true_names = _truth_names(sets)
    tops = [_nearest(stage, np.array(up + down, np.int64)) for stage in (arrays.before, arrays.after)]

    def change(at: int, row: int) -> TopChange:
        return TopChange(
            id=str(sets.source.ids[rows[row]]),
            truth=true_names[int(rows[row])],
            rank_before=float(before.rank[row]),
            rank_after=float(after.rank[row]),
            top_before=tuple(names[number] for number in tops[0][at]),
            top_after=tuple(names[number] for number in tops[1][at]),
        )

    changes = [change(at, row) for at, row in enumerate(up + down)]
    return tuple(changes[: len(up)]), tuple(changes[len(up) :])


def target_names(sets: LinkedSets) -> list[str]:
    """What to call each row of the target: its label or text, else its key, else its id."""
    for column in ("label", "text", "caption", sets.on or "id", "id"):
        if column in sets.target.columns:
            return ["" if value is None else str(value) for value in sets.target.column(column)]
    return [str(name) for name in sets.target.ids]


def _truth_names(sets: LinkedSets) -> list[str]:
    """[N] name of each source row's truth, "" without one."""
    link = sets.link
    if link is None:
        return [""] * sets.source.n
    names = target_names(sets)
    first: dict[int, str] = {}
    for row, code in enumerate(link.right.tolist()):
        first.setdefault(code, names[row])
    return [first.get(code, "") if code >= 0 else "" for code in link.left.tolist()]


def _nearest(stage: Any, rows: Index) -> Index:
    """[n, 5] nearest reference rows of a few items, nearest first."""
    cosines = stage.unit[rows] @ stage.frame.reference.T
    return np.argsort(-cosines, axis=1, kind="stable")[:, :LISTED]
