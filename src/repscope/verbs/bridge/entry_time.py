"""The time of entry of a diffusion bridge, swept: where it starts to help, and where it forgets the item."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.verbs.bridge.evaluation import Evaluation, evaluate_rows, neighbours_kept
from repscope.verbs.bridge.record import EntryTime
from repscope.verbs.common.holdout import Index, LinkedSets

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

ENTRY = "entry_time"
"""The parameter of a bridge that rows enter at a time of its schedule by."""

STEPS = "timesteps"
"""The parameter that says how many steps the schedule has."""

SAMPLING = "sampling_steps"
"""The parameter that says in how many steps a row comes back; never more than it entered at."""

SHARES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Times of entry of the default sweep, as shares of the schedule."""

MEASURES = ("mrr.true", "top1.true", "cosine.max", "rank.entropy", "spread.cosine")

Floats = NDArray[np.floating[Any]]


def entry_times_of(bridge: Bridge, wanted: Sequence[int] | None) -> tuple[int, ...]:
    """Times to sweep; () for a bridge without a time of entry.

    Raises:
        InputError: a time beyond the schedule.
    """
    params = bridge.get_params(deep=False)
    if ENTRY not in params or (wanted is not None and not wanted):
        return ()
    steps = int(params[STEPS])
    if wanted is None:
        return tuple(sorted({max(1, round(share * steps)) for share in SHARES}))
    outside = [time for time in wanted if not 1 <= time <= steps]
    if outside:
        raise InputError(
            f"times of entry from 1 to {steps}", ", ".join(map(str, outside)), "choose times in the schedule"
        )
    return tuple(sorted(set(wanted)))


@contextlib.contextmanager
def entering_at(bridge: Bridge, time: int | None) -> Iterator[None]:
    """Let rows enter at another time; the weights stay."""
    if time is None:
        yield
        return
    params = bridge.get_params(deep=False)
    before = {name: params[name] for name in (ENTRY, SAMPLING)}
    bridge.set_params(**{ENTRY: time, SAMPLING: min(before[SAMPLING], time)})
    try:
        yield
    finally:
        bridge.set_params(**before)


def sweep_entry(
    sets: LinkedSets,
    rows: Index,
    bridge: Bridge,
    predict: Callable[[int], Floats],
    times: Sequence[int],
    *,
    labels: tuple[str, str],
    evaluation: Evaluation,
) -> EntryTime:
    """Judge one bridge at several times of entry, on the same rows.

    Args:
        sets: the sets.
        rows: [n] held-out rows.
        bridge: for the length of its schedule.
        predict: gives [n, E] moved rows for a time.
        times: of entry.
        labels: of the bridge and of the part.
        evaluation: seed and resamples.
    """
    tables, kept, words = [], [], []
    how = Evaluation(MEASURES, evaluation.seed, evaluation.resamples)
    for time in times:
        arrays = evaluate_rows(sets, rows, predict(time), how)
        tables.append({name: arrays.table[name] for name in MEASURES if name in arrays.table})
        kept.append(neighbours_kept(arrays)["knn.recall"])
        words.append(arrays.verdict.word)
    return EntryTime(
        label=labels[0],
        part=labels[1],
        steps=int(bridge.get_params(deep=False)[STEPS]),
        times=tuple(times),
        results=tuple(tables),
        neighbours=tuple(kept),
        words=tuple(words),
    )
