"""Groups of stages: by name, by a column that tells sets apart, or by a column that tells rows apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from repscope.errors import InputError, name_some
from repscope.study import EmbeddingSet
from repscope.study.links import key_codes
from repscope.verbs.common.rows import units_of

MOST_GROUPS = 8


@dataclass(frozen=True)
class Grouped:
    """Stages of each group, by its name; "" is the only group where there are none.

    Attributes:
        stages: sets in the order given.
        rows: column whose value is the group of a row, where groups are rows of the same sets; else None.
        note: how the groups were found.
    """

    stages: dict[str, tuple[EmbeddingSet, ...]]
    rows: str | None = None
    note: str = ""


def group_stages(
    stages: Sequence[EmbeddingSet], groups: str | Mapping[str, Sequence[EmbeddingSet]] | None
) -> Grouped:
    """The stages of each group.

    Args:
        stages: in order; empty where ``groups`` is a mapping.
        groups: a column of conditions, or the stages of each group by its name.

    Raises:
        InputError: fewer than two groups, too many, groups with another number of stages, sets given in
            both ways, items without a group.
        UnknownNameError: a set lacks the column.
    """
    if groups is None:
        return Grouped({"": tuple(stages)})
    if not isinstance(groups, str):
        if stages:
            raise InputError(
                "stages either in order or in groups",
                f"{len(stages)} stages and {len(groups)} groups of others",
                "put the first stages into a group of their own: --group NAME=SET,SET",
            )
        return _checked(Grouped({name: tuple(of) for name, of in groups.items()}))
    values = [units_of(stage, groups, option="--groups", what="row")[1] for stage in stages]
    if all(len(of) == 1 for of in values):
        by_group: dict[str, list[EmbeddingSet]] = {}
        for stage, of in zip(stages, values, strict=True):
            by_group.setdefault(of[0], []).append(stage)
        note = f"groups of sets by {groups!r}: " + "; ".join(
            f"{name} ({', '.join(stage.name for stage in of)})" for name, of in by_group.items()
        )
        return _checked(Grouped({name: tuple(of) for name, of in by_group.items()}, note=note))
    names = list(dict.fromkeys(value for of in values for value in of))
    parts = {name: tuple(_part(stage, groups, name) for stage in stages) for name in names}
    return _checked(Grouped(parts, groups, f"groups of items by {groups!r}"))


def _checked(grouped: Grouped) -> Grouped:
    stages = grouped.stages
    if not 2 <= len(stages) <= MOST_GROUPS:
        raise InputError(
            f"2 to {MOST_GROUPS} groups",
            f"{len(stages)} ({name_some(map(repr, stages))})",
            "choose another column with --groups, or name the sets with --group NAME=SET,SET",
        )
    counts = {name: len(of) for name, of in stages.items()}
    if len(set(counts.values())) > 1 or min(counts.values()) < 2:
        raise InputError(
            "two or more stages in every group, and as many in each",
            ", ".join(f"{name!r} {count}" for name, count in counts.items()),
            "give each group its stages in order: --group NAME=SET,SET",
        )
    return grouped


def _part(stage: EmbeddingSet, column: str, value: str) -> EmbeddingSet:
    codes, names = key_codes(stage.column(column))
    rows = np.flatnonzero(codes == names.index(value)) if value in names else np.empty(0, np.int64)
    if not len(rows):
        raise InputError(
            f"items with {column} = {value} in every stage",
            f"none in {stage.name!r}",
            "give every stage all groups, or leave that stage out",
        )
    return stage.take(rows)
