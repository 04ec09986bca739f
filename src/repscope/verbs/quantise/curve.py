"""Distortion against bits: smaller quantisers of the same method, on the same rows."""

from __future__ import annotations

from collections.abc import Callable
from math import log2
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.codes.gaussian_bound import gaussian_distortion
from repscope.study import EmbeddingSet
from repscope.verbs.bridge.fit import fit_rows
from repscope.verbs.bridge.params import make_bridge
from repscope.verbs.common.holdout import LinkedSets, Split
from repscope.verbs.quantise.distances import mean_distance, over, squared_distances
from repscope.verbs.quantise.record import CurvePoint
from repscope.verbs.quantise.settings import Settings, settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def curve_settings(
    chosen: Settings,
    codebook: int,
    quantizers: int | None,
    *,
    codebooks: tuple[int, ...],
    bottlenecks: tuple[int, ...],
    params: Mapping[str, Any] | None,
) -> list[Settings]:
    """The quantisers of a curve, from few bits to many within each bottleneck.

    Raises:
        InputError: bottlenecks of lfq, which has one axis a bit; sizes that the method does not have.
    """
    sizes = codebooks or tuple(sorted({codebook, *(4**i for i in range(1, 12) if 4**i < codebook)}))
    if chosen.method == "lfq" and bottlenecks:
        raise InputError("no --bottlenecks for lfq, which has one axis a bit", "some", "leave them out")
    widths: tuple[int | None, ...] = bottlenecks
    if not widths:
        free = chosen.method in ("fsq", "lfq")
        widths = (None,) if free or chosen.bottleneck is None else (chosen.bottleneck,)
    return [settings(chosen.method, size, width, quantizers, params) for width in widths for size in sizes]


def rate_distortion(
    wanted: list[Settings],
    sets: LinkedSets,
    split: Split,
    applied: EmbeddingSet,
    *,
    judged: NDArray[np.bool_],
    clusters: NDArray[np.int64],
    spectrum: NDArray[np.float64],
    resamples: int,
    seed: int,
    tell: Callable[[int, int], None],
) -> tuple[CurvePoint, ...]:
    """Fit each quantiser on the rows of the split, and measure it on the rows judged."""
    points = []
    variance = float(spectrum.sum())
    for number, one in enumerate(wanted):
        bridge = make_bridge(one.method, one.params, seed=seed)
        fit_rows(bridge, sets, split)
        distances = squared_distances(applied, bridge)[judged]
        found = mean_distance(distances, clusters[judged], resamples=resamples, seed=seed)
        rate = one.quantizers * log2(one.codes)
        points.append(
            CurvePoint(
                codebook=one.codes,
                bottleneck=one.bottleneck,
                rate_bits=rate,
                relative=over(found, variance),
                bound=gaussian_distortion(spectrum, rate) / variance,
            )
        )
        tell(number + 1, len(wanted))
    return tuple(points)
