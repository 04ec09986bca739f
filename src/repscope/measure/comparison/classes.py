"""One row a class: how many of its items find their truth, and how near they lie to it.

Everything is sums over classes and clusters, so that a thousand classes cost no more than one. A share has
the score interval of Wilson (1927); the difference of two shares of the same items that of Newcombe
(Statistics in Medicine 1998, method 10), which joins both and their correlation; its p is McNemar's, mid-P
(Fagerland et al., BMC Medical Research Methodology 2013), on clusters by the sign of what they gained. A mean
cosine has the interval of Student's t over clusters. That of a share is never of width zero, where no item
failed or none changed. Items of one cluster count as one: clusters of unequal size are (Σn)² / Σn²
independent items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from repscope.measure.alignment.true_match import top_k_items
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.matching import Match
from repscope.measure.core.resample import LEVEL, SMALLEST_P, q_values, t_quantile
from repscope.text.json_record import JsonRecord

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST = 5
"""Independent items of a class below which it has no interval, p and q."""

ALPHA = 0.05
"""Largest q of a class that is said to have changed."""


@dataclass(frozen=True)
class Found:
    """What the items of one stage find.

    Attributes:
        hits: [T] share of 1 that the nearest reference row is a true one; between 0 and 1 for ties.
        cosines: [T] to the truth.
    """

    hits: Floats
    cosines: Floats

    @classmethod
    def of(cls, matched: Match) -> Found:
        """Of the items that have a truth, in order."""
        return cls(top_k_items(matched, 1), matched.true[matched.has_truth])


@dataclass(frozen=True)
class Classes:
    """Which class, and which independent unit, each of T items is of.

    Attributes:
        codes: [T] class, or −1.
        names: [K] of the classes.
        clusters: [T] independent units.
    """

    codes: Codes
    names: Sequence[str]
    clusters: Codes


@dataclass(frozen=True)
class Change(JsonRecord):
    """One number before and after, and the difference on the same items."""

    before: Estimate
    after: Estimate
    difference: Difference


@dataclass(frozen=True)
class ClassChange(JsonRecord, optional="column classes over_classes"):
    """A class of two stages, or a group of classes or items.

    Attributes:
        label: its name; of a group, the value that its items have in ``column``.
        n: its items that have a truth.
        clusters: independent units among them.
        before, after, difference: share of its items that lie nearest to their truth (``top1.true``).
        cosine: mean cosine to the truth (``cosine.true``).
        column: of a group.
        classes: of a group, how many have items in it.
        over_classes: of a group, the mean over its classes of their share; intervals take classes as drawn at
            random.
    """

    label: str
    n: int
    clusters: int
    before: Estimate
    after: Estimate
    difference: Difference
    cosine: Change
    column: str = ""
    classes: int = 0
    over_classes: Change | None = None

    @property
    def shown(self) -> int:
        """1 where its share is shown to have risen (q ≤ .05, interval above 0), −1 fallen, else 0."""
        return shown(self.difference)


def shown(change: Difference) -> int:
    """1 for a difference that is shown to be above 0 (q ≤ .05, interval above 0), −1 below, else 0."""
    if change.q is None or change.q > ALPHA or change.low is None or change.high is None:
        return 0
    return int(change.low > 0) - int(change.high < 0)


@dataclass(frozen=True)
class ClassValue(JsonRecord, optional="column classes over_classes"):
    """A class of one stage, or a group: ``value`` is ``top1.true``; the rest as in :class:`ClassChange`."""

    label: str
    n: int
    clusters: int
    value: Estimate
    cosine: Estimate
    column: str = ""
    classes: int = 0
    over_classes: Estimate | None = None


def class_values(found: Found, classes: Classes) -> tuple[ClassValue, ...]:
    """Every class that has an item, in the order of the names."""
    cells = _Cells(classes)
    shares, cosines = _shares(cells, found.hits), _means(cells, found.cosines)
    return tuple(
        ClassValue(classes.names[k], int(cells.n[k]), int(cells.clusters[k]), shares[k], cosines[k])
        for k in cells.present
    )


def class_changes(before: Found, after: Found, classes: Classes) -> tuple[ClassChange, ...]:
    """The same of two stages of the same items; q is over the classes that have a p."""
    cells = _Cells(classes)
    of_shares = _share_changes(cells, before.hits, after.hits)
    of_cosines = _mean_changes(cells, before.cosines, after.cosines)
    shares, cosines = (_with_q([rows[k] for k in cells.present]) for rows in (of_shares, of_cosines))
    return tuple(
        ClassChange(
            classes.names[k],
            int(cells.n[k]),
            int(cells.clusters[k]),
            *(share.before, share.after, share.difference),
            cosine,
        )
        for k, share, cosine in zip(cells.present, shares, cosines, strict=True)
    )


def group_values(found: Found, groups: Classes, column: str, classes: Classes) -> tuple[ClassValue, ...]:
    """The same of groups of items: the values of a column, each with the mean over its classes."""
    rows = []
    for row in class_values(found, groups):
        own = class_values(found, _within(classes, groups, row.label))
        mean = _over([one.value.value for one in own])
        rows.append(replace(row, column=column, classes=len(own), over_classes=mean))
    return tuple(rows)


def group_changes(
    before: Found, after: Found, groups: Classes, column: str, classes: Classes
) -> tuple[ClassChange, ...]:
    """The same of two stages; q is over the groups of the column."""
    rows, means = class_changes(before, after, groups), []
    for row in rows:
        own = class_changes(before, after, _within(classes, groups, row.label))
        means.append(
            (
                len(own),
                Change(
                    _over([one.before.value for one in own]),
                    _over([one.after.value for one in own]),
                    _over_changes([one.difference.value for one in own]),
                ),
            )
        )
    tested = _with_q([change for _, change in means])
    return tuple(
        replace(row, column=column, classes=count, over_classes=change)
        for row, (count, _), change in zip(rows, means, tested, strict=True)
    )


def _within(classes: Classes, groups: Classes, label: str) -> Classes:
    inside = groups.codes == list(groups.names).index(label)
    return replace(classes, codes=np.where(inside, classes.codes, -1))


def _over(values: Sequence[float | None]) -> Estimate:
    """Mean over classes, which are the units."""
    one = _over_changes(values)
    return Estimate(one.value, one.low, one.high, one.level, one.n, one.method, one.why)


def _over_changes(values: Sequence[float | None]) -> Difference:
    from scipy.stats import t

    known = np.array([value for value in values if value is not None])
    if not len(known):
        return Difference(None, why="no class has an item")
    n, mean = len(known), float(known.mean())
    if n < FEWEST:
        return Difference(mean, n=n, why=f"{n} classes, fewer than {FEWEST}: no interval")
    error = float(known.std(ddof=1)) / np.sqrt(n)
    reach = t_quantile((1 + LEVEL) / 2, n - 1) * error
    if error > 0:
        p = max(float(2 * t.sf(abs(mean) / error, n - 1)), SMALLEST_P)
    else:
        p = 1.0 if mean == 0 else SMALLEST_P
    return Difference(mean, mean - reach, mean + reach, LEVEL, n, "t over classes", p)


class _Cells:
    """Items sorted into cells of one class and one cluster, the sums of which are all that is needed."""

    def __init__(self, classes: Classes) -> None:
        self.kept = np.flatnonzero(classes.codes >= 0)
        self.size = len(classes.names)
        codes, clusters = classes.codes[self.kept], classes.clusters[self.kept]
        width = int(clusters.max(initial=0)) + 1
        found, self.of_item = np.unique(codes * width + clusters, return_inverse=True)
        self.of_class = found // width
        self.counts = np.bincount(self.of_item, minlength=len(found)).astype(np.float64)
        self.n = self.total(self.counts)
        self.clusters = np.bincount(self.of_class, minlength=self.size)
        self.present = np.flatnonzero(self.clusters).tolist()
        # Classes without items are left out at the end; until then they count as one.
        self.items = np.maximum(self.n, 1.0)
        self.independent = self.items**2 / np.maximum(self.total(self.counts**2), 1.0)

    def total(self, values: Floats) -> Floats:
        """[K] sums over the cells of each class."""
        sums: Floats = np.bincount(self.of_class, values, self.size).astype(np.float64)
        return sums

    def sums(self, values: Floats) -> Floats:
        """[cells] sums over their items."""
        sums: Floats = np.bincount(self.of_item, values[self.kept], len(self.counts)).astype(np.float64)
        return sums

    def estimates(self, values: Floats, ends: tuple[Floats, Floats], method: str) -> list[Estimate]:
        """Estimates by class; without an interval where a class is too small for one."""
        return [
            Estimate(float(value), float(low), float(high), LEVEL, int(n), method)
            if n >= FEWEST
            else Estimate(float(value), n=int(n), why=_few(int(n)))
            for value, low, high, n in zip(values, *ends, self.clusters, strict=True)
        ]

    def differences(
        self, values: Floats, ends: tuple[Floats, Floats], p: Floats, method: str
    ) -> list[Difference]:
        """The same of differences."""
        return [
            Difference(float(value), float(low), float(high), LEVEL, int(n), method, float(one))
            if n >= FEWEST
            else Difference(float(value), n=int(n), why=_few(int(n)))
            for value, low, high, n, one in zip(values, *ends, self.clusters, p, strict=True)
        ]


def _few(n: int) -> str:
    return f"{n} independent item{'s' if n != 1 else ''}, fewer than {FEWEST}: no interval"


def _wilson(share: Floats, n: Floats) -> tuple[Floats, Floats]:
    from scipy.stats import norm

    z2 = float(norm.ppf((1 + LEVEL) / 2)) ** 2
    share = np.clip(share, 0.0, 1.0)
    centre = share + z2 / (2 * n)
    reach = np.sqrt(z2 * share * (1 - share) / n + z2 * z2 / (4 * n * n))
    # The ends are 0 and 1 exactly where all items say so.
    low = np.where(share <= 0, 0.0, (centre - reach) / (1 + z2 / n))
    high = np.where(share >= 1, 1.0, (centre + reach) / (1 + z2 / n))
    return low, high


_WILSON = "Wilson score interval"


def _shares(cells: _Cells, hits: Floats) -> list[Estimate]:
    share = cells.total(cells.sums(hits)) / cells.items
    return cells.estimates(share, _wilson(share, cells.independent), _WILSON)


def _share_changes(cells: _Cells, before: Floats, after: Floats) -> list[Change]:
    from scipy.stats import binom

    sums = cells.sums(before), cells.sums(after)
    first, second = (cells.total(side) / cells.items for side in sums)
    ends = [_wilson(share, cells.independent) for share in (first, second)]
    down, up = first - ends[0][0], ends[0][1] - first
    down2, up2 = second - ends[1][0], ends[1][1] - second
    phi = _correlation(cells, sums, first, second)
    change = second - first
    low = change - np.sqrt(np.maximum(down2**2 - 2 * phi * down2 * up + up**2, 0.0))
    high = change + np.sqrt(np.maximum(up2**2 - 2 * phi * up2 * down + down**2, 0.0))
    step = sums[1] - sums[0]
    gained, lost = (cells.total((sign * step > 1e-9).astype(np.float64)) for sign in (1, -1))
    fewer, changed = np.minimum(gained, lost), gained + lost
    tail = binom.cdf(fewer, changed, 0.5) - 0.5 * binom.pmf(fewer, changed, 0.5)
    p = np.where(changed > 0, np.minimum(2 * tail, 1.0), 1.0)
    differences = cells.differences(
        change,
        (np.maximum(low, -1.0), np.minimum(high, 1.0)),
        p,
        "Newcombe's paired interval; McNemar's mid-P",
    )
    return [
        Change(*row)
        for row in zip(
            cells.estimates(first, ends[0], _WILSON), cells.estimates(second, ends[1], _WILSON), differences,
            strict=True,
        )
    ]  # fmt: skip


def _correlation(cells: _Cells, sums: tuple[Floats, Floats], first: Floats, second: Floats) -> Floats:
    """[K] correlation of hits before and after, over clusters; less half a count where it is positive."""
    rest = [
        side - share[cells.of_class] * cells.counts for side, share in zip(sums, (first, second), strict=True)
    ]
    squares = [cells.total(one**2) for one in rest]
    product = cells.total(rest[0] * rest[1])
    scale = np.sqrt(squares[0] * squares[1])
    # Half a count of n² cov, in the units of the correlation.
    half = np.sqrt(np.maximum(first * (1 - first) * second * (1 - second), 0.0)) * 2 * cells.independent
    with np.errstate(divide="ignore", invalid="ignore"):
        phi = np.where(scale > 0, product / scale, 0.0)
        corrected = np.where(half > 0, np.maximum(phi - 1 / half, 0.0), 0.0)
    return np.where(phi > 0, corrected, phi)


def _spread(cells: _Cells, sums: Floats, mean: Floats) -> tuple[Floats, Floats]:
    """[K] standard error of a mean over items of unequal clusters, and the quantile of t for it."""
    c = cells.clusters
    squares = cells.total((sums - mean[cells.of_class] * cells.counts) ** 2)
    error = np.sqrt(squares * c / np.maximum(c - 1, 1)) / cells.items
    quantiles = {int(n): t_quantile((1 + LEVEL) / 2, int(n) - 1) if n > 1 else np.inf for n in np.unique(c)}
    return error, np.array([quantiles[int(n)] for n in c])


def _means(cells: _Cells, values: Floats) -> list[Estimate]:
    sums = cells.sums(values)
    mean = cells.total(sums) / cells.items
    error, quantile = _spread(cells, sums, mean)
    reach = np.where(cells.clusters >= FEWEST, quantile, 0.0) * error
    return cells.estimates(mean, (mean - reach, mean + reach), "t over clusters")


def _mean_changes(cells: _Cells, before: Floats, after: Floats) -> list[Change]:
    from scipy.stats import t

    sums = cells.sums(after - before)
    mean = cells.total(sums) / cells.items
    error, quantile = _spread(cells, sums, mean)
    reach = np.where(cells.clusters >= FEWEST, quantile, 0.0) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * t.sf(np.abs(mean) / error, np.maximum(cells.clusters - 1, 1))
    p = np.where(error > 0, np.maximum(p, SMALLEST_P), np.where(mean == 0, 1.0, SMALLEST_P))
    differences = cells.differences(mean, (mean - reach, mean + reach), p, "t over clusters, paired")
    sides = [_means(cells, side) for side in (before, after)]
    return [Change(*row) for row in zip(*sides, differences, strict=True)]


def _with_q(changes: list[Change]) -> list[Change]:
    q = q_values([change.difference.p for change in changes])
    return [
        replace(change, difference=replace(change.difference, q=one))
        for change, one in zip(changes, q, strict=True)
    ]
