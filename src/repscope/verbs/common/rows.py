"""Which rows of a study's sets enter a verb, and which independent unit each is part of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, VectorError, check_known, name_some
from repscope.study import EmbeddingSet, Link
from repscope.study.links import key_codes

if TYPE_CHECKING:
    import pyarrow as pa

MOST_LABELS = 25
"""Rows of a reference that are named on a map; more would hide it."""


def one_width(sets: Sequence[EmbeddingSet], do: str) -> None:
    """Refuse sets whose rows have different widths.

    Args:
        sets: of one comparison.
        do: what makes them comparable.

    Raises:
        VectorError: widths that differ.
    """
    widths = {rows.name: rows.d for rows in sets}
    if len(set(widths.values())) > 1:
        raise VectorError(
            "sets of one width", ", ".join(f"{name!r} {width}" for name, width in widths.items()), do
        )


def refuse_zero_rows(rows: EmbeddingSet) -> None:
    """Refuse a set with rows that have no direction.

    Raises:
        VectorError: rows of zeros, with their ids.
    """
    zero: list[int] = []
    start = 0
    for block in rows.blocks():
        zero.extend((np.flatnonzero(~block.any(axis=1)) + start).tolist())
        start += len(block)
    if zero:
        raise VectorError(
            f"vectors with a direction in set {rows.name!r}",
            f"{len(zero):,} zero vectors (ids {name_some(rows.ids[zero])})",
            "find out why they are zero; import without them with --drop-invalid",
        )


def keep_rows(rows: EmbeddingSet, kept: NDArray[np.int64]) -> EmbeddingSet:
    """The rows with these numbers, in that order; the set itself where that is all of them as they stand."""
    return rows if np.array_equal(kept, np.arange(rows.n)) else rows.take(kept)


def rows_with(rows: EmbeddingSet, column: str, value: str) -> NDArray[np.bool_]:
    """[n] rows with a value in a column.

    Raises:
        UnknownNameError: no such column, or no row has the value.
    """
    codes, names = key_codes(rows.column(column))
    check_known(value, names, f"a value of column {column!r} in set {rows.name!r}")
    chosen: NDArray[np.bool_] = codes == names.index(value)
    return chosen


def units_of(
    rows: EmbeddingSet, column: str | None, *, option: str = "--cluster", what: str = "item"
) -> tuple[NDArray[np.int64], list[str]]:
    """[n] code of the unit that each row is part of, and what the codes stand for.

    Args:
        rows: a set.
        column: whose values are the units; None for every row its own, and no names.
        option: that chose the column.
        what: a row of the set is.

    Raises:
        InputError: a row without a value.
        UnknownNameError: no such column.
    """
    if column is None:
        return np.arange(rows.n), []
    codes, names = key_codes(rows.column(column))
    if (codes < 0).any():
        raise InputError(
            f"a {column!r} for every {what} of {rows.name!r}",
            f"{int((codes < 0).sum()):,} {what}s without",
            f"fill the column, or choose another with {option}",
        )
    return codes, names


def declared_cluster(rows: EmbeddingSet) -> str | None:
    """The cluster column that a set's provenance names, if the set has it."""
    column = rows.provenance.get("cluster")
    return column if isinstance(column, str) and column in rows.columns else None


def paired_by_number(sets: Sequence[EmbeddingSet]) -> list[str]:
    """A note where nothing but the row numbers says that rows of several sets are one item; else none.

    Something does where ids are no row numbers, where each set was made from an earlier one, or where a
    column that tells most rows apart, such as a caption, has the same values in all of them.
    """
    # The first tell: ids and columns of millions of rows are not compared.
    first, rows = sets[0], min(1000, *(one.n for one in sets))
    numbers = np.arange(rows).astype(str)
    if any([str(each) for each in one.ids[:rows]] != numbers.tolist() for one in sets):
        return []
    known = _lineage(first)
    related = True
    for one in sets[1:]:
        related = related and bool(known & _lineage(one))
        known |= _lineage(one)
    if related or any(_same_values(sets, column, rows, numbers) for column in first.columns):
        return []
    names = name_some((repr(one.name) for one in sets), 4)
    return [
        f"rows of {names} are paired by their numbers, as nothing names their items: if row i is another "
        "item in each, as in samples drawn anew, nothing said of pairs holds; import the sets with the ids "
        "of their items"
    ]


def _lineage(one: EmbeddingSet) -> set[str]:
    return {
        one.fingerprint,
        *(str(parent.get("fingerprint")) for parent in one.provenance.get("parents", ())),
    }


def _same_values(sets: Sequence[EmbeddingSet], column: str, rows: int, numbers: NDArray[np.str_]) -> bool:
    """A column that all sets have, with other values than row numbers, equal row by row."""
    if column == "id" or not all(column in one.columns for one in sets):
        return False
    values = [[str(each) for each in one.column(column)[:rows]] for one in sets]
    distinct = len(set(values[0]))
    return 2 * distinct > rows and values[0] != numbers.tolist() and all(one == values[0] for one in values)


def spread(n: int, rows: NDArray[np.int64], values: NDArray[np.float64]) -> pa.Array:
    """[n] values at their rows; null elsewhere, and where they are not finite.

    ``values`` may be empty: then all is null.
    """
    import pyarrow as pa

    whole, missing = np.zeros(n), np.ones(n, bool)
    if len(values):
        whole[rows], missing[rows] = values, False
    return pa.array(whole, mask=missing | ~np.isfinite(whole))


def reference_names(reference: EmbeddingSet, link: Link | None) -> NDArray[np.object_]:
    """[M] the name of each reference row: its key in the link, else its id."""
    if link is None:
        return reference.ids
    names = np.array([*link.names, ""], object)
    keyed: NDArray[np.object_] = np.where(link.right >= 0, names[link.right], reference.ids)
    return keyed


def reference_labels(reference: EmbeddingSet, link: Link | None) -> list[str]:
    """What to call each reference row on a figure: its label, else its text, its key, its id."""
    for column in ("label", "text", link.on if link else "id", "id"):
        if column in reference.columns:
            return ["" if value is None else str(value) for value in reference.column(column)]
    return [str(one) for one in reference.ids]
