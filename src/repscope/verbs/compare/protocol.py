"""What a report needs of a comparison. The record itself lives above this room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from repscope.measure.core.results import MeasureResult, SimilarityResult
from repscope.measure.verdict.rules import Verdict

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure


class ComparisonRecord(Protocol):
    """Read-only view of ``repscope.verbs.compare.record.Comparison``, which says what each part is."""

    @property
    def before(self) -> str:
        """Name of the set before."""
        ...

    @property
    def after(self) -> str:
        """Name of the set after."""
        ...

    @property
    def reference(self) -> str:
        """Name of the reference."""
        ...

    @property
    def on(self) -> str | None:
        """The link's key column, or None."""
        ...

    @property
    def cluster(self) -> str | None:
        """Column of the independent units, or None."""
        ...

    @property
    def n(self) -> int:
        """Items in both stages."""
        ...

    @property
    def clusters(self) -> int:
        """Independent units."""
        ...

    @property
    def without_truth(self) -> int:
        """Items without a linked row."""
        ...

    @property
    def seed(self) -> int:
        """Of everything random."""
        ...

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """Of the sets, by name."""
        ...

    @property
    def replay(self) -> str:
        """Command that repeats the comparison, or ""."""
        ...

    @property
    def version(self) -> str:
        """Of repscope."""
        ...

    @property
    def measures(self) -> tuple[MeasureResult, ...]:
        """The table."""
        ...

    @property
    def undefined(self) -> Mapping[str, str]:
        """Reason by measure that could not be computed."""
        ...

    @property
    def similarity(self) -> tuple[SimilarityResult, ...]:
        """How alike the stages are."""
        ...

    @property
    def change(self) -> Mapping[str, Any] | None:
        """What the change is made of."""
        ...

    @property
    def verdict(self) -> Verdict:
        """One word and its reasons."""
        ...

    @property
    def items(self) -> pa.Table:
        """One row an item."""
        ...

    @property
    def figures(self) -> Mapping[str, Figure]:
        """By name."""
        ...

    @property
    def captions(self) -> Mapping[str, str]:
        """Of the figures, by name."""
        ...

    @property
    def classes_without_items(self) -> tuple[str, ...]:
        """Keys of the reference that no item has."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts a reader should know."""
        ...

    @property
    def provenance(self) -> Mapping[str, Mapping[str, Any]]:
        """Of each set, by name."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The content of metrics.json."""
        ...
