"""The distance between two sets as wholes: the modality gap, absolute and relative."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import LinkError, VectorError
from repscope.measure.core.cosines import Floats, Ints, check_pair, unit_blocks
from repscope.measure.core.estimate import Replicates
from repscope.measure.core.grouping import CHUNK, Grouping, check_groups, group_rows
from repscope.measure.core.linking import Links, link_keys, require_links


def gap_l2(items: Floats, reference: Floats) -> float:
    """Modality gap ‖mean N(x) − mean N(y)‖, in [0, 2].

    Args:
        items: [N, D] floats.
        reference: [M, D]. No link is needed.

    Raises:
        VectorError: zero, NaN or infinite rows, wrong shapes, widths that differ.

    Paper: Liang et al., Mind the Gap, NeurIPS 2022.
    """
    items, reference = check_pair(items, reference)
    difference = _total(items, "items") / len(items) - _total(reference, "reference") / len(reference)
    return float(np.linalg.norm(difference))


def gap_l2_replicates(
    items: Floats, reference: Floats, groups: Ints, reference_groups: Ints, n_groups: int
) -> Replicates:
    """The gap without its bias, and without each group, from the sums of the groups.

    ‖mean N(x) − mean N(y)‖² of finite samples is larger than the truth by the variance of the difference of
    the means. That is estimated from what the groups add to the difference and taken off, so that the square
    is 0 on average where there is no gap. Rows that are never left out do not vary and add nothing.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        groups: [N] codes 0 to ``n_groups`` − 1, or −1 for rows never left out.
        reference_groups: [M] the same codes for the reference.
        n_groups: number of groups; 0 takes nothing off.

    Raises:
        VectorError: as :func:`gap_l2`, group codes that do not fit, or a group that is the whole of a set.
    """
    totals = _Totals.of(items, reference, groups, reference_groups, n_groups)
    means = totals.items / len(items), totals.reference / len(reference)
    plain = float(np.linalg.norm(means[0] - means[1]))
    if n_groups == 0:
        return Replicates(plain, np.empty(0), len(items) + len(reference))
    squares = np.empty(n_groups + 1)
    added = []
    for part, sums, reference_sums in totals.parts():
        counts, reference_counts = (one.counts[part][:, None] for one in totals.grouped)
        left = totals.rows_left(0, part), totals.rows_left(1, part)
        rest = (totals.items - sums) / left[0] - (totals.reference - reference_sums) / left[1]
        squares[1:][part] = np.square(rest).sum(axis=1)
        # What the rows of a group add to the difference of the means, beyond as many average rows.
        more = (sums - counts * means[0]) / len(items)
        added.append(more - (reference_sums - reference_counts * means[1]) / len(reference))
    parts = np.concatenate(added)
    squares[0] = plain**2
    squares -= _noise(parts)
    return Replicates.of_squares(
        squares, len(items) + len(reference), f"unbiased square; plain distance {plain:.6g}"
    )


def _noise(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """[1 + G] squared length that the sum of G independent parts has by chance, then of all but each.

    The means of the remaining rows weigh a part by G/(G − 1).
    """
    g = len(parts)
    lengths, total = np.square(parts).sum(axis=1), parts.sum(axis=0)
    whole = (lengths.sum() - total @ total / g) * g / (g - 1)
    if g < 3:
        return np.append(whole, np.full(g, np.nan))
    rest = lengths.sum() - lengths - np.square(total - parts).sum(axis=1) / (g - 1)
    return np.append(whole, rest * (g - 1) / (g - 2) * (g / (g - 1)) ** 2)


def gap_rmg(items: Floats, reference: Floats, item_keys: Ints, reference_keys: Ints) -> float:
    """Relative modality gap d̄_xy / (d̄_xy + (d̄_xx + d̄_yy)/2), d = 1 − cos, in [0, 1].

    d̄_xy is the mean over items of the mean distance to their linked reference rows (with one-to-one
    pairs, the mean over pairs); d̄_xx and d̄_yy are means over ordered pairs of distinct rows of a set,
    in closed form from the sum of its unit rows. For N = M this is the published formula, whose
    (Σd_xx + Σd_yy) / (2N(N−1)) is half the sum of these two means; the means carry it to N ≠ M.

    Args:
        items: [N, D] floats, N ≥ 2.
        reference: [M, D], M ≥ 2.
        item_keys: [N] key codes; items of a negative or unlinked code count within their set only.
        reference_keys: [M].

    Raises:
        VectorError: zero, NaN or infinite rows, fewer than two rows in a set, all rows identical.
        LinkError: no item is linked.

    Paper: Schrodi et al., Two Effects, One Trigger, ICLR 2025.
    """
    items, reference = check_pair(items, reference)
    links = link_keys(item_keys, reference_keys, len(items), len(reference))
    require_links(links)
    together = (np.zeros(len(items), np.int64), np.zeros(len(reference), np.int64))
    cosines, linked = 0.0, 0
    for part in _key_parts(items, reference, links, together, 1):
        cosines += float(part.cosines.sum())
        linked += int(part.linked.sum())
    within = _spread((_total(items, "items") ** 2).sum(), len(items), "items")
    within = within + _spread((_total(reference, "reference") ** 2).sum(), len(reference), "reference")
    return float(_relative(1 - cosines / linked, within / 2))


def gap_rmg_replicates(
    items: Floats,
    reference: Floats,
    item_keys: Ints,
    reference_keys: Ints,
    *,
    groups: Ints,
    reference_groups: Ints,
    n_groups: int,
) -> Replicates:
    """:func:`gap_rmg`, and without each group, from sums over keys and groups.

    An item all of whose linked rows leave with a group is no longer linked, as in the plain function.

    Args:
        items: [N, D] floats.
        reference: [M, D].
        item_keys: [N] key codes.
        reference_keys: [M].
        groups: [N] codes 0 to ``n_groups`` − 1, or −1 for rows never left out.
        reference_groups: [M] the same codes for the reference.
        n_groups: number of groups.

    Raises:
        VectorError: as :func:`gap_rmg`, also of the rows that remain without a group; group codes that do
            not fit.
        LinkError: no item is linked, or none without some group.
    """
    totals = _Totals.of(items, reference, groups, reference_groups, n_groups)
    links = link_keys(item_keys, reference_keys, len(items), len(reference))
    require_links(links)
    cosines, linked = np.zeros(n_groups), np.zeros(n_groups)
    all_cosines, all_linked = 0.0, 0
    for part in _key_parts(items, reference, links, (groups, reference_groups), n_groups):
        all_cosines += float(part.cosines.sum())
        all_linked += int(part.linked.sum())
        cosines += np.bincount(part.group, part.cosines_lost, n_groups)
        linked += np.bincount(part.group, part.linked_lost, n_groups)
    if (all_linked - linked < 1).any():
        raise LinkError(
            "linked items without any one group",
            f"all links in group {int(np.argmax(linked))}",
            "resample over more groups",
        )
    across = 1 - (all_cosines - cosines) / (all_linked - linked)
    within = np.empty(n_groups)
    for chunk, sums, reference_sums in totals.parts():
        squares = ((totals.items - sums) ** 2).sum(axis=1)
        within[chunk] = _spread(squares, totals.rows_left(0, chunk)[:, 0], "items")
        squares = ((totals.reference - reference_sums) ** 2).sum(axis=1)
        within[chunk] += _spread(squares, totals.rows_left(1, chunk)[:, 0], "reference")
    whole = _spread((totals.items**2).sum(), len(items), "items")
    whole = whole + _spread((totals.reference**2).sum(), len(reference), "reference")
    value = float(_relative(1 - all_cosines / all_linked, whole / 2))
    return Replicates(value, _relative(across, within / 2), len(items) + len(reference))


@dataclass(frozen=True)
class _Totals:
    """Sums of the unit rows of two sets, and the rows of their groups."""

    vectors: tuple[Floats, Floats]
    grouped: tuple[Grouping, Grouping]
    items: NDArray[np.float64]
    reference: NDArray[np.float64]

    @classmethod
    def of(
        cls, items: Floats, reference: Floats, groups: Ints, reference_groups: Ints, n_groups: int
    ) -> _Totals:
        items, reference = check_pair(items, reference)
        codes = check_groups(groups, len(items), n_groups)
        reference_codes = check_groups(reference_groups, len(reference), n_groups)
        return cls(
            (items, reference),
            (group_rows(codes, n_groups), group_rows(reference_codes, n_groups)),
            _total(items, "items"),
            _total(reference, "reference"),
        )

    def parts(self) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[np.float64]]]:
        """Chunks of groups with the sums of their items and of their reference rows."""
        n_groups = len(self.grouped[0].counts)
        for first in range(0, n_groups, CHUNK):
            last = min(first + CHUNK, n_groups)
            sums = self.grouped[0].sums(self.vectors[0], "items", first, last)
            yield slice(first, last), sums, self.grouped[1].sums(self.vectors[1], "reference", first, last)

    def rows_left(self, which: int, part: slice) -> NDArray[np.int64]:
        """[g, 1] rows of one set that remain without each group."""
        left = len(self.vectors[which]) - self.grouped[which].counts[part]
        if (left < 1).any():
            raise VectorError(
                "rows in both sets without any one group",
                f"all {('items', 'reference rows')[which]} in one group",
                "resample over more groups",
            )
        remaining: NDArray[np.int64] = left[:, None]
        return remaining


@dataclass(frozen=True)
class _KeyPart:
    """Linked cosines of some keys, and what each group of rows takes away.

    Attributes:
        cosines: [k] sum over a key's items of the mean cosine to its reference rows.
        linked: [k] the key's items.
        group, cosines_lost, linked_lost: [c] by key and group, what leaves with the group.
    """

    cosines: NDArray[np.float64]
    linked: Ints
    group: Ints
    cosines_lost: NDArray[np.float64]
    linked_lost: NDArray[np.float64]


def _key_parts(
    items: Floats, reference: Floats, links: Links, groups: tuple[Ints, Ints], n_groups: int
) -> Iterator[_KeyPart]:
    """Whole keys at a time, split into the groups that their rows belong to.

    Σᵢ xᵢ·ȳ over the items of key k is Xₖ·Yₖ / mₖ with sums X, Y of unit rows, and (Xₖ − Xₖ₉)·(Yₖ − Yₖ₉)
    / (mₖ − mₖ₉) without group g: only the keys that a group touches change.
    """
    cells = []
    for slots, codes in zip((links.item_slots, links.reference_slots), groups, strict=True):
        cells.append(np.where(slots >= 0, slots * (n_groups + 1) + np.asarray(codes, np.int64) + 1, -1))
    used = np.unique(np.concatenate(cells))
    used = used[used >= 0]
    keys, cell_groups = used // (n_groups + 1), used % (n_groups + 1) - 1
    grouped = []
    for cell in cells:
        found = np.minimum(np.searchsorted(used, cell), len(used) - 1)
        grouped.append(group_rows(np.where(cell >= 0, found, -1), len(used)))
    starts = np.searchsorted(keys, np.arange(links.n_keys + 1))
    first = 0
    while first < links.n_keys:
        last = max(int(np.searchsorted(starts, starts[first] + CHUNK, side="right")) - 1, first + 1)
        begin, end = int(starts[first]), int(starts[last])
        heads, own = starts[first:last] - begin, keys[begin:end] - first
        sums = grouped[0].sums(items, "items", begin, end)
        reference_sums = grouped[1].sums(reference, "reference", begin, end)
        counts, reference_counts = (one.counts[begin:end] for one in grouped)
        key_sums, key_reference_sums, key_counts, key_reference_counts = (
            np.add.reduceat(one, heads, axis=0) for one in (sums, reference_sums, counts, reference_counts)
        )
        cosines = np.einsum("ij,ij->i", key_sums, key_reference_sums) / key_reference_counts
        remain = (key_reference_counts[own] - reference_counts).astype(np.float64)
        products = np.einsum("ij,ij->i", key_sums[own] - sums, key_reference_sums[own] - reference_sums)
        left = np.where(remain > 0, products / np.maximum(remain, 1), 0.0)
        linked_left = np.where(remain > 0, key_counts[own] - counts, 0)
        leaves = cell_groups[begin:end] >= 0
        yield _KeyPart(
            cosines,
            key_counts,
            cell_groups[begin:end][leaves],
            (cosines[own] - left)[leaves],
            (key_counts[own] - linked_left)[leaves].astype(np.float64),
        )
        first = last


def _total(vectors: Floats, name: str) -> NDArray[np.float64]:
    total = np.zeros(vectors.shape[1])
    for _, units in unit_blocks(vectors, name, np.dtype(np.float64)):
        total += units.sum(axis=0)
    return total


def _spread(squares: NDArray[np.float64], counts: NDArray[np.int64] | int, name: str) -> NDArray[np.float64]:
    """Mean 1 − cos over distinct pairs of n unit rows whose sum has this squared length."""
    n = np.asarray(counts)
    if (n < 2).any():
        raise VectorError(
            f"at least two rows in {name}", f"{int(n.min())}", "a distance within a set needs two rows"
        )
    spread: NDArray[np.float64] = np.maximum(1 - (squares - n) / (n * (n - 1.0)), 0.0)
    return spread


def _relative(
    across: NDArray[np.float64] | float, within: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    across = np.maximum(across, 0.0)
    total = np.asarray(across + within)
    if (total <= 1e-15).any():
        raise VectorError(
            "rows that are not all identical",
            "no distance within or between the sets",
            "check the extraction",
        )
    relative: NDArray[np.float64] = across / total
    return relative
