"""One row an item of a drift analysis: how far it went, and whom it ended beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.measure.drift.result import DriftArrays
from repscope.verbs.common.rows import spread
from repscope.verbs.drift.rows import AlignedStages

if TYPE_CHECKING:
    import pyarrow as pa

ADDED = (
    "group", "path_length", "net", "straightness", "nearest_first", "nearest_last", "partner",
)  # fmt: skip
"""Columns that are found; a column of the items with one of these names is kept under ``item_NAME``."""


def drift_items(groups: Mapping[str, AlignedStages], found: Mapping[str, DriftArrays]) -> pa.Table:
    """The items of all groups, one after the other, with the columns of their first stage.

    ``path_length`` is Σ ‖x_{g+1} − x_g‖, ``net`` ‖x_last − x_first‖, ``straightness`` their ratio (null where
    nothing moved); ``nearest_first`` and ``nearest_last`` are the distance to the nearest other item in the
    first and the last stage, ``partner`` its id in the last: null outside a sample. ``path`` and other
    columns are those of the first stage.
    """
    import pyarrow as pa

    tables = []
    for name, aligned in groups.items():
        first = aligned.stages[0]
        paths = found[name].paths
        known = paths.length > 0
        ratio = np.divide(paths.net, paths.length, out=np.zeros(aligned.n), where=known)
        ids = first.items.column("id").to_pylist()
        partners: list[str | None] = [None] * aligned.n
        for row, other in zip(paths.rows.tolist(), paths.partner.tolist(), strict=False):
            partners[row] = ids[other]
        columns: dict[str, Any] = {
            "path_length": pa.array(paths.length),
            "net": pa.array(paths.net),
            "straightness": pa.array(ratio, mask=~known),
            "nearest_first": spread(aligned.n, paths.rows, paths.nearest_first),
            "nearest_last": spread(aligned.n, paths.rows, paths.nearest_last),
            "partner": pa.array(partners, pa.string()),
        }
        if len(groups) > 1:
            columns = {"group": pa.array([name] * aligned.n, pa.string()), **columns}
        own = {
            f"item_{column}" if column in ADDED else column: first.items.column(column)
            for column in first.columns
        }
        tables.append(pa.table({**own, **columns}))
    if len(tables) == 1:
        return tables[0]
    return pa.concat_tables(tables, promote_options="permissive")
