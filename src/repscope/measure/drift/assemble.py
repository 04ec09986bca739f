"""Series from the sums and readings of the two passes: centre, spread, axes, ranks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import Difference, Estimate, Replicates, Undefined
from repscope.measure.core.resample import estimate_replicates, q_values
from repscope.measure.drift.centres import movement, split_floor
from repscope.measure.drift.changepoint import change_point
from repscope.measure.drift.frame import DriftFrame
from repscope.measure.drift.infos import READ
from repscope.measure.drift.logs import exponential, log_replicates
from repscope.measure.drift.margins import CENTRE
from repscope.measure.drift.readings import Readings
from repscope.measure.drift.records import Axis, Move, PairChange, Series, Turn
from repscope.measure.drift.series import replicate_series, table_series
from repscope.measure.drift.sums import StageSums
from repscope.measure.drift.tails import tails
from repscope.measure.geometry.calibration import gaussian_bands
from repscope.measure.geometry.spectrum import RANKS, rank_replicates

PERSISTENCE = "drift.persistence"
FIRST = "the first stage is where the distance starts"

Found = tuple[dict[str, Series], dict[str, str]]


def moves_with_q(moves: Sequence[Move]) -> list[Move]:
    """The moves with q-values over all of them."""
    q = q_values([move.p for move in moves])
    return [replace(move, q=value) for move, value in zip(moves, q, strict=True)]


def surely_moved(move: Move, alpha: float) -> bool:
    """The centre moved by more than noise, so that the move has a direction."""
    return move.p is not None and move.p <= alpha and (move.distance.low or 0.0) > 0


def centre(frame: DriftFrame, sums: StageSums, moves: Sequence[Move], shuffled: StageSums | None) -> Series:
    """``drift.centre``: the distance from the first stage at each stage; pairs are the moves."""
    by_pair = {(move.first, move.second): move for move in moves}
    later = range(1, len(frame.stages))
    values = [Estimate(None, n=frame.n_clusters, why=FIRST), *(by_pair[0, stage].distance for stage in later)]
    samples: list[Replicates | None] = [None]
    for stage in later:
        roots = np.sqrt(np.maximum(movement(sums, (0, stage)).inner, 0.0))
        samples.append(Replicates(float(roots[0]), roots[1:], frame.n))
    pairs = [PairChange(move.first, move.second, _as_difference(move)) for move in moves]
    point = change_point(samples, frame.positions, resamples=frame.resamples, seed=frame.seed + 5)
    chance = None
    if shuffled is not None:
        plain = [movement(shuffled, (0, stage)).plain[0] for stage in later]
        chance = (None, *(float(np.sqrt(max(squared, 0.0))) for squared in plain))
    return Series(
        CENTRE,
        tuple(values),
        tuple(pairs),
        "difference",
        point,
        floor=split_floor(sums),
        shuffled=chance,
        samples=tuple(samples),
    )


def _as_difference(move: Move) -> Difference:
    way = move.distance
    return Difference(
        way.value, way.low, way.high, way.level, way.n, f"{way.method}; sign-flip p", move.p, None, way.why
    )


def persistence(turns: Sequence[Turn], stages: int) -> dict[str, Series]:
    """``drift.persistence`` at the interior stages; nothing with two stages."""
    if not turns:
        return {}
    n = turns[0].cosine.n
    ends = Estimate(None, n=n, why="a direction can be kept only between two moves")
    values = [ends] * stages
    for turn in turns:
        values[turn.stage] = turn.cosine
    return {PERSISTENCE: Series(PERSISTENCE, tuple(values))}


def spreads(frame: DriftFrame, sums: StageSums, shuffled: StageSums | None, read: Readings) -> Found:
    """Norm, total spread, spread in cosine, along and across the drift, and along the first stage's axes."""
    undefined = {}
    total = sums.total_spread()
    series = {
        "norm.mean": table_series(frame, "norm.mean", sums.mean_norms(), scale="ratio"),
        "spread.total": table_series(
            frame,
            "spread.total",
            total,
            scale="ratio",
            shuffled=None if shuffled is None else shuffled.total_spread()[0],
        ),
    }
    zero = np.flatnonzero(sums.zeros >= 0)
    if zero.size:
        undefined["spread.cosine"] = (
            f"stage {frame.labels[zero[0]]!r} has a zero vector, which has no direction, in row "
            f"{sums.zeros[zero[0]]}"
        )
    else:
        series["spread.cosine"] = table_series(frame, "spread.cosine", sums.cosine_spread(), scale="ratio")
    if read.along is None:
        why = "the centre did not surely move from first to last, so there is no direction"
        undefined |= {"spread.along": why, "spread.across": why}
    else:
        across = np.maximum(total - read.along, 0.0)
        series["spread.along"] = table_series(frame, "spread.along", read.along, scale="ratio")
        if frame.dimension > 1:
            series["spread.across"] = table_series(frame, "spread.across", across, scale="ratio")
        else:
            undefined["spread.across"] = "one dimension has nothing across"
    if read.axes.shape[2] and (read.axes[:, 0] > 0).all():
        ratios = read.axes / read.axes[:, :1]
        with np.errstate(divide="ignore"):
            mean = np.exp(np.log(ratios).mean(axis=2))
        series["spread.axes"] = table_series(frame, "spread.axes", mean, scale="ratio")
    else:
        undefined["spread.axes"] = "the first stage has no axes with spread on both halves of its items"
    return series, undefined


def far_rows(frame: DriftFrame, radii: Float64) -> dict[str, Series]:
    """``tail.share`` and ``tail.ratio``, from the distance [S, N] of each row to the centre of its stage."""
    samples = tails(frame, radii)
    return {
        "tail.share": replicate_series(frame, "tail.share", samples["tail.share"]),
        "tail.ratio": replicate_series(frame, "tail.ratio", samples["tail.ratio"], scale="ratio"),
    }


def axes(frame: DriftFrame, sums: StageSums, read: Readings) -> tuple[Axis, ...]:
    """Variance along each axis of the first stage, over the stages, as ratios to the first."""
    followed: list[Axis] = []
    base = read.axes[:, 0]
    if not read.axes.shape[2] or not (base > 0).all():
        return ()
    total = sums.total_spread()[0, 0]
    for k in range(read.axes.shape[2]):
        ratios = []
        for stage in range(len(frame.stages)):
            values = read.axes[:, stage, k] / base[:, k]
            sample = Replicates(float(values[0]), values[1:], frame.n)
            logs = log_replicates(sample)
            if logs is None:
                ratios.append(estimate_replicates(sample, frame.n_clusters))
            else:
                ratios.append(exponential(estimate_replicates(logs, frame.n_clusters)))
        followed.append(Axis(float(base[0, k] / total), tuple(ratios)))
    return tuple(followed)


def ranks(frame: DriftFrame) -> Found:
    """The four ranks of the centred rows as given, beside what a Gaussian of the same N and D reads."""
    tables = [rank_replicates(stage, frame.groups, frame.n_groups) for stage in frame.stages]
    bands = gaussian_bands(frame.n, frame.dimension, frame.seed)
    series, undefined = {}, {}
    for name in RANKS:
        samples = [
            table[name] if name in table else Undefined(table.why.get(name, "not defined"))
            for table in tables
        ]
        reasons = [sample.why for sample in samples if isinstance(sample, Undefined)]
        if len(reasons) == len(samples):
            undefined[name] = reasons[0]
            continue
        if frame.n <= frame.dimension:
            note = f"at most N − 1 = {frame.n - 1} with {frame.n:,} rows in {frame.dimension:,} dimensions"
            samples = [
                sample if isinstance(sample, Undefined) else replace(sample, method=note)
                for sample in samples
            ]
        series[name] = replicate_series(frame, name, samples, scale="ratio", gaussian=bands.get(name))
    return series, undefined


def order(names: Iterable[str]) -> list[str]:
    """Names in the order of the documentation, those to real rows after those to the first stage."""
    places = {name: number for number, name in enumerate(READ)}

    def place(name: str) -> tuple[int, str]:
        plain, _, suffix = name.partition("@")
        return places.get(plain, len(places)), suffix

    return sorted(names, key=place)
