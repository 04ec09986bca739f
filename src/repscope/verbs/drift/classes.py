"""The classes of a drift analysis: what each found in the first stage, and what in the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from repscope.errors import VectorError
from repscope.measure.comparison.classes import ClassChange
from repscope.measure.core.matching import match
from repscope.study import EmbeddingSet
from repscope.verbs.common.classes import class_table
from repscope.verbs.drift.rows import AlignedStages

ByGroup = dict[str, tuple[ClassChange, ...]]


def drift_classes(
    aligned: Mapping[str, AlignedStages],
    reference: EmbeddingSet | None,
    *,
    column: str | None,
    by: Sequence[str],
) -> tuple[ByGroup, ByGroup, list[str]]:
    """Classes, and groups of classes, from the first to the last stage of each group of stages.

    Returns:
        Both by name of the group of stages, where it has any; notes on why it has none.

    Raises:
        LinkError, UnknownNameError, InputError: as :func:`repscope.verbs.common.classes.class_table`.
    """
    classes: ByGroup = {}
    grouped: ByGroup = {}
    notes: list[str] = []
    for name, one in aligned.items():
        table = class_table(one.stages[0], reference, one.link, one.clusters, column=column, by=by)
        if table is None or reference is None or one.link is None:
            continue
        keys = one.link.left, one.link.right
        try:
            first, last = (match(one.stages[at].vectors, reference.vectors, *keys) for at in (0, -1))
        except VectorError as error:
            notes.append(f"no table of classes: expected {error.expected}; got {error.got}")
            continue
        classes[name], grouped[name] = table.changes(first, last)
    return classes, grouped, notes
