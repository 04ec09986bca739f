"""Whether the items far from the centre go first.

A stage that forgets rare things loses its far rows before its spread falls much. Both measures read
distances to the stage's own centre, so that a translation changes neither.
"""

from __future__ import annotations

import numpy as np

from repscope.measure.core.arrays import Float64
from repscope.measure.core.estimate import Replicates, Undefined
from repscope.measure.drift.frame import DriftFrame

TAIL = 0.1
"""Share of the first stage's rows that are its tail."""


def tails(frame: DriftFrame, radii: Float64) -> dict[str, list[Replicates | Undefined]]:
    """``tail.share`` and ``tail.ratio`` of every stage.

    ``tail.share``: share of rows farther from their centre than 90 % of the first stage's rows are (0.1 at
    the first stage). ``tail.ratio``: the 90 % quantile of the radii over their median, which falls when the
    tail thins out faster than the bulk and keeps still under any change of scale.

    Args:
        frame: the stages.
        radii: [S, N] distance of each row to the centre of its stage.
    """
    n = frame.n
    kept = [np.ones(n, bool), *(frame.groups != g for g in range(frame.n_groups))]
    shares: list[Replicates | Undefined] = []
    ratios: list[Replicates | Undefined] = []
    limits = [np.quantile(radii[0, one], 1 - TAIL) for one in kept]
    for stage in radii:
        # A tie with the limit is no farther than it: a point has no tail.
        far = np.array([(stage[one] > limit).mean() for one, limit in zip(kept, limits, strict=True)])
        middles = np.array([np.quantile(stage[one], [0.5, 1 - TAIL]) for one in kept])
        shares.append(Replicates(float(far[0]), far[1:], n))
        if (middles[:, 0] <= 0).any():
            ratios.append(Undefined("at least half of the rows are at one point"))
        else:
            ratio = middles[:, 1] / middles[:, 0]
            ratios.append(Replicates(float(ratio[0]), ratio[1:], n))
    return {"tail.share": shares, "tail.ratio": ratios}
