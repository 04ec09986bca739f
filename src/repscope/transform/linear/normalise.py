"""The chain z = s · N(N(x) − μ) on which the older diffusion bridges work, and its exact inverse.

Rows are brought to length 1, centred, brought to length 1 again and scaled. Only the length of x is
lost: with d = N(z) and r = −μ·d + √((μ·d)² + 1 − ‖μ‖²), N(x) = μ + r·d, the one point of the unit
sphere that μ sees in the direction d (‖μ‖ < 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import Float64, unit_rows
from repscope.transform.base import Bridge, LearnsFrom
from repscope.transform.inputs import FitData, Floats, Rows
from repscope.transform.linear.affine import taken
from repscope.transform.linear.shift import unit_mean

if TYPE_CHECKING:
    from torch import nn

SCALE = 5.0
"""Length of z in the published bridge; 3 and 7 were tried too."""


@dataclass(frozen=True)
class Chain:
    """The chain of one modality.

    Args:
        mean: [D] μ, shorter than 1.
        scale: s, above 0.
        keep_length: z is longer by the length of x, so that nothing is lost.

    Raises:
        VectorError: a mean that is not [D], not finite, or not shorter than 1.
        InputError: a scale that is not above 0.
    """

    mean: Float64
    scale: float = SCALE
    keep_length: bool = False

    def __post_init__(self) -> None:
        if not (isinstance(self.scale, int | float) and 0 < self.scale < float("inf")):
            raise InputError("a scale above 0", repr(self.scale), "give 3, 5, 7 or another number")
        mean = np.asarray(self.mean, np.float64)
        length = float(np.linalg.norm(mean)) if mean.ndim == 1 else float("nan")
        if not length < 1:
            raise VectorError(
                "a mean of unit rows [D], shorter than 1",
                f"shape {mean.shape}, length {length:.6g}",
                "give rows that do not all point the same way, or the mean of rows of length 1",
            )
        object.__setattr__(self, "mean", mean)

    @classmethod
    def of(cls, rows: Rows, scale: float = SCALE, *, keep_length: bool = False) -> Chain:
        """The chain with the mean of some rows brought to length 1.

        Raises:
            VectorError: a row of zeros, or all rows point the same way.
        """
        return cls(unit_mean(rows), scale, keep_length)

    def enter(self, rows: Floats) -> Floats:
        """[N, D] z of each row; computed in float64, returned in the dtype of the rows.

        Raises:
            VectorError: a row of zeros.
        """
        moved: Float64 = unit_rows(rows) - self.mean
        # A mean shorter than 1 is never on the sphere, so no length is zero.
        moved *= self.scale / np.linalg.norm(moved, axis=1, keepdims=True)
        if self.keep_length:
            moved *= _lengths(rows)
        return moved.astype(rows.dtype, copy=False)

    def leave(self, rows: Floats) -> Floats:
        """[N, D] the rows that have these z, of length 1 unless lengths were kept.

        Raises:
            VectorError: a z of zeros has no direction.
        """
        direction = unit_rows(rows, "z")
        along = (direction @ self.mean)[:, None]
        reach = np.sqrt(np.square(along) + (1.0 - self.mean @ self.mean)) - along
        found: Float64 = self.mean + reach * direction
        if self.keep_length:
            found *= _lengths(rows) / self.scale
        return found.astype(rows.dtype, copy=False)


class Normalise(Bridge):
    """z = s · N(N(x) − μ), invertible up to the length of x.

    The result lies in the chain, centred: it may be compared with rows that went through their own
    chain, never with raw rows. With ``output="target"`` rows leave the chain again with the target's
    mean and lie where raw target rows do.

    Paper:
        Lee et al., "Diffusion Bridge", CVPR 2025. It centres each modality with its own mean
        (``mean="source"``); EZ-HOI centres images with the mean of the texts (``mean="target"``,
        "text-mean-from-both"). Neither publishes the inverse.

    Args:
        scale: length of z.
        mean: of the unit rows of the "source", of the "target", or given as [D].
        output: "chain", or "target" to leave it with the target's mean.
        keep_length: z is longer by the length of x.

    Attributes:
        chain_: the way in.
        out_: the chain by which rows leave, or None.
        label_: which mean was subtracted, in the words of the older systems.
    """

    name: ClassVar[str] = "normalise"
    learns_from: ClassVar[LearnsFrom] = "source"
    invertible: ClassVar[bool] = True
    chain_: Chain
    out_: Chain | None

    def __init__(
        self,
        scale: float = SCALE,
        mean: Literal["source", "target"] | ArrayLike = "source",
        output: Literal["chain", "target"] = "chain",
        keep_length: bool = False,
    ) -> None:
        self.scale = scale
        self.mean = mean
        self.output = output
        self.keep_length = keep_length

    @property
    def label_(self) -> str:
        """ "mean of each modality", "text-mean-from-both" or "given mean"."""
        if not isinstance(self.mean, str):
            return "given mean"
        return "mean of each modality" if self.mean == "source" else "text-mean-from-both"

    @property
    def flops_per_row(self) -> int:
        """Two lengths, two divisions, one difference; as much again to leave the chain."""
        self._check_fitted()
        d = self.n_features_in_
        return 8 * d if self.out_ is None else 17 * d

    def _fit(self, data: FitData) -> None:
        if self.output not in ("chain", "target"):
            raise InputError('the output "chain" or "target"', repr(self.output), "choose one")
        self.chain_ = Chain(self._mean(data), self.scale, self.keep_length)
        self.out_ = None
        if self.output == "target":
            self.out_ = Chain(unit_mean(_target(data)), self.scale, self.keep_length)

    def _mean(self, data: FitData) -> Float64:
        if not isinstance(self.mean, str):
            given = np.asarray(self.mean, np.float64)
            # Files of the older systems hold [1, D].
            given = given[0] if given.ndim == 2 and len(given) == 1 else given
            if given.shape != (data.source.d,):
                raise VectorError(
                    f"a mean of width {data.source.d}",
                    f"shape {given.shape}",
                    "give the mean of this model's rows",
                )
            return given
        if self.mean not in ("source", "target"):
            raise InputError('the mean of "source" or "target", or an array', repr(self.mean), "choose one")
        return unit_mean(data.source if self.mean == "source" else _target(data))

    def _apply(self, rows: Floats) -> Floats:
        moved = self.chain_.enter(rows.astype(np.float64, copy=False))
        if self.out_ is not None:
            moved = self.out_.leave(moved)
        return moved.astype(rows.dtype, copy=False)

    def _unapply(self, rows: Floats) -> Floats:
        moved: Floats = rows.astype(np.float64, copy=False)
        if self.out_ is not None:
            moved = self.out_.enter(moved)
        return self.chain_.leave(moved).astype(rows.dtype, copy=False)

    def _state(self) -> dict[str, NDArray[Any]]:
        state = {"chain_mean": self.chain_.mean}
        return state if self.out_ is None else {**state, "out_mean": self.out_.mean}

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        d = (self.n_features_in_,)
        self.chain_ = Chain(taken(state, "chain_mean", d), self.scale, self.keep_length)
        self.out_ = None
        if self.output == "target":
            self.out_ = Chain(taken(state, "out_mean", d), self.scale, self.keep_length)

    def _module(self) -> nn.Module:
        from repscope.transform.modules import ChainModule

        leave_with = None if self.out_ is None else self.out_.mean
        return ChainModule(
            self.chain_.mean, float(self.scale), keep_length=self.keep_length, leave_with=leave_with
        )


def _target(data: FitData) -> Rows:
    if data.target is None:
        raise InputError(
            "a target whose mean is wanted", "none", "give the set to move towards: --target SET"
        )
    return data.target


def _lengths(rows: Floats) -> Float64:
    found: Float64 = np.linalg.norm(rows.astype(np.float64, copy=False), axis=1, keepdims=True)
    return found
