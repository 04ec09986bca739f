"""Which rows a bridge may learn from, and which are kept to judge it: whole clusters, or whole classes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, LinkError
from repscope.measure.core.folds import cluster_folds
from repscope.study import EmbeddingSet, Link, link
from repscope.text.json_record import JsonRecord
from repscope.transform.inputs import join_codes
from repscope.verbs.common.clusters import Clusters, How, find_clusters
from repscope.verbs.common.rows import declared_cluster, rows_with, units_of

Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

By = Literal["clusters", "classes", "none"]
WAYS: tuple[By, ...] = ("clusters", "classes", "none")
SHARE = 0.2

CLUSTER_RULE = 2
"""How the units of a fit are found, kept with each bridge so that its held-out rows stay the same.

1: the column given or declared, else every row. 2: :func:`repscope.verbs.common.clusters.find_clusters`."""


@dataclass(frozen=True)
class HoldOut(JsonRecord):
    """The rule that keeps rows out of a fit; with the sets it gives the same rows again.

    Attributes:
        by: "clusters" (a share of the independent units), "classes" (a share of the classes, with all
            their rows and all other rows of their clusters), or "none".
        share: of clusters or classes, above 0 and below 1.
        unseen: (column, value) pairs: rows with one of these values are kept out too. A column of the
            source, or else of the target.
        seed: of the choice.
    """

    by: By = "clusters"
    share: float = SHARE
    unseen: tuple[tuple[str, str], ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if self.by not in WAYS:
            raise InputError(f"one of {', '.join(WAYS)} to hold out", repr(self.by), "choose one of them")
        if not 0 < self.share < 1:
            raise InputError(
                "a share of held-out rows between 0 and 1", f"{self.share}", "give one, such as 0.2"
            )

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> HoldOut:
        """From :meth:`to_json`."""
        unseen = tuple((str(column), str(value)) for column, value in record["unseen"])
        return cls(record["by"], float(record["share"]), unseen, int(record["seed"]))


@dataclass(frozen=True, eq=False)
class LinkedSets:
    """Two sets with what is known about their rows.

    Attributes:
        source: rows to be moved.
        target: rows to move towards.
        link: which belong together, or None.
        units: the independent units of the source rows, and who says so.
        notes: what a reader should know.
    """

    source: EmbeddingSet
    target: EmbeddingSet
    link: Link | None
    units: Clusters
    notes: tuple[str, ...] = ()

    @property
    def clusters(self) -> Index:
        """[N] codes of the units of the source rows."""
        return self.units.codes

    @property
    def on(self) -> str | None:
        """The key column of the link."""
        return None if self.link is None else self.link.on

    @property
    def by_class(self) -> bool:
        """Several items share a row of the target: it has classes, of which some can be unseen."""
        if self.link is None:
            return False
        keys = self.link.left[self.link.left >= 0]
        return len(np.unique(keys)) < len(keys)

    @property
    def classes(self) -> Index:
        """[N] code of each row's class, −1 without one.

        Raises:
            InputError: the sets are not linked by class.
        """
        if self.link is None or not self.by_class:
            raise InputError(
                "several items to a row of the target, to hold out classes",
                "no link" if self.link is None else f"one item to a row ({self.on})",
                "hold out clusters instead: --hold-out clusters",
            )
        return self.link.left


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of one fit.

    Attributes:
        source: [n] source rows that the fit sees.
        target: [m] target rows that it sees.
        pairs: ([P], [P]) which of them belong together, numbered within ``source`` and ``target``; None
            without a link.
        held: rows of the source that it does not see.
        unseen: [len(held)] whether the row's class has no row in the fit.
    """

    source: Index
    target: Index
    pairs: tuple[Index, Index] | None
    held: Index
    unseen: Mask


def link_sets(
    source: EmbeddingSet,
    target: EmbeddingSet,
    *,
    on: str | None,
    cluster: str | None = None,
    drop_unlinked: bool = False,
    rule: int = CLUSTER_RULE,
) -> LinkedSets:
    """Link two sets and find the independent units of the source.

    Args:
        source, target: the sets.
        on: "id" or a key column; None for sets without a link.
        cluster: column of the source; "id" for every row its own. By default what its import declared, else
            what names and copies tell.
        drop_unlinked: leave rows without a partner out of the pairs, instead of refusing.
        rule: by which units are found; see :data:`CLUSTER_RULE`.

    Raises:
        LinkError, UnknownNameError: see :func:`repscope.study.links.link`.
        InputError: a row without a cluster.
    """
    linked = None if on is None else link(source, target, on, drop_unlinked=drop_unlinked)
    found = find_clusters(source, cluster, on=on, what="row") if rule > 1 else _declared(source, cluster)
    notes = list(found.notes)
    if linked is not None and (without := int((linked.left < 0).sum())):
        notes.append(f"{without:,} of {source.n:,} rows of {source.name!r} have no {on!r} in {target.name!r}")
    return LinkedSets(source, target, linked, found, tuple(notes))


def link_again(source: EmbeddingSet, target: EmbeddingSet, fit: Mapping[str, Any]) -> LinkedSets:
    """Link two sets as a bridge was fitted on them, by the rule of its time.

    Args:
        source, target: the sets.
        fit: the record of a fit.

    Raises:
        RepscopeError: see :func:`link_sets`.
    """
    return link_sets(
        source,
        target,
        on=fit["on"],
        cluster=fit["cluster"],
        drop_unlinked=bool(fit.get("drop_unlinked")),
        rule=int(fit.get("cluster_rule", 1)),
    )


def _declared(source: EmbeddingSet, cluster: str | None) -> Clusters:
    """The units of bridges fitted before rule 2."""
    column = cluster or declared_cluster(source)
    codes, _ = units_of(source, column, what="row")
    how: How = "given" if cluster else "declared" if column else "none"
    return Clusters(how, column or "", column, len(np.unique(codes)), 0, (), codes)


def split_rows(sets: LinkedSets, rule: HoldOut) -> Split:
    """The rows that a rule gives to the fit, and those that it keeps.

    Raises:
        InputError: nothing is left on one side, or classes are held out where there are none.
        UnknownNameError: neither set has the column of ``unseen``.
    """
    named = unseen_rows(sets, rule.unseen)
    held = named.copy()
    if rule.by == "clusters":
        held |= _share(sets.clusters, ~named, rule)
    elif rule.by == "classes":
        held |= _share(sets.classes, ~named & (sets.classes >= 0), rule)
    if held.all():
        raise InputError(
            "rows to fit on", "all rows are held out", "hold out a smaller share, or fewer values"
        )
    return split_at(sets, held)


def split_at(sets: LinkedSets, held: Mask) -> Split:
    """A fit without the rows of ``held`` [N], without the rest of their clusters, and without their texts.

    A target row that only held-out rows belong to is held out with them, so that no method, paired or
    not, has seen an answer. Target rows that belong to nothing stay.
    """
    # What shares an image with a held-out row would tell about it: it is neither fitted nor judged.
    touched = np.isin(sets.clusters, sets.clusters[held])
    fit = np.flatnonzero(~touched)
    rows = np.flatnonzero(held)
    linked = sets.link
    if linked is None:
        return Split(fit, np.arange(sets.target.n), None, rows, np.zeros(len(rows), bool))
    fitted_keys = np.unique(linked.left[fit])
    fitted_keys = fitted_keys[fitted_keys >= 0]
    others = np.setdiff1d(linked.left[touched], fitted_keys)
    target = np.flatnonzero(~np.isin(linked.right, others[others >= 0]))
    pairs = join_codes(linked.left[fit], linked.right[target])
    unseen = (
        ~np.isin(linked.left[rows], fitted_keys) & (linked.left[rows] >= 0)
        if sets.by_class
        else np.zeros(len(rows), bool)
    )
    return Split(fit, target, pairs, rows, unseen)


def fold_splits(sets: LinkedSets, by: By, folds: int, seed: int) -> Iterator[Split]:
    """K splits whose held-out rows are all rows, each once.

    Raises:
        VectorError: fewer than two clusters or classes.
    """
    units = sets.clusters if by == "clusters" else sets.classes
    # A row without a class is in no fold by class: nobody can say whether its class was seen.
    known = units >= 0
    fold = np.full(len(units), -1)
    fold[known] = cluster_folds(units[known], folds, seed)
    for number in range(int(fold.max()) + 1):
        split = split_at(sets, fold == number)
        if not len(split.source):
            raise InputError(
                f"clusters that do not span all {by}",
                "a fold without rows to fit on",
                "take fewer folds, or --cluster id",
            )
        yield split


def unseen_rows(sets: LinkedSets, unseen: tuple[tuple[str, str], ...]) -> Mask:
    """[N] rows with one of the named values, in the source's columns or else through the link.

    Raises:
        UnknownNameError: neither set has the column, or no row has the value.
        LinkError: the column is the target's, and the sets are not linked.
    """
    found = np.zeros(sets.source.n, bool)
    for column, value in unseen:
        here = sets.source if column in sets.source.columns else sets.target
        rows = rows_with(here, column, value)
        if here is sets.target and here is not sets.source:
            if sets.link is None:
                raise LinkError(
                    f"a link, to know which rows belong to {column} = {value}",
                    "unlinked sets",
                    "name the key with --on, or a column of the source",
                )
            keys = sets.link.right[rows]
            rows = np.isin(sets.link.left, keys[keys >= 0])
        found |= rows
    return found


def held_digest(sets: LinkedSets, held: Index) -> str:
    """Hash of the ids of held-out rows, in order: 32 hexadecimal digits."""
    digest = hashlib.sha256()
    for one in sets.source.ids[held]:
        digest.update(str(one).encode("utf-8", "backslashreplace") + b"\0")
    return digest.hexdigest()[:32]


def _share(units: Index, eligible: Mask, rule: HoldOut) -> Mask:
    """Rows of a seeded share of the units, at least one, never all."""
    names = np.unique(units[eligible])
    if len(names) < 2:
        raise InputError(
            f"at least 2 {rule.by}, to hold some out",
            f"{len(names)}",
            "fit on all rows with --hold-out none",
        )
    count = min(max(1, round(rule.share * len(names))), len(names) - 1)
    chosen = np.random.default_rng(rule.seed).permutation(names)[:count]
    return np.isin(units, chosen) & eligible
