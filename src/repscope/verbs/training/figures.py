"""The figures of ``training``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.learning.logs.gradients import layer_of
from repscope.learning.logs.roles import SETTING, collapse_kind, level_of
from repscope.learning.logs.series import Floats, Series
from repscope.plot.training.curves import MOST, Curve, CurvePanel, Marked, plot_curves
from repscope.plot.training.gradients import plot_gradients
from repscope.text.numbers import p_equation
from repscope.verbs.training.record import TrainingRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWN = 2000
"""Points of a line that are drawn; of more, the least and largest of equal parts: no spike is lost."""

FIGURES = 4
"""Most figures of curves; of more quantities the first."""

COMMON = 0.8
"""Share of the longest run's steps that all seeds must have for a band: it hides nothing that went on."""


def draw(found: TrainingRecord) -> Iterator[tuple[str, Figure, str]]:
    """Names, figures, what each shows: curves; levels, collapse, momentum and gradients where there are."""
    judged = {one.name for one in found.gradients}
    layers = {name for name in _names(found) if (named := layer_of(name)) and named[0] in judged}
    plain = [name for name in _names(found) if name not in layers]
    panels = [panel for name in sorted(plain, key=_is_setting) for panel in _panels(found, name)]
    labels = [curve.label for panel in panels for curve in panel.curves]
    said = _about_lines(found)
    shown = panels[: FIGURES * MOST]
    for part in range(0, len(shown), MOST):
        name = "curves" if part == 0 else f"curves.{part // MOST + 1}"
        more = _left_out(len(panels) - len(shown), "quantities")
        yield name, plot_curves(shown[part : part + MOST], note=said + more, labels=labels), said + more
    levels = _levels(found)
    if levels:
        note = said + _left_out(len(levels) - MOST, "runs")
        yield "levels", plot_curves(levels[:MOST], note=note), note
    searched = [name for name in plain if collapse_kind(name) or name in found.watched]
    told = [panel for name in searched for panel in _panels(found, name, alone=True)]
    if told:
        note = (
            "Dashed, in the colour of its run: the last step before a collapse or another break that the "
            "report lists." + _left_out(len(told) - MOST, "quantities")
        )
        yield "collapse", plot_curves(told[:MOST], note=note), note
    if found.momentum:
        panels = _momentum(found)
        note = "Beside the nearest of the schedules in use." + _left_out(len(panels) - MOST, "runs")
        yield "momentum", plot_curves(panels[:MOST], note=note), note
    for at, run in enumerate(dict.fromkeys(one.run for one in found.gradients)):
        own = [one for one in found.gradients if one.run == run]
        name = "gradients" if at == 0 else f"gradients.{at + 1}"
        note = (
            "Each layer over the training: median and quartiles (thick), mean (cross), largest (bar). "
            "Vanishing: a median below a thousandth of that of the large layers. Exploding: a value above a "
            "thousand times its own median."
        )
        yield name, plot_gradients(own, title=run, note=note), note


def _names(found: TrainingRecord) -> list[str]:
    return list(dict.fromkeys(one.name for one in found.series))


def _is_setting(name: str) -> bool:
    return bool(SETTING.search(name))


def _fewest(found: TrainingRecord) -> float:
    """Values that a smooth curve needs, ten times as many as it averages: on fewer it shows its own delay."""
    return 10 / (1 - found.smooth)


def _as_it_is(found: TrainingRecord, one: Series) -> bool:
    return _is_setting(one.name) or len(one.values) < _fewest(found)


def _left_out(count: int, what: str) -> str:
    return f" {count:,} more {what} are not drawn; --series chooses." if count > 0 else ""


def _about_lines(found: TrainingRecord) -> str:
    if found.smooth == 0:
        return "Values as written. Dotted: the training was continued from there."
    way = (
        "over as many values after as before"
        if found.centred
        else "of each value and those before it, without the bias of the start; a change is followed late"
    )
    return (
        f"Pale: values as written. Dark: their exponential mean (weight {found.smooth:g}) {way}. Settings "
        f"such as the learning rate, and series of fewer than {_fewest(found):.0f} values, are drawn as they "
        "are. Dotted: the training was continued from there."
    )


def _panels(found: TrainingRecord, name: str, *, alone: bool = False) -> Iterator[CurvePanel]:
    """The panel of one quantity; one for each way in which its steps are counted."""
    own = [one for one in found.series if one.name == name]
    units = list(dict.fromkeys(one.unit for one in own))
    for unit in units:
        counted = [one for one in own if one.unit == unit]
        marks = [
            Marked(one.step, p_equation(one.p), one.run)
            for one in found.told
            if alone and one.name == name and one.run in {each.run for each in counted}
        ]
        title = name if len(units) == 1 else f"{name} by {unit}"
        yield CurvePanel(title, list(_curves(found, counted, alone=alone)), marks, unit)


def _curves(found: TrainingRecord, series: Sequence[Series], *, alone: bool = False) -> Iterator[Curve]:
    for group, runs in found.groups.items():
        members = [one for one in series if one.run in runs]
        band = _band(found, group, members) if len(members) > 1 and not alone else None
        yield from [band] if band else [_curve(found, one) for one in members]


def _curve(found: TrainingRecord, one: Series) -> Curve:
    steps, raw, smooth = _drawn_lines(found, one)
    restarts = tuple(float(one.steps[start]) for start in one.starts)
    if _as_it_is(found, one):
        return Curve(one.run, steps, raw, restarts=restarts)
    return Curve(one.run, steps, smooth, [(steps, raw)], restarts=restarts)


def _drawn_lines(found: TrainingRecord, one: Series) -> tuple[Floats, Floats, Floats]:
    """Steps, values and smooth values of what went on, as many as a line needs."""
    kept = np.flatnonzero(one.kept)
    keep = kept[_drawn(one.values[kept])]
    return one.steps[keep], one.values[keep], found.smoothed(one)[keep]


def _band(found: TrainingRecord, group: str, members: Sequence[Series]) -> Curve | None:
    """Mean and range of seeds over their common steps; None where these are too few to stand for the runs."""
    lines = []
    for one in members:
        values = one.values if _as_it_is(found, one) else found.smoothed(one)
        good = one.kept & np.isfinite(values)
        lines.append(dict(zip(one.steps[good].tolist(), values[good].tolist(), strict=True)))
    steps = np.array(sorted(set(lines[0]).intersection(*lines[1:])))
    if len(steps) < max(2, COMMON * max(map(len, lines))):
        return None
    values = np.array([[line[step] for step in steps.tolist()] for line in lines])
    keep = _drawn(values.mean(axis=0))
    steps, values = steps[keep], values[:, keep]
    return Curve(
        f"{group} ({len(members)} runs: mean, range)",
        steps,
        values.mean(axis=0),
        []
        if all(_as_it_is(found, one) for one in members)
        else [_drawn_lines(found, one)[:2] for one in members],
        values.min(axis=0),
        values.max(axis=0),
        tuple(float(one.steps[start]) for one in members for start in one.starts),
    )


def _levels(found: TrainingRecord) -> list[CurvePanel]:
    """One panel a run or group of seeds, with a line a level."""
    names = sorted((level, name) for name in _names(found) if (level := level_of(name)) is not None)
    panels: dict[tuple[str, str], list[Curve]] = {}
    for level, name in names:
        for panel in _panels(found, name):
            for curve in panel.curves:
                panels.setdefault((curve.label, panel.unit), []).append(
                    replace(curve, label=f"level {level}", restarts=())
                )
    return [CurvePanel(label, curves, (), unit) for (label, unit), curves in panels.items()]


def _momentum(found: TrainingRecord) -> list[CurvePanel]:
    """As logged, beside the schedule; seeds that had the same once."""
    whose = {run: group for group, runs in found.groups.items() for run in runs}
    panels: dict[tuple[object, ...], CurvePanel] = {}
    for about in found.momentum:
        (one,) = [each for each in found.series if (each.run, each.name) == (about.run, about.name)]
        steps, values = one.curve
        keep = _drawn(values - about.expected)
        lines = [
            Curve("as logged", steps[keep], values[keep]),
            Curve(f"{about.nearest} schedule", steps[keep], about.expected[keep], dashed=True),
        ]
        same = (whose[about.run], about.name, values.tobytes())
        panels.setdefault(same, CurvePanel(f"{about.run}: {about.name}", lines, (), one.unit))
    return list(panels.values())


def _drawn(values: Floats) -> NDArray[np.int64]:
    """Rows that a line needs: all, or the least and largest of equal parts."""
    count = len(values)
    if count <= DRAWN:
        return np.arange(count)
    filled = np.where(np.isfinite(values), values, 0.0)
    rows = {0, count - 1}
    for part in np.array_split(np.arange(count), DRAWN // 2):
        rows |= {int(part[filled[part].argmin()]), int(part[filled[part].argmax()])}
    return np.array(sorted(rows))
