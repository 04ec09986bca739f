"""The figures of ``segment compare``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from repscope.plot.segment.grids import SegmentRow, plot_class_bars, plot_iou_scatter, plot_segment_rows
from repscope.verbs.segment.record import ComparedImage, SegmentRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(found: SegmentRecord, n_best: int, n_worst: int) -> Iterator[tuple[str, Figure]]:
    """Names and figures: best and worst of the second run, most gained and lost, scatter, classes."""
    one, two = (Path(run.run).name or run.run for run in found.runs)
    names = (one, two) if one != two else (f"{one} (first)", f"{two} (second)")
    shown = [image for image in found.images if image.id in found.pictures and image.second.iou is not None]
    # Ties keep the order of the data, so that the same runs give the same rows.
    by_iou = sorted(shown, key=lambda image: -(image.second.iou or 0.0))
    by_gain = sorted(shown, key=lambda image: -image.gain)
    labels = [str(each["label"]) for each in found.classes]
    grids = {
        f"best_results_{found.split}": (by_iou[:n_best], f"The best IoU of {names[1]} first."),
        f"worst_results_{found.split}": (by_iou[::-1][:n_worst], f"The worst IoU of {names[1]} first."),
        "most_gained": (by_gain[:n_best], "The largest gain in IoU first."),
        "most_lost": (by_gain[::-1][:n_worst], "The largest loss in IoU first."),
    }
    for name, (images, note) in grids.items():
        yield name, plot_segment_rows(_rows(found, images), labels, names, note=note)
    pairs = [(image.first.iou, image.second.iou) for image in found.images if image.first.iou is not None]
    yield "scatter", plot_iou_scatter([a or 0.0 for a, _ in pairs], [b or 0.0 for _, b in pairs], names)
    first, second = (
        [np.nan if each["iou"][at] is None else each["iou"][at] for each in found.classes] for at in range(2)
    )
    yield "classes", plot_class_bars(labels, first, second, names)


def _rows(found: SegmentRecord, images: Sequence[ComparedImage]) -> list[SegmentRow]:
    return [
        SegmentRow(
            image.id,
            found.pictures[image.id],
            image.truth,
            *image.masks,
            (image.first.iou, image.second.iou),
            found.codes[image.id][:, :, 0] if image.id in found.codes else None,
        )
        for image in images
    ]
