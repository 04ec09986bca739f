"""What ``landscape`` found, as a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.text.numbers import significant

SCHEMA = "repscope.landscape/1"


@dataclass(frozen=True)
class LandscapeRecord:
    """The loss on a plane through the trained weights.

    Attributes:
        model: as it was named.
        xs, ys: coordinates along the first and the second direction.
        losses: [len(ys), len(xs)].
        directions: "random" or "pca".
        cosine: between the directions.
        curvature: second difference at the middle, along each direction.
        explained: of pca, the share of the trajectory in each direction.
        path: [K, 2] of pca, the checkpoints on the plane.
        notes: what a reader should know.
        replay: the command that repeats it; "" where there is none.
    """

    model: str
    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    losses: NDArray[np.float64]
    directions: str
    cosine: float
    curvature: tuple[float, float]
    explained: tuple[float, float] | None = None
    path: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    replay: str = ""

    @property
    def centre(self) -> float:
        """The loss of the trained weights."""
        return float(self.losses[self.ys == 0][:, self.xs == 0][0, 0])

    @property
    def lowest(self) -> tuple[float, float, float]:
        """Coordinates and loss of the lowest cell that is a number."""
        finite = np.where(np.isfinite(self.losses), self.losses, np.inf)
        row, column = divmod(int(finite.argmin()), len(self.xs))
        return float(self.xs[column]), float(self.ys[row]), float(self.losses[row, column])

    def to_json(self) -> dict[str, Any]:
        """As JSON values; cells that are no number are null."""
        x, y, loss = self.lowest
        return {
            "schema": SCHEMA,
            "model": self.model,
            "grid": len(self.xs),
            "x": self.xs.tolist(),
            "y": self.ys.tolist(),
            "losses": [[_plain(loss) for loss in row] for row in self.losses.tolist()],
            "centre": _plain(self.centre),
            "lowest": {"x": x, "y": y, "loss": loss},
            "curvature": [_plain(one) for one in self.curvature],
            "not_finite": int((~np.isfinite(self.losses)).sum()),
            "directions": self.directions,
            "cosine": self.cosine,
            "explained": list(self.explained) if self.explained else None,
            "path": None if self.path is None else self.path.tolist(),
            "notes": list(self.notes),
            "replay": self.replay,
        }

    def lines(self) -> Sequence[str]:
        """For a person."""
        x, y, lowest = self.lowest
        finite = self.losses[np.isfinite(self.losses)]
        bends = " and ".join(significant(one) for one in self.curvature)
        lines = [
            f"loss of the trained weights  {significant(self.centre, 5)}",
            f"lowest cell                  {significant(lowest, 5)} at ({x:.3g}, {y:.3g})",
            f"highest cell                 {significant(float(finite.max()), 5)}",
            f"curvature                    {bends}",
        ]
        if bad := int((~np.isfinite(self.losses)).sum()):
            lines.append(f"cells that are no number     {bad:,} of {self.losses.size:,}")
        if self.explained is not None:
            lines.append(f"of the path, on the plane    {sum(self.explained):.1%}")
        return lines


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None
