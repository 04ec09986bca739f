"""One bridge's rows before and after, on rows that it did not see: measures, verdict, largest changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.alignment.true_match import top_k_items
from repscope.measure.comparison.compare_arrays import ArrayComparison, compare_arrays
from repscope.measure.core.estimate import Estimate
from repscope.measure.core.grouping import chosen_rows, dense_codes
from repscope.measure.core.matching import match
from repscope.measure.core.resample import RESAMPLES, cluster_sums, estimate_means, estimate_replicates
from repscope.measure.verdict.rules import VERDICT_MEASURES
from repscope.verbs.bridge.holdout import Ground, Index, Split
from repscope.verbs.bridge.record import Gallery, TopChange

Floats = NDArray[np.floating[Any]]

NEIGHBOUR_ROWS = 10_000
LISTED = 5
"""Items of each kind that are listed, and reference rows that are named for each."""

NEIGHBOURS = ("knn.jaccard", "knn.recall")


@dataclass(frozen=True)
class Judging:
    """How rows are judged.

    Attributes:
        measures: names; those of the verdict by default.
        seed: of everything random.
        resamples: of the bootstrap.
    """

    measures: tuple[str, ...] | None = None
    seed: int = 0
    resamples: int = RESAMPLES


def judge_rows(ground: Ground, rows: Index, moved: Floats, how: Judging) -> ArrayComparison:
    """Compare held-out rows before and after against the whole target.

    Args:
        ground: linked sets of one width.
        rows: [n] source rows.
        moved: [n, E] where the bridge puts them.
        how: measures, seed, resamples.
    """
    link = ground.link
    return compare_arrays(
        ground.source.vectors[rows],
        moved,
        ground.target.vectors,
        item_keys=None if link is None else link.left[rows],
        reference_keys=None if link is None else link.right,
        clusters=ground.clusters[rows],
        measures=VERDICT_MEASURES if how.measures is None else how.measures,
        seed=how.seed,
        resamples=how.resamples,
        reference_name=ground.target.name,
    )


def neighbours_kept(arrays: ArrayComparison, wanted: Collection[str] = NEIGHBOURS) -> dict[str, Estimate]:
    """``knn.jaccard`` and ``knn.recall`` of the rows before and after, with intervals.

    Undefined ones (fewer rows than neighbours) have the reason.
    """
    from repscope.measure.similarity.neighbours import knn_replicates, neighbour_pair

    frame = arrays.before.frame
    rows = chosen_rows(len(arrays.before.unit), NEIGHBOUR_ROWS, frame.seed)
    try:
        lists = neighbour_pair(arrays.before.unit[rows], arrays.after.unit[rows])
        table = knn_replicates(*lists, frame.groups[rows], frame.n_groups)
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
    ground: Ground, splits: Sequence[Split], rows: Index, moved: Floats, how: Judging
) -> Gallery | None:
    """Top-1 of held-out rows before and after, each among the target rows that its own fit had not seen.

    Returns:
        None where the target has classes, or fewer than two texts are unseen.
    """
    link = ground.link
    if link is None or ground.by_class:
        return None
    found, clusters, sizes = [], [], []
    for split in splits:
        unseen = np.setdiff1d(np.arange(ground.target.n), split.target)
        held = split.held[np.isin(link.left[split.held], link.right[unseen])]
        if len(unseen) < 2 or not len(held):
            continue
        keys, texts = (link.left[held], link.right[unseen]), ground.target.vectors[unseen]
        stages = (ground.source.vectors[held], moved[np.searchsorted(rows, held)])
        found.append(np.stack([top_k_items(match(stage, texts, *keys), 1) for stage in stages], axis=1))
        clusters.append(ground.clusters[held])
        sizes.append(np.full(len(held), len(unseen)))
    if not found:
        return None
    values, codes = np.concatenate(found), dense_codes(np.concatenate(clusters))
    first, second = (cluster_sums(values[:, column], codes) for column in (0, 1))
    before, after, difference = estimate_means(first, second, resamples=how.resamples, seed=how.seed)[0]
    return Gallery(before, after, difference, float(np.concatenate(sizes).mean()))


def largest_rank_changes(
    ground: Ground, rows: Index, arrays: ArrayComparison
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
    names = target_names(ground)
    true_names = _truth_names(ground)
    tops = [_nearest(stage, np.array(up + down, np.int64)) for stage in (arrays.before, arrays.after)]

    def change(at: int, row: int) -> TopChange:
        return TopChange(
            id=str(ground.source.ids[rows[row]]),
            truth=true_names[int(rows[row])],
            rank_before=float(before.rank[row]),
            rank_after=float(after.rank[row]),
            top_before=tuple(names[one] for one in tops[0][at]),
            top_after=tuple(names[one] for one in tops[1][at]),
        )

    changes = [change(at, row) for at, row in enumerate(up + down)]
    return tuple(changes[: len(up)]), tuple(changes[len(up) :])


def target_names(ground: Ground) -> list[str]:
    """What to call each row of the target: its label or text, else its key, else its id."""
    for column in ("label", "text", "caption", ground.on or "id", "id"):
        if column in ground.target.columns:
            return ["" if value is None else str(value) for value in ground.target.column(column)]
    return [str(one) for one in ground.target.ids]


def _truth_names(ground: Ground) -> list[str]:
    """[N] name of each source row's truth, "" without one."""
    link = ground.link
    if link is None:
        return [""] * ground.source.n
    names = target_names(ground)
    first: dict[int, str] = {}
    for row, code in enumerate(link.right.tolist()):
        first.setdefault(code, names[row])
    return [first.get(code, "") if code >= 0 else "" for code in link.left.tolist()]


def _nearest(stage: Any, rows: Index) -> Index:
    """[n, 5] nearest reference rows of a few items, nearest first."""
    cosines = stage.unit[rows] @ stage.frame.reference.T
    return np.argsort(-cosines, axis=1, kind="stable")[:, :LISTED]
