"""Whether more clusters are advice at all: "about 261 would decide" says nothing where there are 260."""

from __future__ import annotations

from repscope.measure.verdict.reading import ENOUGH


def more_clusters(count: int | None, clusters: int) -> int | None:
    """A number of clusters that would decide; None where there are about as many.

    Args:
        count: that a standard error and a margin ask for.
        clusters: that there are.
    """
    return count if count is not None and count > ENOUGH * clusters else None


def open_question(count: int, clusters: int) -> str:
    """:func:`more_clusters` as part of a sentence about every margin."""
    if more_clusters(count, clusters) is None:
        return (
            f"{clusters:,} clusters are about as many as every margin needs, so the open question is not one "
            "of more clusters alone"
        )
    return f"about {count:,} clusters would decide every margin"
