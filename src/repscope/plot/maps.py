"""The map of before, after and reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, LinkError, UnknownNameError
from repscope.maps.joining import sample_rows
from repscope.plot.base.colouring import Colouring
from repscope.plot.base.frame import axes_width, bare, legend_above, map_axes
from repscope.plot.base.labels import MOST, add_labels
from repscope.plot.base.panels import mark_handle
from repscope.plot.base.style import GREY, SINGLE, Mark, Palette, palette, styled
from repscope.plot.base.text import folded, note_below, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from repscope.maps.fit import Projection

ARROWS = 50
"""Most arrows on a map: more hide what they should show."""

SHORT = 3.0
"""Points of length below which an arrow is a dot."""

MAX_POINTS = 10_000
RASTERISE = 5000

WARNING = "Distances on this map are not distances in space."


def plot_map(
    projection: Projection,
    *,
    before: str,
    after: str | None = None,
    reference: str | None = None,
    labels: Sequence[object] | None = None,
    displacement: NDArray[np.floating] | None = None,
    arrows: int = ARROWS,
    colours: str = "default",
    coloured: Colouring | None = None,
    max_points: int = MAX_POINTS,
    width: float = SINGLE,
    ax: Axes | None = None,
    as_after: bool = False,
) -> Axes:
    """Draw a joint map: before as circles, after as triangles, the reference as stars, arrows between.

    Faithfulness, the rule of the arrows, and any sampling stand under the map.

    Args:
        projection: from :func:`repscope.maps.fit.project`; further sets in it are drawn too.
        before: name of the set before.
        after: name of the set after; row i must be the same item as row i of ``before``.
        reference: name of the set that both are measured against.
        labels: one name for each row of the whole reference set; drawn when it has at most 25 points.
        displacement: one number for each row of the whole ``before`` set: how far the item moved in the
            original space. Arrows are then spread evenly over its quantiles; without it over the order of
            the rows.
        arrows: how many, 0 to 50.
        colours: name of a palette, "default" or "classic".
        coloured: colours of single points, by a column; the shapes still tell the sets apart.
        max_points: points drawn of each set; a seeded sample of more.
        width: inches, of a new figure.
        ax: where to draw; None makes a figure (``.figure`` of what is returned).
        as_after: the first set is a stage after, on a map of its own, and looks so.

    Returns:
        The axes.

    Raises:
        UnknownNameError: a set is not in the projection, or no such palette.
        LinkError: before and after do not hold the same rows.
        InputError: more than 50 arrows, or arrays of other lengths than the sets.
    """
    marks = palette(colours)
    if as_after:
        marks = replace(marks, before=marks.after)
    roles = _roles(projection, before, after, reference, marks)
    if not 0 <= arrows <= ARROWS:
        raise InputError(f"0 to {ARROWS} arrows", str(arrows), "more would hide the map")
    if after is not None and not np.array_equal(projection.rows[before], projection.rows[after]):
        raise LinkError(
            f"the same items in {before!r} and {after!r}",
            f"{len(projection.rows[before]):,} and {len(projection.rows[after]):,} other rows",
            "link the stages first, or draw the second as a set of its own",
        )
    with styled():
        shown = {
            name: sample_rows(len(points), max_points, projection.seed)
            for name, points in projection.coordinates.items()
        }
        chosen, rule = _arrow_rows(
            projection,
            before,
            shown[before],
            displacement=displacement,
            arrows=0 if after is None else arrows,
        )
        if after is not None and len(chosen):
            rule += _short(
                projection, projection.coordinates[before], projection.coordinates[after], chosen, width
            )
        notes = [f"{projection} · {projection.faithfulness}", WARNING, rule, _sampled(projection, shown)]
        notes += [coloured.rule] if coloured else []
        step = (
            f"{printable(before, 24)} → {printable(after, 24)}" if after is not None and len(chosen) else ""
        )
        entries = _entries(roles, projection, marks, coloured, step)
        ax = ax or map_axes(width, [text for text, _ in entries], notes)
        space = axes_width(ax)
        bare(ax)
        for name, mark in roles.items():
            points = projection.coordinates[name][shown[name]]
            own = coloured.colours.get(name) if coloured else None
            tint = mark.colour if own is None else own[projection.rows[name][shown[name]]]
            _scatter(ax, name, points, mark, tint, above=name == reference and len(points) <= 500)
        if len(chosen) and after is not None:
            _arrows(ax, projection.coordinates[before][chosen], projection.coordinates[after][chosen], marks)
        legend_above(ax, [handle for _, handle in entries], [text for text, _ in entries], space)
        note_below(ax, notes, space)
        if labels is not None and reference is not None:
            _name_reference(ax, projection, reference, labels)
    return ax


def _roles(
    projection: Projection, before: str, after: str | None, reference: str | None, marks: Palette
) -> dict[str, Mark]:
    """Name → mark, in the order of drawing: further sets, before, after, reference."""
    given = {before: marks.before}
    if after is not None:
        given[after] = marks.after
    if reference is not None:
        given[reference] = marks.reference
    absent = [name for name in given if name not in projection.coordinates]
    if absent:
        raise UnknownNameError(
            "sets of the projection",
            ", ".join(map(repr, absent)),
            f"choose among {', '.join(projection.coordinates)}",
        )
    rest = [name for name in projection.coordinates if name not in given]
    if len(rest) > len(marks.others):
        raise InputError(
            f"at most {len(marks.others)} sets besides before, after and reference",
            str(len(rest)),
            "draw fewer sets on one map",
        )
    return {**dict(zip(rest, marks.others, strict=False)), **given}


def _arrow_rows(
    projection: Projection,
    before: str,
    drawn: NDArray[np.int64],
    *,
    displacement: NDArray[np.floating] | None,
    arrows: int,
) -> tuple[NDArray[np.int64], str]:
    """Which of the drawn items get an arrow, and the rule in words."""
    if arrows == 0:
        return np.empty(0, np.int64), ""
    order = np.arange(len(drawn))
    manner = "evenly spaced rows"
    if displacement is not None:
        moved = np.asarray(displacement, dtype=np.float64)
        most = int(projection.rows[before].max())
        if moved.ndim != 1 or len(moved) <= most:
            raise InputError(
                f"a displacement for each row of {before!r}, at least {most + 1:,}",
                f"shape {moved.shape}",
                "measure it on the whole set",
            )
        order = np.argsort(moved[projection.rows[before][drawn]], kind="stable")
        manner = "evenly spaced by how far they moved in space"
    places = np.unique(np.linspace(0, len(order) - 1, min(arrows, len(order))).round().astype(np.int64))
    some = f"{len(places)} of {len(order):,} items, {manner}"
    return drawn[order[places]], f"Arrows: {'every item' if len(places) == len(order) else some}."


def _sampled(projection: Projection, shown: dict[str, NDArray[np.int64]]) -> str:
    parts = [
        f"{len(rows):,} of {len(projection.coordinates[name]):,} points of {printable(name)}"
        for name, rows in shown.items()
        if len(rows) < len(projection.coordinates[name])
    ]
    return f"Drawn: a random {', '.join(parts)}." if parts else ""


def _scatter(
    ax: Axes,
    name: str,
    points: NDArray[np.float64],
    mark: Mark,
    tint: str | NDArray[np.str_],
    *,
    above: bool,
) -> None:
    n = len(points)
    star = mark.marker == "*"
    size = np.clip(420 / n**0.5, 7, 75) if star else np.clip(250 / np.sqrt(n), 2.0, 22)
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=float(size),
        c=tint,
        marker=mark.marker,
        edgecolors=mark.edge,
        linewidths=0.5 if n <= 100 else 0.25,
        alpha=1.0 if star and n <= 500 else float(np.clip(3.2 * n**-0.25, 0.25, 0.85)),
        zorder=4 if above else 3,
        rasterized=n > RASTERISE,
        label=name,
        gid=name,
    )


def _arrows(ax: Axes, start: NDArray[np.float64], end: NDArray[np.float64], marks: Palette) -> None:
    step = end - start
    ax.quiver(
        start[:, 0],
        start[:, 1],
        step[:, 0],
        step[:, 1],
        angles="xy",
        scale_units="xy",
        scale=1.0,
        units="inches",
        width=0.008,
        headwidth=5,
        headlength=6,
        headaxislength=5,
        minlength=0.5,
        color=marks.arrow,
        alpha=0.85,
        zorder=3.5,
        gid="arrows",
    )


def _entries(
    roles: Mapping[str, Mark],
    projection: Projection,
    marks: Palette,
    coloured: Colouring | None,
    step: str,
) -> list[tuple[str, Any]]:
    """Words and handles of the legend: the sets, the colours of single points, the step of the arrows."""
    from matplotlib.lines import Line2D

    entries: list[tuple[str, Any]] = []
    for name, mark in roles.items():
        colour = GREY if coloured and name in coloured.colours else mark.colour
        handle = mark_handle(
            mark, size=8 if mark.marker == "*" else 5, color=colour, markeredgecolor=mark.edge,
            markeredgewidth=0.5 if mark.edge != "none" else 0.0,
        )  # fmt: skip
        entries.append((folded(f"{printable(name, 80)} ({len(projection.coordinates[name]):,})"), handle))
    for words, colour in coloured.legend if coloured else ():
        entries.append((words, Line2D([], [], linestyle="", marker="s", markersize=4.5, color=colour)))
    if step:
        entries.append((step, Line2D([], [], color=marks.arrow, linewidth=1.0, marker=">", markersize=3)))
    return entries


def _short(
    projection: Projection,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    chosen: NDArray[np.int64],
    width: float,
) -> str:
    """How many arrows are too short to be seen, at the size that the map will have."""
    joint = projection.joint
    points = 72 * width / (1.12 * float(np.ptp(joint, axis=0).max() or 1.0))
    lengths = np.linalg.norm(end[chosen] - start[chosen], axis=1) * points
    count = int((lengths < SHORT).sum())
    return f" {count} of these arrows {'is' if count == 1 else 'are'} too short to be seen." if count else ""


def _name_reference(ax: Axes, projection: Projection, reference: str, labels: Sequence[object]) -> None:
    points, rows = projection.coordinates[reference], projection.rows[reference]
    if len(labels) <= int(rows.max()):
        raise InputError(
            f"a label for each row of {reference!r}, at least {int(rows.max()) + 1:,}",
            f"{len(labels):,}",
            "pass the labels of the whole set",
        )
    if len(points) <= MOST:
        add_labels(ax, points, [labels[row] for row in rows])
