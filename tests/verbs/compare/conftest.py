"""Comparisons built by hand, so that the report is tested without measuring anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.helpers.page import Element, read_page

from repscope.measure.catalogue.measures import MEASURES, measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult, SimilarityResult
from repscope.measure.verdict.rules import Evidence, Verdict, judge
from repscope.verbs.compare.result import Comparison

Build = Callable[..., Comparison]

BOOTSTRAP = "bootstrap over 250 clusters, 2,000 resamples"
JACKKNIFE = "delete-group jackknife, 50 groups"

Numbers = tuple[float, float, float, tuple[float, float, float]]

# name: before, after, half width of the interval of the difference, controls (noise, collapse, snap)
ALIGNED: dict[str, Numbers] = {
    "cosine.true": (0.241, 0.583, 0.014, (-0.031, 0.122, 0.214)),
    "cosine.max": (0.305, 0.611, 0.012, (-0.044, 0.104, 0.695)),
    "top1.true": (0.412, 0.661, 0.028, (-0.151, -0.378, 0.0)),
    "top5.true": (0.688, 0.871, 0.023, (-0.162, -0.488, -0.277)),
    "mrr.true": (0.534, 0.752, 0.021, (-0.144, -0.438, -0.061)),
    "margin.true": (-0.064, 0.012, 0.009, (-0.018, 0.021, -0.153)),
    "recall@1": (0.412, 0.661, 0.028, (-0.151, -0.378, 0.0)),
    "recall@10": (0.802, 0.934, 0.019, (-0.131, -0.551, -0.391)),
    "gap.l2": (0.8514, 0.2133, 0.011, (-0.031, 0.102, -0.721)),
    "gap.auc": (0.998, 0.713, 0.02, (-0.001, 0.002, -0.498)),
    "hub.share": (0.061, 0.058, 0.018, (0.041, 0.939, 0.0)),
    "hub.skew": (1.812, 1.324, 0.31, (0.412, 12.31, -0.2)),
    "energy": (0.6631, 0.1204, 0.014, (-0.012, 0.331, -0.601)),
    "frechet": (0.7421, 0.1533, 0.012, (0.031, 0.188, -0.62)),
    "norm.mean": (10.42, 1.0, 0.04, (0.0, -9.42, -9.42)),
    "spread.cosine": (0.4021, 0.4413, 0.008, (0.092, -0.402, 0.112)),
    "rank.entropy": (118.4, 121.9, 2.1, (31.2, -117.4, -61.0)),
    "rank.stable": (8.31, 8.77, 0.42, (3.2, -7.31, -2.1)),
}
COLLAPSED = ALIGNED | {
    "cosine.true": (0.241, 0.322, 0.014, (-0.031, 0.122, 0.214)),
    "cosine.max": (0.305, 0.999, 0.004, (-0.044, 0.104, 0.695)),
    "top1.true": (0.412, 0.061, 0.028, (-0.151, -0.378, 0.0)),
    "mrr.true": (0.534, 0.121, 0.021, (-0.144, -0.438, -0.061)),
    "margin.true": (-0.064, -0.712, 0.009, (-0.018, 0.021, -0.153)),
    "hub.share": (0.061, 1.0, 0.018, (0.041, 0.939, 0.0)),
    "spread.cosine": (0.4021, 0.00041, 0.008, (0.092, -0.402, 0.112)),
}


def measured(name: str, numbers: Numbers, n: int = 250) -> MeasureResult:
    """A row of the table with plausible intervals."""
    before, after, half, (noise, collapse, snap) = numbers
    info = measure_info(name)
    jackknifed = info.group == "geometry" or name.startswith(("hub", "gap", "energy", "frechet"))
    method = JACKKNIFE if jackknifed else BOOTSTRAP
    p = 0.00049975 if abs(after - before) > half else 0.31
    controls = {"identity": 0.0, "noise": noise, "collapse": collapse, "snap": snap}
    if info.group == "distribution":
        controls["floor"] = 0.011 - before
    return MeasureResult(
        info,
        Estimate(before, before - half, before + half, 0.95, n, method),
        Estimate(after, after - half, after + half, 0.95, n, method),
        Difference(
            after - before,
            after - before - half,
            after - before + half,
            0.95,
            n,
            f"paired {method}; t-test p" if jackknifed else f"{method}; sign-flip p",
            p,
            min(1.0, 1.7 * p),
        ),
        controls,
        (before * 0.9, before * 1.1) if info.group == "geometry" else None,
    )


def items_table(n: int = 400, seed: int = 0, **extra: Any) -> pa.Table:
    """One row an item, with all the columns that a comparison records."""
    rng = np.random.default_rng(seed)
    before = rng.integers(1, 20, n).astype(float)
    after = np.maximum(before - rng.integers(-4, 9, n), 1.0)
    words = np.array(["cat", "dog", "tram", "espresso", "violin", "harbour"])
    true = rng.uniform(0.1, 0.5, n)
    columns: dict[str, Any] = {
        "id": [f"img-{i // 4:04d}#{i % 4}" for i in range(n)],
        "label": words[rng.integers(0, 6, n)].tolist(),
        "text": [f"a photograph of thing number {i}" for i in range(n)],
        "image_id": [f"img-{i // 4:04d}" for i in range(n)],
        "true_before": true,
        "true_after": true + rng.normal(0.2, 0.1, n),
        "max_before": true + 0.1,
        "max_after": true + 0.3,
        "rank_before": before,
        "rank_after": after,
        "predicted_before": words[rng.integers(0, 6, n)].tolist(),
        "predicted_after": words[rng.integers(0, 6, n)].tolist(),
        "displacement": rng.gamma(4.0, 0.2, n),
        "angle": rng.uniform(5, 80, n),
        "neighbours_kept": rng.uniform(0, 1, n),
    }
    return pa.table(columns | extra)


def build(
    table: Mapping[str, Numbers] = ALIGNED,
    *,
    verdict: Verdict | None = None,
    linked: bool = True,
    **changes: Any,
) -> Comparison:
    """A comparison whose verdict follows from its table, or is the one that is given."""
    rows = {name: measured(name, table[name]) for name in MEASURES if name in table}
    if not linked:
        rows = {name: row for name, row in rows.items() if measure_info(name).needs != "link"}
    evidence = Evidence(clusters=250, linked=linked, label_share=0.05, reference="text")
    comparison = Comparison(
        before="visual_before",
        after="visual_after",
        reference="text",
        on="label" if linked else None,
        cluster="image_id",
        n=1000,
        clusters=250,
        without_truth=0,
        seed=0,
        fingerprints={
            "visual_before": "a1b2c3d4" * 8,
            "visual_after": "0f1e2d3c" * 8,
            "text": "99aa88bb" * 8,
        },
        replay=(
            "repscope compare bridge-study visual_before visual_after --reference text --on label "
            "--cluster image_id --method tsne --seed 0"
        ),
        version="0.1.0",
        measures=tuple(rows.values()),
        undefined={"cluster.v": "expected more items than keys; got one item for every key"},
        similarity=tuple(
            SimilarityResult(
                name, Estimate(value, value - 0.02, value + 0.02, 0.95, 250, JACKKNIFE), 0.01, 0.04, 0.001
            )
            for name, value in {"cka.debiased": 0.712, "rsa": 0.633, "knn.jaccard": 0.288}.items()
        ),
        change={
            "shares": {"shift": 0.52, "rotation": 0.21, "scale": 0.02, "linear": 0.16, "residual": 0.09},
            "displacement": 0.8123,
        },
        verdict=verdict or judge(rows, evidence),
        items=items_table(),
        classes_without_items=("espresso machine", "zebra crossing"),
        notes=("998 items are in both stages; 2 only in 'visual_before' were left out",),
        provenance={
            name: {
                "model": "openai/clip-vit-base-patch32",
                "weights": "sha256:5bd2…",
                "dtype": "float16",
                "versions": {"python": "3.12.3", "repscope": "0.1.0", "torch": "2.13.0"},
                "command": f"repscope extract photos --study bridge-study --as {name}",
            }
            for name in ("visual_before", "visual_after", "text")
        },
    )
    return replace(comparison, **changes)


@pytest.fixture(scope="session")
def make() -> Build:
    """:func:`build`."""
    return build


@pytest.fixture
def aligned() -> Comparison:
    """A transform that helped."""
    return build()


@pytest.fixture
def collapsed() -> Comparison:
    """A transform that max-cosine would have praised."""
    return build(COLLAPSED)


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Element]:
    """A page as a tree."""
    return read_page
