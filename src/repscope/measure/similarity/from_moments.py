"""CKA, Procrustes, SVCCA and PWCCA together: one set of moments, one whitening, one permuted product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64, float_matrix
from repscope.measure.core.estimate import FIXED, Replicates
from repscope.measure.core.joint import JointMoments, joint_leave_out
from repscope.measure.core.pairs import PERMUTATIONS, Narrow, NullTable, null_of, paired
from repscope.measure.core.shuffles import shuffles
from repscope.measure.core.tables import ReplicateTable
from repscope.measure.similarity.cca import Canonical, Whitening, projection_weighted
from repscope.measure.similarity.cka import CrossProducts, cka_from_products, cka_of_sums
from repscope.measure.similarity.procrustes import (
    Norm,
    nuclear_norm,
    procrustes_of,
    quick_nuclear_norm,
)

NAMES = ("cka.debiased", "procrustes", "svcca", "pwcca")


def moment_replicates(
    x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int, names: Sequence[str] = NAMES
) -> ReplicateTable:
    """The similarities that second moments tell, and with each group left out, exactly.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.
        names: which of "cka.debiased", "procrustes", "svcca", "pwcca".

    Returns:
        Replicates by name; measures undefined on these sets are in the table's ``why``.

    Raises:
        VectorError: rows not paired or not finite, or codes that do not fit.
    """
    paired(x, y)
    a, b = Narrow.of(x, "x"), Narrow.of(y, "y")
    products: list[CrossProducts] = []
    norm = nuclear_norm
    values: dict[str, list[float | InputError]] = {name: [] for name in names if name != "cka.debiased"}
    for joint in joint_leave_out(a.rows, b.rows, groups, n_groups):
        products.append(CrossProducts.of(joint))
        for name, compute in _measures(joint, a, b, names, norm).items():
            values[name].append(_attempt(compute))
        # Intervals need no more than eight digits.
        norm = quick_nuclear_norm
    table = ReplicateTable()
    if "cka.debiased" in names:
        table.take("cka.debiased", partial(cka_from_products, a.rows, b.rows, groups, products))
    for name, each in values.items():
        table.take(name, partial(_collect, each, products[0].n))
    return table


def moment_nulls(
    x: ArrayLike,
    y: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
    spectral_permutations: int | None = None,
    most_rows: int = 1000,
    names: Sequence[str] = NAMES,
) -> NullTable:
    """The same similarities when rows of y are paired with rows of x at random.

    Both sets are whitened once; a permutation then costs one product of the whitened sets, and the
    decompositions of what was asked for (none for CKA). Sets of more than ``most_rows`` rows are sampled
    (seeded), since the null depends on N; its ``observed`` is read from the same rows. Undefined measures
    are in ``why``.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.
        clusters: [N] codes of rows that are permuted together; every row its own by default.
        seed: of rows and permutations.
        permutations: random pairings.
        spectral_permutations: the first so many of them for Procrustes, SVCCA and PWCCA; all by default.
        most_rows: rows permuted at most.
        names: which of "cka.debiased", "procrustes", "svcca", "pwcca".

    Raises:
        VectorError: rows not paired or not finite, or a single cluster.
        InputError: fewer than 1 permutation.
    """
    a, b = paired(x, y)
    counts = dict.fromkeys(names, permutations if spectral_permutations is None else spectral_permutations)
    if "cka.debiased" in counts:
        counts["cka.debiased"] = permutations
    most = max(counts.values(), default=permutations)
    random = shuffles(len(a), clusters, seed=seed, permutations=most, most_rows=most_rows)
    a, b = a[random.rows], b[random.rows]
    real = moment_replicates(a, b, np.full(len(a), FIXED), 0, names)
    nulls = NullTable()
    nulls.why.update(real.why)
    if not real:
        return nulls
    left, right = _Side(a), _Side(b)
    drawn: dict[str, list[float]] = {name: [] for name in real}
    for number, pairing in enumerate(random.pairings):
        wanted = [name for name in real if number < counts[name]]
        for name, value in _permuted(left, right, pairing, wanted).items():
            drawn[name].append(value)
    for name, replicates in real.items():
        nulls[name] = null_of(replicates.value, drawn[name], len(a), random.method)
    return nulls


def _measures(
    joint: JointMoments, a: Narrow, b: Narrow, names: Sequence[str], norm: Norm
) -> dict[str, Callable[[], float]]:
    measures: dict[str, Callable[[], float]] = {}
    if "procrustes" in names:
        measures["procrustes"] = partial(procrustes_of, joint, norm)
    if "svcca" in names or "pwcca" in names:
        try:
            canonical = Canonical.of(joint)
        except InputError as undefined:
            failed = partial(_fail, undefined)
            return measures | {name: failed for name in ("svcca", "pwcca") if name in names}
        if "svcca" in names:
            measures["svcca"] = partial(canonical.svcca, norm)
        if "pwcca" in names:
            measures["pwcca"] = partial(canonical.pwcca, a, b)
    return measures


def _fail(reason: InputError) -> float:
    raise reason


def _attempt(compute: Callable[[], float]) -> float | InputError:
    try:
        return compute()
    except InputError as undefined:
        return undefined


def _collect(values: Sequence[float | InputError], n: int) -> Replicates:
    """Replicates from the value of all rows, then without each group; NaN where only the latter fail."""
    whole = values[0]
    if isinstance(whole, InputError):
        raise whole
    left = [np.nan if isinstance(value, InputError) else value for value in values[1:]]
    return Replicates(whole, np.array(left, dtype=np.float64), n)


class _Side:
    """One of two sets, made ready for permutations; what only some measures need is made when they ask.

    Attributes:
        narrow: the rows.
        centred: [N, R] rows less their mean.
        lengths: [N] squared distances to the mean.
    """

    def __init__(self, rows: NDArray[np.generic]) -> None:
        self.narrow = Narrow.of(rows)
        values = float_matrix(self.narrow.rows)
        self.centred: Float64 = values - values.mean(axis=0)
        self.lengths: Float64 = np.einsum("nd,nd->n", self.centred, self.centred)

    @cached_property
    def scatter(self) -> Float64:
        """[R, R] sums of products."""
        scatter: Float64 = self.centred.T @ self.centred
        return scatter

    @cached_property
    def square(self) -> float:
        """‖XᵀX‖²_F."""
        return float(np.vdot(self.scatter, self.scatter))

    @cached_property
    def whitening(self) -> Whitening:
        """Principal axes."""
        return Whitening.of(self.scatter)

    @cached_property
    def unit(self) -> Float64:
        """[N, R] coordinates with orthonormal columns."""
        unit: Float64 = self.centred @ self.whitening.matrix
        return unit

    @cached_property
    def columns(self) -> Float64:
        """[R, D] the columns of the set in that basis."""
        columns: Float64 = np.sqrt(self.whitening.values)[:, None] * self.narrow.widen(self.whitening.axes).T
        return columns


def _permuted(
    left: _Side, right: _Side, pairing: NDArray[np.int64], names: Sequence[str]
) -> dict[str, float]:
    """The measures in ``names`` when row i of the left goes with row ``pairing[i]`` of the right."""
    n = len(pairing)
    values = {}
    if {"cka.debiased", "procrustes"} & set(names):
        product = left.centred.T @ right.centred[pairing]
    if "cka.debiased" in names:
        a, b = left.lengths, right.lengths[pairing]
        values["cka.debiased"] = cka_of_sums(
            n,
            (left.square, float(np.vdot(product, product)), right.square),
            (float(a @ a), float(a @ b), float(b @ b)),
            (float(a.sum()), float(b.sum())),
        )
    if "procrustes" in names:
        scale = np.sqrt(left.lengths.sum()) * np.sqrt(right.lengths.sum())
        values["procrustes"] = quick_nuclear_norm(product) / float(scale)
    if {"svcca", "pwcca"} & set(names):
        cross = left.unit.T @ right.unit[pairing]
    if "svcca" in names:
        rows, columns = left.whitening.components(), right.whitening.components()
        values["svcca"] = quick_nuclear_norm(cross[:rows, :columns]) / min(rows, columns)
    if "pwcca" in names:
        from_x = cross.shape[0] <= cross.shape[1]
        values["pwcca"] = projection_weighted(
            cross if from_x else cross.T, left.columns if from_x else right.columns
        )
    return values
