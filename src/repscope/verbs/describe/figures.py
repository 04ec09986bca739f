"""The figures of a description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from repscope.measure.comparison.classes import ClassValue
from repscope.measure.comparison.describe_arrays import ArrayDescription
from repscope.report.figures import Drawn
from repscope.study import EmbeddingSet, Link
from repscope.verbs.common.class_figure import draw_classes
from repscope.verbs.common.joint_map import MapChoice, map_caption
from repscope.verbs.common.rows import MOST_LABELS, reference_labels

if TYPE_CHECKING:
    from repscope.maps import Projection
    from repscope.plot.base.colouring import Colouring

SPECTRUM_ROWS = 20_000
"""Rows above which no spectrum is drawn: it would cost more than the table."""


def draw(
    arrays: ArrayDescription,
    projection: Projection | None,
    sets: tuple[EmbeddingSet, EmbeddingSet | None],
    rows: Sequence[ClassValue],
    *,
    linked: Link | None,
    choice: MapChoice,
    coloured: Colouring | None = None,
) -> Drawn:
    """Map, distributions, classes and spectrum, as far as these rows have them."""
    from repscope.measure.geometry.one_set import norms
    from repscope.measure.geometry.spectrum import spectrum_rows
    from repscope.plot.compare.geometry import plot_spectrum
    from repscope.plot.describe.stage import plot_stage
    from repscope.plot.maps import plot_map

    drawn, (items, reference), stage = Drawn(), sets, arrays.stage
    if projection is not None:
        few = reference is not None and reference.n <= MOST_LABELS
        axes = plot_map(
            projection, before=items.name, reference=reference.name if reference else None,
            labels=reference_labels(reference, linked) if reference and few else None,
            colours=choice.palette, coloured=coloured, width=5.5,
        )  # fmt: skip
        mapped = {one.name: one for one in sets if one is not None}
        drawn.add("map", axes, map_caption(projection, mapped, choice.colour))
    matched = stage.matched if reference else None
    truth = matched.true[matched.has_truth] if matched is not None and matched.has_truth.any() else None
    drawn.add(
        "distributions",
        plot_stage(
            list(arrays.table.values()),
            cosine_true=truth,
            cosine_max=matched.max if matched is not None else None,
            norm=norms(stage.rows),
            norm_reference=norms(reference.vectors) if reference else None,
            names=(items.name, reference.name if reference else ""),
            units=arrays.clusters,
            colours=choice.palette,
        ),
        "Cosines and lengths as cumulative shares with the band that holds the whole curve in 95 % of "
        "samples, and shares with 95 % intervals beside the controls.",
    )
    draw_classes(drawn, rows, choice.palette)
    if len(stage.unit) <= SPECTRUM_ROWS:
        spectra = [spectrum_rows(one).centred for one in (stage.unit, stage.frame.reference) if len(one)]
        drawn.add(
            "spectrum",
            plot_spectrum(
                spectra[0], None, spectra[1] if reference else None,
                names=(items.name, "", reference.name if reference else ""), colours=choice.palette,
            ),
            "Eigenvalues of the covariance of unit rows, as shares of the variance.",
        )  # fmt: skip
    return drawn
