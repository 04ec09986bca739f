"""Who moved in the space, who moved on the map, and who only seems to have.

A distance means nothing by itself, and one on a map less. So each is held against the item's own
neighbourhood, in the space that it is of: an item moved when it went farther than its k-th neighbour was
before the step. Items that did so on the map alone are an artefact of the map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError
from repscope.measure.change.displacement import displacement_norm
from repscope.measure.core.arrays import Float64

NEITHER, BOTH, MAP_ONLY, SPACE_ONLY = range(4)
_EQUAL = 1e-9


@dataclass(frozen=True)
class Movement:
    """A step from one stage to another, of each item.

    Attributes:
        space: [N] distance moved in the space, between the rows as they were mapped.
        screen: [N] distance moved on the map, in its units.
        moved: [N] :data:`NEITHER`, :data:`BOTH`, :data:`MAP_ONLY` or :data:`SPACE_ONLY`.
    """

    space: Float64
    screen: Float64
    moved: NDArray[np.uint8]


def movement(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    map_before: NDArray[np.float64],
    map_after: NDArray[np.float64],
    *,
    radius: NDArray[np.float64],
    map_radius: NDArray[np.float64],
) -> Movement:
    """Compare a step in the space with the same step on a map.

    Args:
        before, after: [N, D] rows of the same items, unit rows where the map was made of them.
        map_before, map_after: [N, 2] the same items on one joint map.
        radius: [N] distance of an item to its k-th neighbour in ``before``.
        map_radius: [N] the same in ``map_before``.

    Raises:
        VectorError: not the same number of finite rows.
    """
    lengths = {len(one) for one in (before, after, map_before, map_after, radius, map_radius)}
    if len(lengths) > 1:
        raise VectorError("one row an item in all six", f"{sorted(lengths)} rows", "pass the same items")
    space, screen = displacement_norm(before, after), displacement_norm(map_before, map_after)
    far, map_far = _beyond(space, radius), _beyond(screen, map_radius)
    moved = np.select([far & map_far, map_far, far], [BOTH, MAP_ONLY, SPACE_ONLY], NEITHER)
    return Movement(space, screen, moved.astype(np.uint8))


def _beyond(moved: Float64, radius: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Farther than the radius; what rounding alone moves is not."""
    result: NDArray[np.bool_] = moved > radius * (1 + _EQUAL) + _EQUAL
    return result
