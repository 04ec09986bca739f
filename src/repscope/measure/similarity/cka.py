"""Debiased linear CKA, from second moments: no N × N matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import VectorError
from repscope.measure.core.arrays import Float64, group_codes, row_blocks
from repscope.measure.core.estimate import FIXED, Replicates
from repscope.measure.core.joint import JointMoments, joint_leave_out, refuse_equal_rows
from repscope.measure.core.moments import BLOCK_ROWS
from repscope.measure.core.pairs import Narrow, paired
from repscope.measure.core.tables import each_left_out

FEWEST_ROWS = 4


@dataclass(frozen=True)
class CrossProducts:
    """What CKA needs of joint moments, without the matrices.

    Attributes:
        n: rows.
        mean_x, mean_y: [D₁], [D₂].
        squares: ‖XᵀX‖²_F, ‖XᵀY‖²_F, ‖YᵀY‖²_F of the centred sets.
    """

    n: int
    mean_x: Float64
    mean_y: Float64
    squares: tuple[float, float, float]

    @classmethod
    def of(cls, joint: JointMoments) -> CrossProducts:
        """Read them from joint moments."""
        squares = tuple(float(np.vdot(s, s)) for s in (joint.xx, joint.xy, joint.yy))
        return cls(joint.n, joint.mean_x, joint.mean_y, squares)  # type: ignore[arg-type]


def cka_debiased(x: ArrayLike, y: ArrayLike) -> float:
    """Linear CKA with the unbiased HSIC (Song et al. 2012; Nguyen, Raghu & Kornblith, ICLR 2021).

    HSIC(x, y)/√(HSIC(x, x) HSIC(y, y)), each an inner product of U-centred Gram matrices. Near 0 for
    independent sets at any N and D, where plain CKA tends to 1 as D/N grows. Unchanged by rotation, shift
    and scale of either set; between −1 and 1, and symmetric.

    Args:
        x: [N, D₁].
        y: [N, D₂], row i belonging with row i of x.

    Raises:
        VectorError: rows not paired or not finite, fewer than 4, or no spread in one set.
    """
    return cka_replicates(x, y, np.full(len(np.asarray(x)), FIXED), 0).value


def cka_replicates(x: ArrayLike, y: ArrayLike, groups: ArrayLike, n_groups: int) -> Replicates:
    """:func:`cka_debiased`, and with each group left out, exactly.

    Args:
        x, y: as for :func:`cka_debiased`.
        groups: [N] codes 0 to ``n_groups`` − 1, or FIXED (−1).
        n_groups: G.
    """
    paired(x, y)
    x, y = Narrow.of(x, "x").rows, Narrow.of(y, "y").rows
    products = [CrossProducts.of(joint) for joint in joint_leave_out(x, y, groups, n_groups)]
    return cka_from_products(x, y, groups, products)


def cka_from_products(
    x: ArrayLike, y: ArrayLike, groups: ArrayLike, products: Sequence[CrossProducts]
) -> Replicates:
    """Debiased CKA when the matrices have been summarised already: of all rows, then without each group."""
    a, b = paired(x, y)
    codes = group_codes(groups, len(a), len(products) - 1)
    sums = np.zeros((len(products), 5))
    centre_x, centre_y = products[0].mean_x, products[0].mean_y
    for block in row_blocks(len(a), BLOCK_ROWS):
        kept = codes[block, None] != np.arange(-1, len(products) - 1)
        kept[:, 0] = True
        from_x = _squared_distances(a[block], centre_x, [product.mean_x for product in products]) * kept
        from_y = _squared_distances(b[block], centre_y, [product.mean_y for product in products]) * kept
        for column, (p, q) in enumerate(((from_x, from_x), (from_x, from_y), (from_y, from_y))):
            sums[:, column] += np.einsum("ng,ng->g", p, q)
        sums[:, 3] += from_x.sum(axis=0)
        sums[:, 4] += from_y.sum(axis=0)

    def value(index: int) -> float:
        product = products[index]
        xx, xy, yy = sums[index, :3]
        tx, ty = sums[index, 3:]
        refuse_equal_rows(product.n, tx, product.mean_x)
        refuse_equal_rows(product.n, ty, product.mean_y)
        return cka_of_sums(product.n, product.squares, (xx, xy, yy), (tx, ty))

    return Replicates(value(0), each_left_out(value, range(1, len(products))), len(a))


def cka_of_sums(
    n: int,
    squares: tuple[float, float, float],
    quartic: tuple[float, float, float],
    spreads: tuple[float, float],
) -> float:
    """Debiased CKA from sums over centred rows.

    Args:
        n: rows.
        squares: ‖XᵀX‖²_F, ‖XᵀY‖²_F, ‖YᵀY‖²_F.
        quartic: Σ‖xᵢ‖⁴, Σ‖xᵢ‖²‖yᵢ‖², Σ‖yᵢ‖⁴.
        spreads: Σ‖xᵢ‖², Σ‖yᵢ‖².

    Raises:
        VectorError: fewer than 4 rows, or rows of one set equally far from each other.
    """
    if n < FEWEST_ROWS:
        raise VectorError(f"at least {FEWEST_ROWS} rows for an unbiased HSIC", f"{n}", "give more items")
    tx, ty = spreads
    xx, xy, yy = (
        _hsic(n, square, four, s, t)
        for square, four, s, t in zip(squares, quartic, (tx, tx, ty), (tx, ty, ty), strict=True)
    )
    # Zero up to rounding where U-centring leaves nothing, as of rows equally far apart.
    if xx <= 1e-12 * squares[0] or yy <= 1e-12 * squares[2]:
        raise VectorError(
            "two sets whose distances differ, for an unbiased HSIC",
            "rows of one set equally far from each other",
            "leave cka.debiased out for these sets",
        )
    return float(xy / np.sqrt(xx) / np.sqrt(yy))


def _hsic(n: int, square: float, quartic: float, tx: float, ty: float) -> float:
    """n(n − 3) times the unbiased HSIC; with centred rows, K̃1 is −‖x‖², which leaves these sums."""
    return square - quartic + tx * ty / ((n - 1) * (n - 2)) - 2.0 * quartic / (n - 2)


def _squared_distances(rows: NDArray[np.generic], centre: Float64, points: list[Float64]) -> Float64:
    """[B, P] squared distances of rows to points that lie near ``centre``."""
    away = np.asarray(rows, np.float64) - centre
    steps = np.array(points) - centre
    own = np.einsum("nd,nd->n", away, away)
    distances: Float64 = own[:, None] - 2.0 * (away @ steps.T) + np.einsum("gd,gd->g", steps, steps)
    return distances
