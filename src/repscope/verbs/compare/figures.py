"""The figures of a comparison, and the coordinates of its map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from repscope.measure.comparison.classes import ClassChange
from repscope.measure.comparison.compare_arrays import ArrayComparison
from repscope.measure.core.stage import Stage
from repscope.report.figures import Drawn
from repscope.study import EmbeddingSet
from repscope.study.links import key_codes
from repscope.verbs.common.class_figure import draw_classes
from repscope.verbs.common.joint_map import MapChoice, map_caption
from repscope.verbs.common.rows import MOST_LABELS, reference_labels
from repscope.verbs.compare.pairing import Paired

if TYPE_CHECKING:
    from repscope.maps import Projection
    from repscope.plot.base.colouring import Colouring

MAP_INCHES = 5.5
MOST_CLASSES = 2000
SPECTRUM_ROWS = 20_000
"""Rows above which no spectrum is drawn: it would cost more than the table."""

Coordinates = tuple[NDArray[np.int64], NDArray[np.float64]]


@dataclass
class DrawnComparison(Drawn):
    """Figures; and ``coordinates``, per stage ("before", "after"), rows and their [n, 2] on the map."""

    coordinates: dict[str, Coordinates] = field(default_factory=dict)


def stage_names(paired: Paired) -> tuple[str, str, str]:
    """Names of the three sets for legends; a set that plays two parts gets the part behind its name."""
    names = (paired.before.name, paired.after.name, paired.reference.name)
    parts = ("before", "after", "reference")
    return tuple(  # type: ignore[return-value]
        name if names.count(name) == 1 else f"{name} ({part})"
        for name, part in zip(names, parts, strict=True)
    )


def draw(
    paired: Paired,
    arrays: ArrayComparison,
    projection: Projection | None,
    change: Mapping[str, Any] | None,
    choice: MapChoice,
    *,
    classes: Sequence[ClassChange] = (),
    coloured: Colouring | None = None,
) -> DrawnComparison:
    """Every figure that these rows have."""
    drawn = DrawnComparison()
    if projection is not None:
        _draw_map(drawn, paired, arrays, projection, choice=choice, coloured=coloured)
    _draw_numbers(drawn, arrays, change, choice)
    draw_classes(drawn, classes, choice.palette)
    if paired.link is not None:
        if choice.method is not None:
            _draw_classes(drawn, paired, arrays, choice)
        _draw_confidence(drawn, arrays, choice)
    return drawn


def spaces_of(paired: Paired) -> list[dict[str, EmbeddingSet]]:
    """The sets of each space by name, items first, where the stages have a reference each."""
    if paired.after_reference is None:
        return []
    before, after, _ = stage_names(paired)
    return [
        {before: paired.before, f"{paired.reference.name} (reference)": paired.reference},
        {after: paired.after, f"{paired.after_reference.name} (reference)": paired.after_reference},
    ]


def draw_apart(
    drawn: DrawnComparison,
    paired: Paired,
    maps: tuple[Projection, Projection],
    choice: MapChoice,
    coloured: Colouring | None,
) -> None:
    """A map of each space in one figure."""
    from repscope.plot.compare.two_spaces import plot_two_maps, turned_onto

    first, second = maps
    second = turned_onto(first, second) if first.joint.shape == second.joint.shape else second
    captions = [
        map_caption(one, sets, choice.colour)
        for one, sets in zip((first, second), spaces_of(paired), strict=True)
    ]
    drawn.add(
        "map",
        plot_two_maps(first, second, colours=choice.palette, coloured=coloured),
        f"Two spaces, so two maps; the second is turned onto the first (Procrustes of the planes), and no "
        f"distance between the panels means anything. Left: {captions[0]} Right: {captions[1]}",
    )
    for stage, one in (("before", first), ("after", second)):
        items = next(iter(one.coordinates))
        drawn.coordinates[stage] = one.rows[items], one.coordinates[items]


def _draw_map(
    drawn: DrawnComparison,
    paired: Paired,
    arrays: ArrayComparison,
    projection: Projection,
    *,
    choice: MapChoice,
    coloured: Colouring | None,
) -> None:
    from repscope.measure.change.displacement import displacement_norm
    from repscope.plot.maps import plot_map

    before, after, reference = stage_names(paired)
    labels = reference_labels(paired.reference, paired.link) if paired.reference.n <= MOST_LABELS else None
    axes = plot_map(
        projection,
        before=before,
        after=after,
        reference=reference,
        labels=labels,
        displacement=displacement_norm(arrays.before.unit, arrays.after.unit),
        colours=choice.palette,
        coloured=coloured,
        width=MAP_INCHES,
    )
    mapped = dict(zip(stage_names(paired), (paired.before, paired.after, paired.reference), strict=True))
    drawn.add("map", axes, map_caption(projection, mapped, choice.colour))
    for stage, name in (("before", before), ("after", after)):
        drawn.coordinates[stage] = projection.rows[name], projection.coordinates[name]


def _draw_numbers(
    drawn: Drawn, arrays: ArrayComparison, change: Mapping[str, Any] | None, choice: MapChoice
) -> None:
    from repscope.measure.geometry.one_set import norms
    from repscope.measure.geometry.spectrum import spectrum_rows
    from repscope.plot.compare.controls import plot_controls
    from repscope.plot.compare.distributions import plot_distributions
    from repscope.plot.compare.geometry import plot_change_shares, plot_spectrum

    before, after = arrays.before, arrays.after
    rows = list(arrays.table.values())
    truth = before.matched.has_truth
    drawn.add(
        "distributions",
        plot_distributions(
            rows,
            cosine_true=(before.matched.true[truth], after.matched.true[truth])
            if before.frame.linked
            else None,
            cosine_max=(before.matched.max, after.matched.max),
            norm=(norms(before.rows), norms(after.rows)),
            norm_reference=norms(arrays.reference) if arrays.spaces == 1 else None,
            units=arrays.clusters,
            colours=choice.palette,
        ),
        "Cosines and norms, shares with 95 % intervals, and differences beside the controls.",
    )
    drawn.add(
        "differences",
        plot_controls(rows),
        "Every difference, after − before, with its 95 % interval and the controls; filled: q < .05.",
    )
    if change is not None and change["shares"] is not None:
        drawn.add(
            "change",
            plot_change_shares({"before to after": change["shares"]}),
            "What the change is made of: shares of the squared displacement, predicted on held-out items.",
        )
    # The spectra of two widths have no one Gaussian beside them.
    if len(before.unit) <= SPECTRUM_ROWS and arrays.spaces == 1:
        spectra = [spectrum_rows(one).centred for one in (before.unit, after.unit, before.frame.reference)]
        drawn.add(
            "spectrum",
            plot_spectrum(*spectra, gaussian=_gaussian_spectrum(*before.unit.shape), colours=choice.palette),
            "Eigenvalues of the covariance of unit rows, as shares of the variance; grey: a Gaussian of the "
            "same number of rows and dimensions.",
        )


def _gaussian_spectrum(n: int, d: int) -> NDArray[np.float64]:
    from repscope.measure.geometry.spectrum import spectrum_rows

    return spectrum_rows(np.random.default_rng(0).standard_normal((n, d), dtype=np.float32)).centred


def _draw_classes(drawn: Drawn, paired: Paired, arrays: ArrayComparison, choice: MapChoice) -> None:
    """Class texts and prototypes, where the reference has one row a class and classes several items."""
    from repscope.maps import project_classes
    from repscope.plot.compare.class_map import plot_class_map

    link = paired.link
    if (
        link is None
        or choice.method is None
        or len(np.unique(link.right)) != len(link.right)
        or (link.right < 0).any()
    ):
        return
    with_items = len(np.unique(link.left[link.left >= 0]))
    if with_items < 3 or 2 * with_items > (link.left >= 0).sum() or len(link.right) > MOST_CLASSES:
        return
    seen, names = _seen(paired, choice.seen), reference_labels(paired.reference, link)
    stages: tuple[tuple[Literal["before", "after"], Stage], ...] = (
        ("before", arrays.before),
        ("after", arrays.after),
    )
    for stage, one in stages:
        class_map = project_classes(
            one.frame.reference, one.unit, link.left, method=choice.method, seed=choice.seed
        )
        drawn.add(
            f"classes_{stage}",
            plot_class_map(
                class_map,
                names=names,
                seen=seen,
                stage=stage,
                colours=choice.palette,
            ),
            f"Class texts and the mean direction of each class's items, {stage}, in one fit.",
        )


def _draw_confidence(drawn: Drawn, arrays: ArrayComparison, choice: MapChoice) -> None:
    from repscope.measure.alignment.confidence import confidence
    from repscope.plot.compare.confidence import plot_confidence

    frame = arrays.before.frame
    stages = [
        confidence(stage.unit, stage.frame.reference, frame.item_keys, frame.reference_keys)  # type: ignore[arg-type]
        for stage in (arrays.before, arrays.after)
    ]
    drawn.add(
        "confidence",
        plot_confidence(*stages, colours=choice.palette),
        f"Prediction confidence and calibration at temperature {stages[0].temperature:g}, and both flips.",
    )


def _seen(paired: Paired, column: str | None) -> NDArray[np.bool_] | None:
    """[M] which classes were seen in training: true, 1, "seen", "train" or "yes" in the column."""
    if column is None:
        return None
    codes, names = key_codes(paired.reference.column(column))
    yes = np.array([name.lower() in ("true", "1", "seen", "train", "yes") for name in names] + [False])
    found: NDArray[np.bool_] = yes[codes]
    return found
