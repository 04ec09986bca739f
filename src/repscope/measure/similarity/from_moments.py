"""CKA, Procrustes, SVCCA and PWCCA together: one set of moments, one whitening, one permuted product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError
from repscope.measure.core.arrays import Float64, float_matrix
from repscope.measure.core.estimate import FIXED, Replicates
from repscope.measure.core.grouping import chosen_rows
from repscope.measure.core.joint import JointMoments, joint_leave_out
from repscope.measure.core.pairs import PERMUTATIONS, Narrow, NullTable, null_of, paired, pairings
from repscope.measure.core.tables import ReplicateTable
from repscope.measure.similarity.cca import Canonical, Whitening, projection_weighted
from repscope.measure.similarity.cka import CrossProducts, cka_from_products, cka_of_sums
from repscope.measure.similarity.procrustes import procrustes_of, quick_nuclear_norm

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
    values: dict[str, list[float | InputError]] = {name: [] for name in names if name != "cka.debiased"}
    for joint in joint_leave_out(a.rows, b.rows, groups, n_groups):
        products.append(CrossProducts.of(joint))
        for name, compute in _measures(joint, a, b, names).items():
            values[name].append(_attempt(compute))
    table = ReplicateTable()
    if "cka.debiased" in names:
        table.take("cka.debiased", partial(cka_from_products, a.rows, b.rows, groups, products))
    for name, each in values.items():
        table.take(name, partial(_collect, each, products[0].n))
    return table


def moment_nulls(
    x: ArrayLike,
    y: ArrayLike,
    *,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
    most_rows: int = 1000,
    names: Sequence[str] = NAMES,
) -> NullTable:
    """The same similarities when rows of y are paired with rows of x at random.

    Both sets are whitened once; a permutation then costs one product of the whitened sets, and the
    decompositions of what was asked for. Sets of more than ``most_rows`` rows are sampled (seeded), since
    the null depends on N; its ``observed`` is read from the same rows. Undefined measures are in ``why``.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.
        seed: of rows and permutations.
        permutations: random pairings.
        most_rows: rows permuted at most.
        names: which of "cka.debiased", "procrustes", "svcca", "pwcca".

    Raises:
        VectorError: rows not paired or not finite.
        InputError: fewer than 1 permutation.
    """
    a, b = paired(x, y)
    rows = chosen_rows(len(a), most_rows, seed)
    a, b = a[rows], b[rows]
    real = moment_replicates(a, b, np.full(len(rows), FIXED), 0, names)
    random = pairings(len(rows), seed, permutations)
    nulls = NullTable()
    nulls.why.update(real.why)
    if not real:
        return nulls
    left, right = _Side.of(a), _Side.of(b)
    drawn = [_permuted(left, right, pairing, list(real)) for pairing in random]
    method = "" if len(rows) == len(np.asarray(x)) else f"{len(rows):,} rows, seed {seed}"
    for name, replicates in real.items():
        nulls[name] = null_of(replicates.value, [values[name] for values in drawn], len(rows), method)
    return nulls


def _measures(
    joint: JointMoments, a: Narrow, b: Narrow, names: Sequence[str]
) -> dict[str, Callable[[], float]]:
    measures: dict[str, Callable[[], float]] = {}
    if "procrustes" in names:
        measures["procrustes"] = partial(procrustes_of, joint)
    if "svcca" in names or "pwcca" in names:
        try:
            canonical = Canonical.of(joint)
        except InputError as undefined:
            failed = partial(_fail, undefined)
            return measures | {name: failed for name in ("svcca", "pwcca") if name in names}
        if "svcca" in names:
            measures["svcca"] = canonical.svcca
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


@dataclass(frozen=True)
class _Side:
    """One of two sets, made ready for permutations.

    Attributes:
        whitening: principal axes.
        unit: [N, R] coordinates with orthonormal columns.
        columns: [R, D] the columns of the set in that basis.
        lengths: [N] squared distances to the mean.
    """

    whitening: Whitening
    unit: Float64
    columns: Float64
    lengths: Float64

    @classmethod
    def of(cls, rows: NDArray[np.generic]) -> _Side:
        narrow = Narrow.of(rows)
        values = float_matrix(narrow.rows)
        values = values - values.mean(axis=0)
        whitening = Whitening.of(values.T @ values)
        columns = np.sqrt(whitening.values)[:, None] * narrow.widen(whitening.axes).T
        return cls(whitening, values @ whitening.matrix, columns, np.einsum("nd,nd->n", values, values))


def _permuted(
    left: _Side, right: _Side, pairing: NDArray[np.int64], names: Sequence[str]
) -> dict[str, float]:
    """The measures in ``names`` when row i of the left goes with row ``pairing[i]`` of the right."""
    n = len(pairing)
    cross = left.unit.T @ right.unit[pairing]
    x, y = left.whitening, right.whitening
    product = np.sqrt(x.values)[:, None] * cross * np.sqrt(y.values)
    values = {}
    if "cka.debiased" in names:
        squares = tuple(float(np.square(matrix).sum()) for matrix in (x.values, product, y.values))
        a, b = left.lengths, right.lengths[pairing]
        values["cka.debiased"] = cka_of_sums(
            n,
            (squares[0], squares[1], squares[2]),
            (float(a @ a), float(a @ b), float(b @ b)),
            (float(a.sum()), float(b.sum())),
        )
    if "procrustes" in names:
        scale = np.sqrt(left.lengths.sum()) * np.sqrt(right.lengths.sum())
        values["procrustes"] = quick_nuclear_norm(product) / float(scale)
    if "svcca" in names:
        rows, columns = x.components(), y.components()
        values["svcca"] = quick_nuclear_norm(cross[:rows, :columns]) / min(rows, columns)
    if "pwcca" in names:
        from_x = cross.shape[0] <= cross.shape[1]
        values["pwcca"] = projection_weighted(
            cross if from_x else cross.T, left.columns if from_x else right.columns
        )
    return values
