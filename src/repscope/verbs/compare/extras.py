"""Beside the table: how alike the stages are, what the change is made of, and each item."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.comparison.compare_arrays import ArrayComparison
from repscope.measure.comparison.spaces import NO_STEP
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.pairs import PermutationNull
from repscope.measure.core.resample import estimate_replicates
from repscope.measure.core.results import SimilarityResult
from repscope.measure.core.stage import NEIGHBOUR_ROWS
from repscope.verbs.common.rows import reference_names, spread
from repscope.verbs.compare.pairing import Paired

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Neighbourhoods:
    """Neighbours of the items before and after.

    Attributes:
        rows: [R] items that were searched for (a seeded sample of large sets).
        kept: [R] share of the neighbours before that are neighbours after.
        q: [R] q-value that no more were kept than chance keeps.
    """

    rows: NDArray[np.int64]
    kept: NDArray[np.float64]
    q: NDArray[np.float64]


REVERSE = "linear.r2.reverse"
"""``linear.r2`` from after to before, which two spaces are read by too."""


def similarities(measures: Collection[str] | None, all_measures: bool, *, across: bool = False) -> list[str]:
    """The similarities that are wanted, by the options of the command; with SVCCA across two spaces."""
    names = [name for name, one in MEASURES.items() if one.group == "similarity"]
    if measures is not None:
        return [name for name in names if name in measures]
    return [
        name for name in names if all_measures or not MEASURES[name].extra or (across and name == "svcca")
    ]


def similarity_of(
    arrays: ArrayComparison, names: Collection[str], *, seed: int
) -> tuple[tuple[SimilarityResult, ...], dict[str, str]]:
    """Similarity of the two stages, each measure beside its permutation null.

    Returns:
        Results in the order of the documentation, and the reason for each that is undefined.
    """
    from repscope.measure.comparison.neighbours import kept_neighbours
    from repscope.measure.similarity.compute import similarity_nulls, similarity_replicates

    if not names:
        return (), {}
    frame = arrays.before.frame
    x, y = arrays.before.unit, arrays.after.unit
    search = partial(kept_neighbours, arrays)
    kept: dict[str, Any] = {"names": names, "seed": seed, "search": search}
    table = similarity_replicates(x, y, frame.groups, frame.n_groups, neighbour_rows=NEIGHBOUR_ROWS, **kept)
    nulls = similarity_nulls(x, y, frame.clusters, **kept)
    results = []
    for name in names:
        if name not in table:
            continue
        results.append(_similarity(name, table[name], nulls.get(name), arrays.clusters))
    why = {name: table.why[name] for name in names if name in table.why}
    if arrays.spaces == 2 and "linear.r2" in names:
        back: dict[str, Any] = {"names": ["linear.r2"], "seed": seed}
        reverse = similarity_replicates(y, x, frame.groups, frame.n_groups, **back)
        if "linear.r2" in reverse:
            null = similarity_nulls(y, x, frame.clusters, **back).get("linear.r2")
            results.append(_similarity(REVERSE, reverse["linear.r2"], null, arrays.clusters))
        if "linear.r2" in reverse.why:
            why[REVERSE] = reverse.why["linear.r2"]
    return tuple(results), why


def _similarity(
    name: str, value: Replicates, null: PermutationNull | None, clusters: int
) -> SimilarityResult:
    beside = () if null is None else (null.mean, null.high, null.p, _null_method(null))
    return SimilarityResult(name, estimate_replicates(value, clusters), *beside)


def change_of(arrays: ArrayComparison, *, seed: int) -> tuple[dict[str, Any] | None, Neighbourhoods | None]:
    """What the change is made of, and whose neighbours it moved.

    Returns:
        JSON values: shares of the squared displacement, mean displacement and angle, neighbours kept;
        and the neighbourhoods. Both are partly None where rows are too few or nothing moved.
    """
    from repscope.measure.change.displacement import displacement
    from repscope.measure.change.parts import decompose_held_out

    before, after, clusters = arrays.before.unit, arrays.after.unit, arrays.before.frame.clusters
    record: dict[str, Any] = {
        "displacement": None,
        "angle": None,
        "shares": None,
        "neighbours_kept": None,
        "why": NO_STEP,
    }
    if arrays.spaces == 1:
        moved = displacement(before, after)
        record |= {"displacement": float(moved.norm.mean()), "angle": float(moved.angle.mean()), "why": ""}
        try:
            parts = decompose_held_out(before, after, clusters, seed=seed)
            record["shares"] = {
                name: getattr(parts, name) for name in ("shift", "rotation", "scale", "linear", "residual")
            }
            record["method"] = parts.method
            record["why"] = parts.why
        except InputError as error:
            record["why"] = f"expected {error.expected}; got {error.got}"
    neighbourhoods = _neighbourhoods(arrays)
    if neighbourhoods is not None:
        record["neighbours_kept"] = float(neighbourhoods.kept.mean())
        record["items_with_new_neighbours"] = int((neighbourhoods.q > 0.05).sum())
    return record, neighbourhoods


def item_table(
    paired: Paired,
    arrays: ArrayComparison,
    neighbourhoods: Neighbourhoods | None,
    coordinates: Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]],
) -> pa.Table:
    """One row an item: its own columns, then what was found before and after.

    Columns that are added: ``true_*``, ``max_*``, ``rank_*``, ``predicted_*`` (``before``, ``after``),
    ``displacement``, ``angle``, ``neighbours_kept``, ``neighbours_q``, ``map_*_x``, ``map_*_y``. An item
    without truth, or outside a sample, has null there. A column of the items with one of these names
    is kept under ``item_NAME``.
    """
    import pyarrow as pa

    from repscope.measure.change.displacement import displacement

    found: dict[str, Any] = {}
    names = reference_names(paired.reference, paired.link)
    for label, stage in (("before", arrays.before), ("after", arrays.after)):
        matched = stage.matched
        truth = matched.has_truth
        if paired.link is not None:
            found[f"true_{label}"] = pa.array(matched.true, mask=~truth)
            found[f"rank_{label}"] = pa.array(matched.rank, mask=~truth)
        found[f"max_{label}"] = pa.array(matched.max)
        found[f"predicted_{label}"] = pa.array(names[matched.nearest].tolist(), pa.string())
    if arrays.spaces == 1:
        moved = displacement(arrays.before.unit, arrays.after.unit)
        found["displacement"] = pa.array(moved.norm)
        found["angle"] = pa.array(moved.angle)
    n = paired.before.n
    if neighbourhoods is not None:
        found["neighbours_kept"] = spread(n, neighbourhoods.rows, neighbourhoods.kept)
        found["neighbours_q"] = spread(n, neighbourhoods.rows, neighbourhoods.q)
    for label, (rows, points) in coordinates.items():
        for axis, letter in enumerate("xy"):
            found[f"map_{label}_{letter}"] = spread(n, rows, points[:, axis])
    own = {
        f"item_{name}" if name in found else name: paired.before.items.column(name)
        for name in paired.before.columns
    }
    return pa.table({**own, **found})


def _null_method(null: PermutationNull) -> str:
    return "; ".join(part for part in (f"{null.permutations} random pairings", null.method) if part)


def _neighbourhoods(arrays: ArrayComparison) -> Neighbourhoods | None:
    from repscope.measure.change.neighbours import neighbour_change_of
    from repscope.measure.comparison.neighbours import kept_neighbours

    rows = arrays.before.sampled_rows
    try:
        found = neighbour_change_of(*kept_neighbours(arrays, rows))
    except InputError:
        # Fewer items than neighbours: no neighbourhoods to compare; the record says None.
        return None
    return Neighbourhoods(rows, found.share_kept, found.q)
