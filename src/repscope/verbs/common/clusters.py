"""Which items are not independent: as given, as the import declared, or as found in names and vectors.

One rule for every verb that makes intervals or holds rows out. In this order: the column that was given; the
one that the import declared; one that names a thing (see :mod:`repscope.study.dependence`). Copies, rows that
are equal up to rounding, are one item whichever column counts, so the clusters of copies are joined. Only
``--cluster id`` takes every item as independent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from repscope.study import EmbeddingSet
from repscope.study.dependence import NamedGroups, named_groups, names_class
from repscope.study.links import key_codes
from repscope.text.json_record import JsonRecord
from repscope.verbs.common.rows import declared_cluster, units_of

Codes = NDArray[np.int64]
How = Literal["given", "declared", "column", "stems", "copies", "none"]

ROUNDED_ROWS = 20_000
"""Of more rows only exact copies are looked for: those in a narrow cone would be compared pair by pair."""

ALONE = "--cluster id takes every one as independent"


@dataclass(frozen=True)
class Clusters(JsonRecord):
    """Independent units of a set's rows, and why these.

    Attributes:
        how: who says so: "given" by the user, "declared" by the import, a "column" or the "stems" of names,
            "copies" alone, or "none": every row is independent.
        name: what the units are clusters of, for a report; "" where rows are independent.
        column: that repeats the work with ``--cluster``, or None.
        n: how many units.
        copies: rows that are equal to an earlier one up to rounding.
        notes: sentences for the first lines of a report.
        codes: [N] unit of each row.
    """

    how: How
    name: str
    column: str | None
    n: int
    copies: int
    notes: tuple[str, ...] = ()
    codes: Codes = field(default_factory=lambda: np.empty(0, np.int64), repr=False)


def find_clusters(
    rows: EmbeddingSet,
    given: str | None = None,
    *,
    on: str | None = None,
    views: str | None = None,
    what: str = "item",
) -> Clusters:
    """The independent units of the rows of a set.

    Args:
        rows: the items, of the stage before: those that are compared, in their order.
        given: column of ``--cluster``; "id" makes every row its own unit, copies too.
        on: key column of the link. Where it names a thing its rows are units; where it names a class, never.
        views: column of ``--views``, the units where nobody gave or declared others.
        what: a row is.

    Raises:
        UnknownNameError: no such column.
        InputError: a row without a value in the column that was given or declared.
    """
    from repscope.knn import near_copies

    copied = near_copies(rows.rows, tolerance=None if rows.n <= ROUNDED_ROWS else 0.0)
    named = named_groups(rows.items, on)
    declared = None if given else declared_cluster(rows)
    column = given or declared or views
    if given == "id":
        return Clusters(
            "given", "", "id", rows.n, copied.extra, _insisted(named, copied.extra, what), np.arange(rows.n)
        )
    notes: list[str] = []
    how: How
    if column is not None:
        how, name = "declared" if declared else "given", column
        codes, _ = units_of(rows, column, what=what)
        if declared:
            notes.append(f"clusters are {column}, as the import said; {ALONE}")
        notes += _finer(column, codes, named, what)
    elif named is not None:
        how, codes = "stems" if named.stems else "column", named.codes
        name, column = named.name, None if named.stems else named.column
        notes.append(f"{_found(named, what)}; {ALONE}")
    else:
        how, name, codes = "none", "", np.arange(rows.n)
        notes += _shared_key(rows, on, what)
    if copied.extra:
        apart = len(np.unique(codes))
        codes = join_groups(codes, copied.codes)
        joined = apart - int(codes.max()) - 1
        if how == "none":
            how, name = "copies", "copies"
        elif joined:
            name = f"{name} and copies"
        notes.append(
            f"{copied.extra:,} of {rows.n:,} {what}s of {rows.name!r} are copies of an earlier one, up to "
            "rounding" + (f": together they count once; {ALONE}" if joined else ", in one cluster with it")
        )
    return Clusters(how, name, column, len(np.unique(codes)), copied.extra, tuple(notes), codes)


def join_groups(one: Codes, other: Codes) -> Codes:
    """[N] the finest groups that part no group of either: rows that are together in one are together.

    Args:
        one, other: [N] codes of at least 0.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = (np.unique(codes, return_inverse=True)[1] for codes in (one, other))
    start = int(first.max(initial=-1)) + 1
    total = start + int(second.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(first), bool), (first, start + second)), shape=(total, total))
    joined: Codes = connected_components(graph, directed=False)[1][first].astype(np.int64)
    return joined


def _found(named: NamedGroups, what: str) -> str:
    why = named.example if named.stems else f"a column that names what several {what}s are parts of"
    return f"clusters are {named.name} ({why}): {len(named.codes):,} {what}s, {named.groups:,} clusters"


def _insisted(named: NamedGroups | None, copies: int, what: str) -> tuple[str, ...]:
    """What ``--cluster id`` overrules."""
    against = []
    if named is not None:
        against.append(f"{named.name} puts them into {named.groups:,} groups")
    if copies:
        against.append(f"{copies:,} are copies of an earlier one")
    if not against:
        return ()
    return (f"every {what} counts as independent, as --cluster id asks, though {' and '.join(against)}",)


def _finer(column: str, codes: Codes, named: NamedGroups | None, what: str) -> list[str]:
    """A column parts what another one keeps together."""
    if named is None or (named.column == column and not named.stems):
        return []
    parted = len(np.unique(codes)) - int(join_groups(codes, named.codes).max()) - 1
    if not parted:
        return []
    return [
        f"warning: clusters of {column} part {what}s that {named.name} keeps together "
        f"({named.groups:,} groups); if those are not independent, intervals are too narrow"
    ]


def _shared_key(rows: EmbeddingSet, on: str | None, what: str) -> list[str]:
    """A key with several rows that may be a class or a thing, since its name does not tell."""
    if on is None or on == "id" or names_class(on):
        return []
    codes = key_codes(rows.items.column(on))[0]
    keys = len(np.unique(codes[codes >= 0]))
    if keys == np.count_nonzero(codes >= 0):
        return []
    return [
        f"{what}s that share a {on} count as independent ({rows.n:,} {what}s, {keys:,} keys), as items of a "
        f"class do; if a {on} is one thing, such as an image, give --cluster {on}"
    ]
