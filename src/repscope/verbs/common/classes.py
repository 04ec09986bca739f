"""The classes of a set's items, and the groups that they are told apart by: seen, rare, any column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, LinkError, UnknownNameError, name_some
from repscope.measure.comparison.classes import (
    ClassChange,
    Classes,
    ClassValue,
    Found,
    class_changes,
    class_values,
    group_changes,
    group_values,
)
from repscope.measure.core.matching import Match
from repscope.study import EmbeddingSet, Link
from repscope.study.links import key_codes

MOST_GROUPS = 50
"""Values of a column of groups: of more, the classes themselves are the table."""

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class ClassTable:
    """The classes of the items that have a truth, and columns that group them.

    Attributes:
        classes: of each such item.
        groups: by column.
        truth: [N] which items have a truth.
    """

    classes: Classes
    groups: dict[str, Classes]
    truth: NDArray[np.bool_]

    def values(self, matched: Match) -> tuple[tuple[ClassValue, ...], tuple[ClassValue, ...]]:
        """Classes and groups of one stage."""
        found = Found.of(matched)
        groups = [
            row
            for column, one in self.groups.items()
            for row in group_values(found, one, column, self.classes)
        ]
        return class_values(found, self.classes), tuple(groups)

    def changes(self, before: Match, after: Match) -> tuple[tuple[ClassChange, ...], tuple[ClassChange, ...]]:
        """Classes and groups of two stages of the same items."""
        first, second = Found.of(before), Found.of(after)
        groups = [
            row
            for column, one in self.groups.items()
            for row in group_changes(first, second, one, column, self.classes)
        ]
        return class_changes(first, second, self.classes), tuple(groups)


def class_table(
    items: EmbeddingSet,
    reference: EmbeddingSet | None,
    link: Link | None,
    clusters: Codes,
    *,
    column: str | None = None,
    by: Sequence[str] = (),
) -> ClassTable | None:
    """The classes of linked items; None where they have none, as captions of one image each.

    Args:
        items: the set.
        reference: that they are linked with.
        link: of the two; None gives no table.
        clusters: [N] independent units.
        column: of the items that says the class. By default the key of the link, else ``label``, where a
            class has two items or more on average.
        by: columns of the items, or of the reference, whose values group the items.

    Raises:
        LinkError: a column is named and there is no link.
        UnknownNameError: no such column.
        InputError: a column of groups has too many values.
    """
    if link is None or reference is None:
        if column or by:
            raise LinkError(
                "items linked with a reference, for classes and groups",
                "no link",
                "link them with --reference and --on, or leave --classes and --by out",
            )
        return None
    truth = link.left >= 0
    found = _classes(items, link, truth, column)
    if found is None and not by:
        return None
    codes, names = found or (np.full(int(truth.sum()), -1), [])
    units = clusters[truth]
    groups = {name: Classes(*_groups(items, reference, link, truth, name), units) for name in by}
    return ClassTable(Classes(codes, names, units), groups, truth)


def classes_without_items(link: Link | None) -> tuple[str, ...]:
    """Keys of the reference that no item has."""
    used = set(link.left.tolist()) if link else set()
    return tuple(name for code, name in enumerate(link.names) if code not in used) if link else ()


def _classes(
    items: EmbeddingSet, link: Link, truth: NDArray[np.bool_], column: str | None
) -> tuple[Codes, list[str]] | None:
    if column is not None:
        codes, names = key_codes(items.column(column))
        return codes[truth], names
    candidates = [(link.left, link.names)]
    if "label" in items.columns and link.on != "label":
        candidates.append(key_codes(items.column("label")))
    for codes, names in candidates:
        own = codes[truth]
        if 2 * len(np.unique(own[own >= 0])) <= np.count_nonzero(own >= 0):
            return own, names
    return None


def _groups(
    items: EmbeddingSet, reference: EmbeddingSet, link: Link, truth: NDArray[np.bool_], column: str
) -> tuple[Codes, list[str]]:
    if column in items.columns:
        codes, names = key_codes(items.column(column))
    elif column in reference.columns:
        values, names = key_codes(reference.column(column))
        # The first reference row of a key speaks for it.
        of_key = np.full(len(link.names) + 1, -1)
        rows = np.flatnonzero(link.right >= 0)[::-1]
        of_key[link.right[rows]] = values[rows]
        codes = of_key[link.left]
    else:
        raise UnknownNameError(
            f"a column of {items.name!r} or {reference.name!r} to group by",
            repr(column),
            f"choose among {name_some(dict.fromkeys((*items.columns, *reference.columns)), 12)}",
        )
    if len(names) > MOST_GROUPS:
        raise InputError(
            f"at most {MOST_GROUPS} values in a column of groups",
            f"{len(names):,} in {column!r}",
            "group by a column with few values, such as seen; the classes have a table of their own",
        )
    return codes[truth], names
