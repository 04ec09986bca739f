"""The measure table of ``compare`` against the same measures from scikit-learn, torchmetrics and NumPy.

The peer (``benchmarks/measures_peer.py``) is what a careful user writes: library calls where there are
some, plain NumPy where there are none, one measure after the other, a loop for the bootstrap. Like for like:
the same definitions on the same numbers of rows, queries, keys, directions, folds and starts (the peer reads
the caps from repscope's constants), and the values of every measure are compared in the run, which fails when
one differs. The peer bootstraps the item means and gives no other interval; it computes no controls (ours
computes four).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from benchmarks.harness import charge
from benchmarks.measures_data import CLASSES, data

EXACT = 1e-4
"""Largest relative difference of measures that both compute on the same rows."""

TIES = "places among cosines that float32 cannot tell apart are shared"
TOLERANCES = {
    **dict.fromkeys(
        (
            "top1.true",
            "top5.true",
            "mrr.true",
            "recall@1",
            "recall@5",
            "recall@10",
            "mixed.recall@10",
            "mixed.ndcg@10",
            "hub.share",
        ),
        (1e-3, TIES),
    ),
    "hub.skew": (5e-3, "of texts that float32 cannot tell apart, ours takes the first"),
    "gap.auc": (1e-3, "the fit stops within a tolerance"),
    "dimension.twonn": (1e-3, "distances of near neighbours in float32"),
    "cluster.v": (0.02, "k-means may stop at another optimum after rounding"),
    "wasserstein.sliced": (0.05, "its 128 directions are random, ours orthogonal"),
    "frechet.infinity": (0.05, "of frechet; the halves are random"),
}
"""Wider tolerances, relative, with the reason."""

BOOTSTRAPS = 11
"""Item means that the peer bootstraps."""


def ours(n: int, d: int, controls: bool) -> Iterator[dict[str, Any]]:
    """The table of ``compare`` on arrays, charged from the first yield to the second."""
    from repscope.measure.comparison.compare_arrays import compare_arrays

    before, after, texts, labels, images = data(n, d)
    yield {}
    found = compare_arrays(before, after, texts, item_keys=labels, clusters=images, controls=controls)
    yield {name: [row.before.value, row.after.value] for name, row in found.table.items()}


def disagreements(own: Mapping[str, list[float]], other: Mapping[str, list[float]]) -> dict[str, str]:
    """Measures of both whose values differ by more than their tolerance, with the values."""
    found = {}
    for name in own.keys() & other.keys():
        tolerance = TOLERANCES.get(name, (EXACT, ""))[0]
        # A limit near zero is small beside what it was extrapolated from.
        scales = other["frechet" if name == "frechet.infinity" else name]
        for stage, a, b, scale in zip(("before", "after"), own[name], other[name], scales, strict=True):
            # Around zero a relative difference has no meaning; float32 rows carry 1e-6.
            if not abs(a - b) <= max(tolerance * abs(scale), 1e-6):
                found[name] = f"{stage}: {a!r}, peer {b!r}"
    return found


def run(n: int = 100_000, d: int = 512) -> list[str]:
    """Lines of the benchmark's table.

    Raises:
        RuntimeError: a measure differs from the peer's, or one of the table has no peer.
    """
    own, controlled, other = (
        charge("benchmarks.measures:ours", n, d, False),
        charge("benchmarks.measures:ours", n, d, True),
        charge("benchmarks.measures_peer:peer", n, d),
    )
    missing = sorted(own.record.keys() ^ other.record.keys())
    differing = disagreements(own.record, other.record)
    if missing or differing:
        raise RuntimeError(f"not like for like: {differing}; only on one side: {missing}")
    wider = sorted({TOLERANCES[name] for name in own.record if name in TOLERANCES})
    reasons = [
        f"{tolerance:g} for {_list(name for name in own.record if TOLERANCES.get(name) == (tolerance, why))} "
        f"({why})"
        for tolerance, why in wider
    ]
    lines = [
        f"`compare`'s table, {n:,} × {d} against {CLASSES:,} class texts, before and after: "
        f"{len(own.record)} measures; the peer's with {BOOTSTRAPS} bootstraps, no controls and no other "
        "intervals.",
        "",
        f"All {len(own.record)} measures agree with the peer's, before and after. Relative tolerances: "
        f"{EXACT:g}; {'; '.join(reasons)}.",
        "",
        "| | CPU-s | ratio | peak memory beyond the input | ratio |",
        "|---|---|---|---|---|",
    ]
    for name, cost in (
        ("peer: scikit-learn, torchmetrics, NumPy", other),
        ("repscope, all intervals", own),
        ("repscope, all intervals and controls", controlled),
    ):
        lines.append(
            f"| {name} | {cost.cpu:.1f} | {cost.cpu / other.cpu:.2f} | {cost.peak / 2**20:,.0f} MiB "
            f"| {cost.peak / other.peak:.2f} |"
        )
    return lines


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
