"""How well masks agree: IoU, Dice, boundary IoU and pixel accuracy, over the classes that are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.text.json_record import JsonRecord

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

BAND = 0.02
"""Width of the boundary, as a share of the image's diagonal (Cheng et al., CVPR 2021)."""


@dataclass(frozen=True)
class Agreement(JsonRecord):
    """Of a predicted mask with the true one.

    A class counts where it is in the truth or in the prediction; a perfect prediction reads 1 throughout.

    Attributes:
        iou, dice, boundary: means over those classes; None where every pixel is ignored.
        accuracy: share of the pixels.
        classes: [K] IoU of each class, NaN where it is in neither.
    """

    iou: float | None
    dice: float | None
    boundary: float | None
    accuracy: float | None
    classes: Floats

    def to_json(self) -> dict[str, Any]:
        """As JSON values, without the classes."""
        return {"iou": self.iou, "dice": self.dice, "boundary_iou": self.boundary, "accuracy": self.accuracy}


def agreement(truth: Labels, predicted: Labels, classes: int) -> Agreement:
    """Compare two masks [H, W].

    Args:
        truth: class of each pixel, from 0; negative where it is ignored.
        predicted: likewise, without ignored ones.
        classes: how many there are.

    Raises:
        InputError: masks of two sizes, or a class beyond ``classes``.
    """
    if truth.shape != predicted.shape:
        raise InputError("masks of one size", f"{truth.shape} and {predicted.shape}", "resize the prediction")
    if max(int(truth.max(initial=0)), int(predicted.max(initial=0))) >= classes:
        raise InputError(
            f"classes 0 to {classes - 1}", f"{max(truth.max(), predicted.max())}", "name them all"
        )
    counted = truth >= 0
    if not counted.any():
        return Agreement(None, None, None, None, np.full(classes, np.nan))
    both = _confusion(truth[counted], predicted[counted], classes)
    hits, ours, theirs = np.diag(both).astype(float), both.sum(axis=0), both.sum(axis=1)
    there = (ours + theirs) > 0
    union = ours + theirs - hits
    iou = np.where(there, hits / np.maximum(union, 1), np.nan)
    dice = 2 * hits[there] / (ours + theirs)[there]
    edges = [_edge_iou(truth == one, predicted == one, counted) for one in np.flatnonzero(there)]
    return Agreement(
        float(np.nanmean(iou)),
        float(dice.mean()),
        float(np.mean(edges)),
        float(hits.sum() / counted.sum()),
        iou,
    )


def confusion(truth: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """[K, K] pixels by true class (rows) and predicted class, ignored ones left out."""
    counted = truth >= 0
    return _confusion(truth[counted], predicted[counted], classes)


def _confusion(truth: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)


def _edge_iou(truth: NDArray[np.bool_], predicted: NDArray[np.bool_], counted: NDArray[np.bool_]) -> float:
    own, other = _band(truth) & counted, _band(predicted) & counted
    union = (own | other).sum()
    return float((own & other).sum() / union) if union else 1.0


def _band(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of a mask near its outline; outside the picture there is no mask."""
    from scipy.ndimage import distance_transform_cdt

    width = max(1, round(BAND * float(np.hypot(*mask.shape))))
    padded = np.pad(mask, 1)
    far = distance_transform_cdt(padded, metric="chessboard")[1:-1, 1:-1]
    return np.asarray(mask & (far <= width))
