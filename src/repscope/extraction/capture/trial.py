"""A trial before a run: whether an item's row depends on the other items of its batch, or on chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from repscope.errors import BatchTooLargeError, ModelError
from repscope.extraction.capture.decode_ahead import Decoded
from repscope.extraction.capture.pooling import Layout

KEY = "trial"
"""Of a set's provenance."""

PAIR = 2
"""Items of the trial. Its size differs from the batch's, so an axis that only happens to have the batch's
length (tokens first) is told from the real one."""

Rows = dict[str, tuple[NDArray[Any], Layout]]

_On = Literal["item", "batch", "chance"]
_SAID = {
    "batch": "depend on the other items of their batch: two items together, and each alone,",
    "chance": "depend on chance: the same two items, under two seeds,",
}


@dataclass(frozen=True)
class Dependence:
    """What the rows of one set depend on.

    Attributes:
        on: "item" alone, as it should be, "batch" or "chance".
        difference: the largest between rows that should be equal, as a share of the rows' length; None
            where an item could not be run alone.
        tolerance: above which a difference is no rounding.
        why: why an item could not be run alone.
    """

    on: _On
    difference: float | None
    tolerance: float
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """For the provenance."""
        return {name: value for name, value in asdict(self).items() if value != ""}

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Dependence | None:
        """What a set's provenance says; None where it says nothing, as of older sets."""
        record = provenance.get(KEY)
        if not isinstance(record, Mapping) or record.get("on") not in get_args(_On):
            return None
        tolerance, difference = record.get("tolerance"), record.get("difference")
        return cls(
            record["on"],
            float(difference) if isinstance(difference, float | int) else None,
            float(tolerance) if isinstance(tolerance, float | int) else 0.0,
            str(record.get("why", "")),
        )

    def __str__(self) -> str:
        if self.on == "item":
            return "depend on their item alone"
        if self.difference is None:
            return f"may depend on their batch: an item alone could not be run ({self.why})"
        return (
            f"{_SAID[self.on]} differ by {self.difference:.1%} of a row's length (rounding: at most "
            f"{self.tolerance:.1g})"
        )


def tolerance_of(dtype: str) -> float:
    """The largest difference that passes for rounding: half of the digits of the computation.

    Kernels add in another order for another size of the batch, and deep networks amplify that. The square
    root of the machine epsilon is 3·10⁻⁴ for float32, .03 for float16 and .09 for bfloat16.
    """
    import torch

    return math.sqrt(torch.finfo(getattr(torch, dtype)).eps)


def try_rows(
    run: Callable[[Sequence[Decoded], int], Rows], batch: Sequence[Decoded], tolerance: float
) -> dict[str, Dependence]:
    """Run two items together under two seeds, then each alone: four small forward passes.

    Args:
        run: rows of every set for some items, under a seed by its number.
        batch: items of one shape; the first two are used, or the only one, of which only chance is tried.
        tolerance: see :func:`tolerance_of`.

    Returns:
        By set, what its rows depend on. Rows that are not finite say nothing: they pass.

    Raises:
        ModelError: the two cannot be run.
    """
    pair = batch[:PAIR]
    together, again = run(pair, 0), run(pair, 1)
    found = {}
    for name, (rows, _) in together.items():
        apart = _difference(rows, again[name][0])
        found[name] = Dependence("chance" if apart > tolerance else "item", apart, tolerance)
    if len(pair) < PAIR or all(one.on == "chance" for one in found.values()):
        return found
    try:
        alone = [run([one], 0) for one in pair]
    except BatchTooLargeError:
        raise
    except ModelError as error:
        return {
            name: one if one.on == "chance" else Dependence("batch", None, tolerance, error.got)
            for name, one in found.items()
        }
    for name, (rows, _) in together.items():
        if found[name].on == "item":
            apart = _difference(rows, np.concatenate([each[name][0] for each in alone]))
            found[name] = Dependence("batch" if apart > tolerance else "item", apart, tolerance)
    return found


def _difference(rows: NDArray[Any], others: NDArray[Any]) -> float:
    """The largest distance between rows that should be equal, over the root mean square of their lengths."""
    if rows.shape != others.shape:
        return float("inf")
    first, second = (array.astype(np.float64) for array in (rows, others))
    finite = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    first, second = first[finite], second[finite]
    scale = (
        float(np.sqrt(((first**2).sum(axis=1).mean() + (second**2).sum(axis=1).mean()) / 2))
        if len(first)
        else 0.0
    )
    if not scale:
        return 0.0
    return float(np.sqrt(((first - second) ** 2).sum(axis=1)).max() / scale)
