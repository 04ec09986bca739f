"""Which rows of two sets belong together, from their keys, and the cosines of the linked ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import LinkError
from repscope.measure.core.arrays import integer_codes
from repscope.measure.core.cosines import Floats, Ints, unit_block, working_dtype

_CHUNK_KEYS = 64
_CHUNK_COSINES = 1 << 20
_CHUNK_ROWS = 4096


@dataclass(frozen=True)
class Links:
    """Rows of two sets joined by key.

    Attributes:
        item_slots: [N] position of the item's key among the keys that both sets have, −1 for none.
        reference_slots: [M] the same for the reference.
        item_order: items that have a linked reference row, sorted by slot (stable).
        item_starts: [K + 1] where each slot begins in ``item_order``.
        reference_order, reference_starts: the same for the reference.
    """

    item_slots: Ints
    reference_slots: Ints
    item_order: Ints
    item_starts: Ints
    reference_order: Ints
    reference_starts: Ints

    @property
    def n_keys(self) -> int:
        """Keys that both sets have."""
        return len(self.item_starts) - 1

    @property
    def has_truth(self) -> NDArray[np.bool_]:
        """[N] true where an item has at least one linked reference row."""
        return self.item_slots >= 0

    @property
    def reference_has_truth(self) -> NDArray[np.bool_]:
        """[M] true where a reference row has at least one linked item."""
        return self.reference_slots >= 0

    def linked_columns(self, start: int, stop: int) -> tuple[Ints, Ints]:
        """Every linked pair of items ``start`` to ``stop``: rows relative to ``start``, columns."""
        slots = self.item_slots[start:stop]
        rows = np.flatnonzero(slots >= 0)
        first = self.reference_starts[slots[rows]]
        counts = self.reference_starts[slots[rows] + 1] - first
        ends = np.cumsum(counts)
        within = np.arange(ends[-1] if ends.size else 0) - np.repeat(ends - counts, counts)
        return np.repeat(rows, counts), self.reference_order[np.repeat(first, counts) + within]


def link_keys(item_keys: Ints, reference_keys: Ints, n_items: int, n_reference: int) -> Links:
    """Join two sets by integer key codes; a negative code belongs to nothing.

    Raises:
        LinkError: key arrays of the wrong length, or not integers.
    """
    codes = []
    for keys, n, name in ((item_keys, n_items, "items"), (reference_keys, n_reference, "reference")):
        do = "pass key codes, with -1 for a row without a link"
        codes.append(integer_codes(keys, n, "key", do, rows=f"rows of {name}", error=LinkError))
    shared = np.intersect1d(codes[0][codes[0] >= 0], codes[1][codes[1] >= 0])
    slots = [_slots(code, shared) for code in codes]
    orders, starts = [], []
    for slot in slots:
        order = np.argsort(slot, kind="stable")
        orders.append(order[np.count_nonzero(slot < 0) :])
        starts.append(np.searchsorted(slot[orders[-1]], np.arange(len(shared) + 1)))
    return Links(slots[0], slots[1], orders[0], starts[0], orders[1], starts[1])


def require_links(links: Links) -> None:
    """Refuse a measure that needs a true match where no item has one.

    Raises:
        LinkError: no key is in both sets.
    """
    if links.n_keys == 0:
        raise LinkError(
            "at least one item linked to a reference row",
            f"no key in both sets ({len(links.item_slots):,} items, {len(links.reference_slots):,} rows)",
            "link the sets by a column whose values both have",
        )


def best_linked(items: Floats, reference: Floats, links: Links) -> tuple[Floats, Floats]:
    """Cosine of each row to its best linked row: ([N] of the items, [M] of the reference).

    Rows without a link hold −inf. Only linked blocks are multiplied: rows are taken key by key, many
    small keys to a block.
    """
    dtype = working_dtype(items, reference)
    best_items = np.full(len(items), -np.inf, dtype=dtype)
    best_reference = np.full(len(reference), -np.inf, dtype=dtype)
    for rows, columns in _linked_blocks(links):
        cosines = (
            unit_block(items, "items", dtype, rows) @ unit_block(reference, "reference", dtype, columns).T
        )
        apart = links.item_slots[rows][:, None] != links.reference_slots[columns][None, :]
        cosines[apart] = -np.inf
        best_items[rows] = np.maximum(best_items[rows], cosines.max(axis=1))
        best_reference[columns] = np.maximum(best_reference[columns], cosines.max(axis=0))
    return best_items, best_reference


def _slots(codes: Ints, shared: Ints) -> Ints:
    if not len(shared):
        return np.full(len(codes), -1, dtype=np.int64)
    found = np.minimum(np.searchsorted(shared, codes), len(shared) - 1)
    return np.where(shared[found] == codes, found, -1).astype(np.int64)


def _linked_blocks(links: Links) -> Iterator[tuple[Ints, Ints]]:
    """Blocks of rows and columns that cover every linked pair once, keys kept together where small."""
    first = 0
    while first < links.n_keys:
        last = min(first + _CHUNK_KEYS, links.n_keys)
        while last > first + 1 and _chunk_size(links, first, last) > _CHUNK_COSINES:
            last = first + (last - first) // 2
        rows = links.item_order[links.item_starts[first] : links.item_starts[last]]
        columns = links.reference_order[links.reference_starts[first] : links.reference_starts[last]]
        for row in range(0, len(rows), _CHUNK_ROWS):
            for column in range(0, len(columns), _CHUNK_ROWS):
                yield rows[row : row + _CHUNK_ROWS], columns[column : column + _CHUNK_ROWS]
        first = last


def _chunk_size(links: Links, first: int, last: int) -> int:
    rows = links.item_starts[last] - links.item_starts[first]
    columns = links.reference_starts[last] - links.reference_starts[first]
    return int(rows * columns)
