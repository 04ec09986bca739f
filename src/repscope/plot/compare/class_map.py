"""The map of seen and unseen classes: their texts, and where their items are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, name_some
from repscope.plot.base.frame import axes_width, bare, legend_above, map_axes
from repscope.plot.base.labels import MOST, add_labels
from repscope.plot.base.panels import mark_handle
from repscope.plot.base.style import SINGLE, Mark, palette, styled
from repscope.plot.base.text import note_below, printable
from repscope.plot.maps import WARNING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from repscope.maps.prototypes import ClassMap


def plot_class_map(
    class_map: ClassMap,
    *,
    names: Sequence[object] | None = None,
    seen: NDArray[np.bool_] | None = None,
    stage: Literal["before", "after"] = "before",
    colours: str = "default",
    width: float = SINGLE,
    ax: Axes | None = None,
) -> Axes:
    """Draw class texts as stars and class prototypes as the stage's mark, a line joining those of one class.

    Seen classes are filled, unseen ones hollow. Classes without items have a text and no prototype, and are
    listed under the map.

    Args:
        class_map: from :func:`repscope.maps.prototypes.project_classes`.
        names: [C] of the classes; drawn when there are at most 25.
        seen: [C] whether each class was trained on; None when the question does not arise.
        stage: which stage the prototypes are of.
        colours: name of a palette.
        width: inches, of a new figure.
        ax: where to draw; None makes a figure.

    Returns:
        The axes.

    Raises:
        InputError: ``names`` or ``seen`` are not one for each class.
        UnknownNameError: no such palette.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    marks = palette(colours)
    proto_mark = marks.after if stage == "after" else marks.before
    texts, prototypes = (class_map.projection.coordinates[name] for name in ("text", "prototype"))
    n, classes = len(texts), class_map.prototypes.classes
    for what, values in (("names", names), ("seen", seen)):
        if values is not None and len(values) != n:
            raise InputError(f"one of {what} for each of {n} classes", f"{len(values)}", "pass all of them")
    known = np.ones(n, dtype=bool) if seen is None else np.asarray(seen, dtype=bool)

    entries = [
        (f"class text ({n})", marks.reference, True),
        (f"items' mean ({len(classes)})", proto_mark, True),
    ]
    if seen is not None:
        entries.append((f"hollow: unseen ({int((~known).sum())})", marks.reference, False))
    legend = [text for text, _, _ in entries] + ["same class"]
    notes = [f"{class_map.projection} · {class_map.projection.faithfulness}", WARNING]
    notes += _absent(class_map, names)
    with styled():
        ax = ax or map_axes(width, legend, notes)
        space = axes_width(ax)
        bare(ax)
        ax.add_collection(
            LineCollection(
                list(np.stack([texts[classes], prototypes], axis=1)),
                colors=marks.arrow,
                linewidths=0.7,
                alpha=0.8,
                zorder=2,
                gid="links",
            )
        )
        scale = float(np.clip(20.0 / np.sqrt(n), 0.35, 1.0))
        _points(ax, texts, marks.reference, known, size=80 * scale, gid="text")
        _points(ax, prototypes, proto_mark, known[classes], size=24 * scale, gid="prototype")
        ax.autoscale_view()
        handles = [
            mark_handle(
                mark, size=8 if mark.marker == "*" else 5, color=mark.colour if filled else "white",
                markeredgecolor=_edge(mark), markeredgewidth=0.6,
            )
            for _, mark, filled in entries
        ]  # fmt: skip
        legend_above(ax, [*handles, Line2D([], [], color=marks.arrow, linewidth=0.8)], legend, space)
        note_below(ax, notes, space)
        if names is not None and n <= MOST:
            add_labels(ax, texts, names, avoid=prototypes)
    return ax


def _edge(mark: Mark) -> str:
    return mark.line if mark.edge == "none" else mark.edge


def _points(
    ax: Axes, points: NDArray[np.float64], mark: Mark, filled: NDArray[np.bool_], *, size: float, gid: str
) -> None:
    for chosen, face, suffix in ((filled, mark.colour, "seen"), (~filled, "white", "unseen")):
        if chosen.any():
            ax.scatter(
                points[chosen, 0],
                points[chosen, 1],
                s=size,
                c=face,
                marker=mark.marker,
                edgecolors=_edge(mark),
                linewidths=0.6,
                zorder=3 if mark.marker == "*" else 4,
                gid=f"{gid}-{suffix}",
            )


def _absent(class_map: ClassMap, names: Sequence[object] | None) -> list[str]:
    """Classes that have no prototype, in words."""
    made, notes = class_map.prototypes, []
    for classes, why in (
        (made.missing, "Without items"),
        (made.cancelled, "With items whose directions cancel"),
    ):
        if classes:
            called = [printable(names[number]) if names is not None else str(number) for number in classes]
            of = f"{why}, so without a mean, {len(classes)} of {len(made.counts)} classes"
            notes.append(f"{of}: {name_some(called, 12)}.")
    return notes
