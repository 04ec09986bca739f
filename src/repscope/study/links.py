"""Links: which rows of two sets belong together. By id or key column, never by position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import LinkError, UnknownNameError, name_some
from repscope.study.embeddings import EmbeddingSet
from repscope.study.keys import as_keys

UNLINKED = -1
"""Code of a row whose key is missing: it has no truth."""


@dataclass(frozen=True, eq=False)
class Link:
    """Rows i of one set and j of another belong together where ``left[i] == right[j] >= 0``.

    Attributes:
        on: the key column.
        left: [N] codes.
        right: [M] codes.
        names: [K] the key that each code stands for.
    """

    on: str
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    names: list[str]

    @property
    def one_to_one(self) -> bool:
        """Every key occurs at most once on each side."""
        return all(
            len(np.unique(side[side >= 0])) == np.count_nonzero(side >= 0) for side in (self.left, self.right)
        )


def key_codes(values: Any) -> tuple[NDArray[np.int64], list[str]]:
    """Codes 0…K−1 in order of first appearance, −1 for missing values, and the keys as strings.

    3, 3.0 and "3" are one key; None, NaN and "" are none.

    Args:
        values: [N] numpy or Arrow array of strings, numbers, booleans or dates.

    Raises:
        InputError: values that are no keys, such as lists.
    """
    encoded = as_keys(values, "a key column").dictionary_encode()
    codes = encoded.indices.fill_null(UNLINKED).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()


def link(left: EmbeddingSet, right: EmbeddingSet, on: str = "id", *, drop_unlinked: bool = False) -> Link:
    """Link two sets by a column that both have.

    Rows of ``left`` with a missing key have no truth and are left out of row-wise measures. A key
    of ``left`` that ``right`` lacks is an error, since leaving rows out silently changes the answer.

    Args:
        left: the items.
        right: the reference.
        on: "id" or a key column.
        drop_unlinked: treat unknown keys as missing instead.

    Raises:
        UnknownNameError: a set lacks the column.
        LinkError: nothing links, or some keys of ``left`` are not in ``right``.
        InputError: the column holds lists or other things that are no keys.
    """
    for side in (left, right):
        if on not in side.columns:
            raise UnknownNameError(
                f"a column {on!r} in set {side.name!r} to link on",
                f"columns {name_some(side.columns, 12)}",
                f"choose another with --on, or import {side.name!r} with that column",
            )
    right_codes, names = key_codes(right.items.column(on))
    left_codes, left_names = key_codes(left.items.column(on))
    translate = _positions(left_names, names)
    codes = np.append(translate, UNLINKED)[left_codes]
    if not (codes >= 0).any():
        raise LinkError(
            f"rows of {left.name!r} and {right.name!r} with equal {on!r}",
            f"none (for example {_examples(left_names)} against {_examples(names)})",
            "choose another key with --on; sets that do not link can be compared as distributions only",
        )
    unknown = np.flatnonzero(translate < 0)
    if len(unknown) and not drop_unlinked:
        rows = np.count_nonzero((codes < 0) & (left_codes >= 0))
        raise LinkError(
            f"every {on!r} of {left.name!r} in {right.name!r}",
            f"{len(unknown):,} that are not there, in {rows:,} of {left.n:,} rows "
            f"({name_some(left_names[number] for number in unknown)})",
            _what_to_do(right, on, names, unknown=[left_names[number] for number in unknown]),
        )
    return Link(on, codes, right_codes, names)


def pair_rows(before: EmbeddingSet, after: EmbeddingSet) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row numbers of the items that both stages have, in the order of ``before``.

    Raises:
        LinkError: the stages share no id.
    """
    positions = _positions(before.items.column("id"), after.items.column("id"))
    rows = np.flatnonzero(positions >= 0)
    if not len(rows):
        raise LinkError(
            f"items with the same id in {before.name!r} and {after.name!r}",
            f"none (for example {before.ids[0]!r} against {after.ids[0]!r})",
            "give both stages the ids of their items; unpaired sets have no before and after",
        )
    return rows, positions[rows]


def _what_to_do(right: EmbeddingSet, on: str, names: list[str], *, unknown: list[str]) -> str:
    """How to mend keys that the reference lacks; to leave them out may be wrong where it counts its rows."""
    counted = names == [str(row) for row in range(len(names))]
    if not counted or not all(one.isdecimal() for one in unknown):
        return f"add them to {right.name!r}, or leave those rows out with --drop-unlinked"
    return (
        f"{right.name!r} counts its rows, 0 to {len(names) - 1}, and these numbers go beyond: if it is a "
        f"selection of a longer list (212 of HICO's 600 classes, say), give its rows their {on!r} in that "
        "list, as a file with select_HOI_index does; only if both count the same list, add the missing rows "
        "or leave the items out with --drop-unlinked"
    )


def _positions(values: Any, among: Any) -> NDArray[np.int64]:
    """Where each string is among others, −1 where it is not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(values, list):
        values, among = pa.array(values, pa.string()), pa.array(among, pa.string())
    positions: NDArray[Any] = pc.index_in(values, value_set=among).fill_null(-1).to_numpy()
    return positions.astype(np.int64)


def _examples(names: list[str]) -> str:
    return name_some(map(repr, names), 3) or "only missing values"
