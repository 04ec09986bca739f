"""The figures of ``training``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.learning.logs.read import group_of
from repscope.learning.logs.roles import is_collapse, level_of
from repscope.learning.logs.series import Series
from repscope.plot.training.curves import MOST, Curve, CurvePanel, plot_curves, plot_gradients
from repscope.text.numbers import p_equation
from repscope.verbs.training.record import ALPHA, TrainingRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = NDArray[np.int64]

DRAWN = 2000
"""Points of a line that are drawn; of more, evenly chosen ones."""

FIGURES = 4
"""Most figures of curves; of more quantities the first."""

LAYERS = 40


def draw(found: TrainingRecord) -> Iterator[tuple[str, Figure]]:
    """Names and figures: curves of all; levels, collapse, momentum and gradients where there are."""
    names = list(dict.fromkeys(one.name for one in found.series))
    panels = [_panel(found, name) for name in names]
    labels = [curve.label for panel in panels for curve in panel.curves]
    said = (
        f"Pale: values as written; dark: their exponential mean without the bias of the start (weight "
        f"{found.smooth:g}). Dotted: the training was continued from there."
    )
    for part in range(0, min(len(panels), FIGURES * MOST), MOST):
        name = "curves" if part == 0 else f"curves.{part // MOST + 1}"
        yield name, plot_curves(panels[part : part + MOST], note=said, labels=labels)
    levels = sorted((level, name) for name in names if (level := level_of(name)) is not None)
    if levels:
        yield "levels", plot_curves([_levels(found, [name for _, name in levels])], note=said)
    told = [name for name in names if is_collapse(name)]
    if told:
        marked = [_panel(found, name, marks=True) for name in told[:MOST]]
        note = "Dashed: the clearest break of a line, where it is clearer than in 95 % of series without one."
        yield "collapse", plot_curves(marked, note=note, labels=labels)
    if found.momentum:
        yield (
            "momentum",
            plot_curves(_momentum(found)[:MOST], note="Beside the cosine schedule between its ends."),
        )
    for at, run in enumerate(dict.fromkeys(one.run for one in found.gradients)):
        own = [one for one in found.gradients if one.run == run][:LAYERS]
        yield (
            "gradients" if at == 0 else f"gradients.{at + 1}",
            plot_gradients(
                [one.name for one in own],
                [one.median for one in own],
                [one.largest for one in own],
                [one.word for one in own],
                title=f"{run}: gradient of each layer over the training",
            ),
        )


def _panel(found: TrainingRecord, name: str, *, marks: bool = False) -> CurvePanel:
    own = [one for one in found.series if one.name == name]
    groups: dict[str, list[Series]] = {}
    for one in own:
        groups.setdefault(group_of(one.run), []).append(one)
    curves: list[Curve] = []
    for group, members in groups.items():
        band = _band(group, members, found.smooth) if len(members) > 1 else None
        curves += [band] if band else [_curve(one, found.smooth) for one in members]
    said = (
        [(one.step, p_equation(one.p)) for one in found.changes if one.name == name and one.p <= ALPHA]
        if marks
        else []
    )
    return CurvePanel(name, curves, said)


def _curve(one: Series, smooth: float, label: str = "") -> Curve:
    keep = _spaced(np.flatnonzero(one.kept))
    return Curve(
        label or one.run,
        one.steps[keep],
        one.values[keep],
        one.smoothed(smooth)[keep],
        restarts=tuple(float(one.steps[start]) for start in one.starts),
    )


def _band(group: str, members: Sequence[Series], smooth: float) -> Curve | None:
    """Mean and range of seeds over the steps that all of them logged; None where there are none."""
    lines = [dict(zip(one.steps[one.kept], one.smoothed(smooth)[one.kept], strict=True)) for one in members]
    steps = np.array(sorted(set(lines[0]).intersection(*lines[1:])))
    if len(steps) < 2:
        return None
    steps = steps[_spaced(np.arange(len(steps)))]
    values = np.array([[line[step] for step in steps] for line in lines])
    return Curve(
        f"{group} ({len(members)} runs: mean, range)",
        steps,
        None,
        values.mean(axis=0),
        values.min(axis=0),
        values.max(axis=0),
    )


def _levels(found: TrainingRecord, names: Sequence[str]) -> CurvePanel:
    run = found.runs[0]
    own = [one for name in names for one in found.series if one.name == name and one.run == run]
    return CurvePanel(
        "loss by level", [_curve(one, found.smooth, f"level {level_of(one.name)}") for one in own]
    )


def _momentum(found: TrainingRecord) -> list[CurvePanel]:
    panels = []
    for about in found.momentum:
        (one,) = [each for each in found.series if (each.run, each.name) == (about.run, about.name)]
        steps, values = one.curve
        share = (steps - steps[0]) / max(steps[-1] - steps[0], 1e-12)
        cosine = about.last - (about.last - about.first) * (1 + np.cos(np.pi * share)) / 2
        keep = _spaced(np.arange(len(steps)))
        panels.append(
            CurvePanel(
                f"{about.run}: {about.name}",
                [
                    Curve("as logged", steps[keep], None, values[keep]),
                    Curve("cosine schedule", steps[keep], None, cosine[keep], dashed=True),
                ],
            )
        )
    return panels


def _spaced(rows: Rows) -> Rows:
    if len(rows) <= DRAWN:
        return rows
    return rows[np.unique(np.linspace(0, len(rows) - 1, DRAWN).round().astype(np.int64))]
