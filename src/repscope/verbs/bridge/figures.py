"""The figures of a report of bridges."""

from __future__ import annotations

from repscope.plot.bridge.effect import plot_bridge_effect
from repscope.plot.bridge.entry_time import EntryPoint, plot_bridge_entry_time
from repscope.plot.bridge.methods import MethodPoint, plot_bridge_methods
from repscope.report.figures import Drawn
from repscope.study.names import safe_name
from repscope.verbs.bridge.record import BridgesRecord, EntryTime, MethodResult


def draw_bridges(record: BridgesRecord, *, palette: str = "default") -> Drawn:
    """``bridge_methods``, ``bridge_entry_time`` where there is one, and ``bridge_effect`` of every bridge.

    Raises:
        UnknownNameError: no such palette.
    """
    drawn = Drawn()
    parts = [(part.name, [_point(one) for one in part.methods]) for part in record.parts]
    if any(point.gain.value is not None for _, points in parts for point in points):
        drawn.add(
            "bridge_methods",
            plot_bridge_methods(parts, colours=palette),
            "Gain in top1.true with its 95 % interval, against what was lost: effective rank and nearest "
            "neighbours. Up is better, right is less lost; hollow marks warn that they cannot be trusted at "
            "this number of rows.",
        )
    for sweep in record.entry:
        one_sweep = len(record.entry) == 1
        name = "bridge_entry_time" if one_sweep else f"bridge_entry_time-{sweep.part}-{sweep.label}"
        drawn.add(
            safe_name(name),
            plot_bridge_entry_time(_entry_points(sweep), sweep.steps, colours=palette),
            f"{sweep.label}, {sweep.part} rows, at several times of entry: truths found beside max-cosine, "
            "and what is kept of rank and neighbours; above, the verdicts.",
        )
    effects = [
        (part, one, one.arrays) for part in record.parts for one in part.methods if one.arrays is not None
    ]
    for part, one, arrays in effects:
        name = "bridge_effect" if len(effects) == 1 else f"bridge_effect-{part.name}-{one.label}"
        drawn.add(
            safe_name(name),
            plot_bridge_effect(arrays, names=(record.source, one.label), colours=palette),
            f"What {one.label} did to the {part.name} rows: cosines to the nearest and to the true row, "
            "lengths, each item before against after, and predictions that changed, both ways.",
        )
    return drawn


def _point(one: MethodResult) -> MethodPoint:
    gain = one.measures["top1.true"].difference
    return MethodPoint(
        one.label,
        one.learns_from,
        gain,
        one.rank_kept,
        one.neighbours["knn.recall"],
        not one.warnings,
    )


def _entry_points(sweep: EntryTime) -> list[EntryPoint]:
    return [
        EntryPoint(time, table["top1.true"], table["cosine.max"], table["rank.entropy"], kept, word)
        for time, table, kept, word in zip(
            sweep.times, sweep.results, sweep.neighbours, sweep.words, strict=True
        )
    ]
