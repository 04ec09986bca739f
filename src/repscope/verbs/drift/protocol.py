"""What a report needs of a drift analysis. The record itself lives above this room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from repscope.measure.drift import DriftVerdict, GroupContrast
from repscope.measure.drift.result import DriftArrays

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure


class DriftRecord(Protocol):
    """Read-only view of ``repscope.verbs.drift.record.Drift``; its docstring says what each part is."""

    @property
    def group(self) -> str:
        """Name of the group that the verdict is about."""
        ...

    @property
    def groups(self) -> Mapping[str, DriftArrays]:
        """What was found, by name of the group."""
        ...

    @property
    def sets(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the stages of each group."""
        ...

    @property
    def contrasts(self) -> tuple[GroupContrast, ...]:
        """Differences between groups."""
        ...

    @property
    def verdict(self) -> DriftVerdict:
        """One word and its reasons."""
        ...

    @property
    def reference(self) -> str | None:
        """Name of the reference."""
        ...

    @property
    def real(self) -> str | None:
        """Name of the set of real rows."""
        ...

    @property
    def on(self) -> str | None:
        """The link's key column."""
        ...

    @property
    def cluster(self) -> str | None:
        """Column of the independent units."""
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
        """Command that repeats the analysis, or ""."""
        ...

    @property
    def version(self) -> str:
        """Of repscope."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts a reader should know."""
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
    def provenance(self) -> Mapping[str, Mapping[str, Any]]:
        """Of each set, by name."""
        ...

    def ids(self, group: str) -> list[str]:
        """Ids of the items of a group, in the order of its rows."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The content of metrics.json."""
        ...
