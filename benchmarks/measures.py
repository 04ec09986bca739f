"""The measure table of ``compare`` against the same measures from scikit-learn, torchmetrics and NumPy.

The peer is what a careful user writes: library calls where there are some, plain NumPy where there
are none, one measure after the other, a loop for the bootstrap. It measures the same quantities
and computes no controls (ours computes three).

The row caps differ, so the ratio is not yet a fair one. Mixed search: ours 2,000 queries, the peer 5,000;
`gap.auc`: ours 2,000 rows, the peer 6,000; sliced Wasserstein: ours 20,000 rows, the peer all; TwoNN: ours
10,000 rows, the peer 5,000. That the values agree is not checked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.harness import charge

CLASSES = 1000
RESAMPLES = 2000
PAIRWISE_ROWS = 5000


def data(n: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Before, after, class texts, class of each row, image of each row."""
    rng = np.random.default_rng(0)
    texts = rng.standard_normal((CLASSES, d), dtype=np.float32)
    labels = rng.integers(0, CLASSES, n)
    noise = rng.standard_normal((n, d), dtype=np.float32)
    gap = rng.standard_normal(d, dtype=np.float32)
    before = texts[labels] + 2 * noise + gap
    after = texts[labels] + 1.6 * noise
    return before, after, texts, labels, np.arange(n) // 4


def ours(n: int, d: int, controls: bool) -> Iterator[dict[str, Any]]:
    from repscope.measure.comparison import compare_arrays

    before, after, texts, labels, images = data(n, d)
    yield {}
    found = compare_arrays(before, after, texts, item_keys=labels, clusters=images, controls=controls)
    yield {name: [row.before.value, row.after.value] for name, row in found.table.items()}


def peer(n: int, d: int) -> Iterator[dict[str, Any]]:
    import torch
    from scipy.stats import skew
    from sklearn.cluster import KMeans
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import pairwise_distances, roc_auc_score, v_measure_score
    from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel
    from sklearn.model_selection import cross_val_predict
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import normalize
    from torchmetrics.functional.pairwise import pairwise_cosine_similarity

    before, after, texts, labels, images = data(n, d)
    yield {}
    rng = np.random.default_rng(0)
    text = normalize(texts)

    def bootstrap(values: np.ndarray) -> list[float]:
        # One bootstrap per measure, over images, as in every tutorial.
        sums = np.bincount(images[: len(values)], values)
        counts = np.bincount(images[: len(values)])
        means = np.empty(RESAMPLES)
        for i in range(RESAMPLES):
            drawn = rng.integers(0, len(sums), len(sums))
            means[i] = sums[drawn].sum() / counts[drawn].sum()
        return np.quantile(means, [0.025, 0.975]).tolist()

    def table(raw: np.ndarray) -> dict[str, float]:
        found: dict[str, float] = {}
        x = normalize(raw)
        cosines = pairwise_cosine_similarity(torch.from_numpy(x), torch.from_numpy(text)).numpy()
        order = np.argsort(-cosines, axis=1)
        rank = np.argmax(order == labels[:, None], axis=1) + 1
        true = cosines[np.arange(n), labels]
        other = cosines.copy()
        other[np.arange(n), labels] = -np.inf
        per_item = {
            "cosine.true": true, "cosine.max": cosines.max(axis=1), "top1.true": rank <= 1,
            "top5.true": rank <= 5, "mrr.true": 1 / rank, "margin.true": true - other.max(axis=1),
            "recall@10": rank <= 10, "alignment": ((x - text[labels]) ** 2).sum(axis=1),
            "norm.mean": np.linalg.norm(raw, axis=1),
        }  # fmt: skip
        for name, values in per_item.items():
            found[name] = float(np.mean(values))
            bootstrap(np.asarray(values, float))
        back = np.argsort(-cosines.T, axis=1)
        found["recall@10.reverse"] = float(
            np.mean([np.any(labels[back[k, :10]] == k) for k in range(CLASSES)])
        )
        nearest = order[:, 0]
        found["hub.share"] = float(np.bincount(nearest).max() / n)
        found["hub.skew"] = float(skew(np.bincount(order[:, :10].ravel(), minlength=CLASSES)))
        found["gap.l2"] = float(np.linalg.norm(x.mean(axis=0) - text.mean(axis=0)))
        found["norm.sd"] = float(np.linalg.norm(raw, axis=1).std(ddof=1))
        found["spread.total"] = float(raw.var(axis=0, ddof=1).sum())
        found["std.min"] = float(x.std(axis=0, ddof=1).min())
        centred = x - x.mean(axis=0)
        s = np.linalg.svd(centred, compute_uv=False)
        p = s / s.sum()
        found["rank.entropy"] = float(np.exp(-(p * np.log(p)).sum()))
        found["rank.participation"] = float((s**2).sum() ** 2 / (s**4).sum())
        found["rank.stable"] = float((s**2).sum() / s[0] ** 2)
        s = np.linalg.svd(x, compute_uv=False)
        p = s / s.sum() + 1e-7
        found["rank.rankme"] = float(np.exp(-(p * np.log(p)).sum()))
        sample = rng.choice(n, PAIRWISE_ROWS, replace=False)
        xs = x[sample]
        distance = pairwise_distances(xs, metric="cosine")
        found["spread.cosine"] = float(distance.sum() / PAIRWISE_ROWS / (PAIRWISE_ROWS - 1))
        squared = pairwise_distances(xs, metric="sqeuclidean")
        np.fill_diagonal(squared, np.inf)
        found["uniformity"] = float(np.log(np.exp(-2 * squared).sum() / PAIRWISE_ROWS / (PAIRWISE_ROWS - 1)))
        both, side = np.vstack([xs, text]), np.r_[np.ones(PAIRWISE_ROWS), np.zeros(CLASSES)]
        scores = cross_val_predict(
            LogisticRegression(max_iter=1000), both, side, cv=5, method="decision_function"
        )
        found["gap.auc"] = float(roc_auc_score(side, scores))
        clusters = KMeans(CLASSES // 10, n_init=1, random_state=0).fit_predict(both)
        found["cluster.v"] = float(v_measure_score(np.r_[labels[sample], np.arange(CLASSES)], clusters))
        union = np.vstack([x, text])
        union_labels = np.r_[labels, np.arange(CLASSES)]
        hits, gains = [], []
        discount = 1 / np.log2(np.arange(2, 12))
        for start in range(0, PAIRWISE_ROWS, 500):
            rows = sample[start : start + 500]
            near = (
                NearestNeighbors(n_neighbors=11, algorithm="brute").fit(union).kneighbors(x[rows])[1][:, 1:]
            )
            good = union_labels[near] == labels[rows, None]
            relevant = np.bincount(union_labels)[labels[rows]] - 1
            hits += (good.sum(axis=1) / relevant).tolist()
            gains += [
                float((g * discount).sum() / discount[: min(10, r)].sum())
                for g, r in zip(good, relevant, strict=True)
            ]
        found["mixed.recall@10"], found["mixed.ndcg@10"] = float(np.mean(hits)), float(np.mean(gains))
        cov_x, cov_y = np.cov(x, rowvar=False), np.cov(text, rowvar=False)
        eigenvalues = np.linalg.eigvals(cov_x @ cov_y)
        shift = ((x.mean(axis=0) - text.mean(axis=0)) ** 2).sum()
        found["frechet"] = float(
            shift + np.trace(cov_x) + np.trace(cov_y) - 2 * np.sqrt(eigenvalues).sum().real
        )
        gamma = 1 / np.median(pairwise_distances(both, metric="sqeuclidean"))
        for name, kernel in (
            ("mmd", lambda a, b: rbf_kernel(a, b, gamma)),
            ("kid", polynomial_kernel),
        ):
            k_xx, k_yy, k_xy = kernel(xs, xs), kernel(text, text), kernel(xs, text)
            within = [(k.sum() - np.trace(k)) / len(k) / (len(k) - 1) for k in (k_xx, k_yy)]
            found[name] = float(sum(within) - 2 * k_xy.mean())
        d_xx, d_yy, d_xy = pairwise_distances(xs), pairwise_distances(text), pairwise_distances(xs, text)
        found["energy"] = float(
            2 * d_xy.mean() - d_xx.sum() / PAIRWISE_ROWS / (PAIRWISE_ROWS - 1) - d_yy.mean()
        )
        radius_x = np.sort(d_xx, axis=1)[:, 5]
        radius_y = np.sort(d_yy, axis=1)[:, 5]
        found["precision"] = float((d_xy <= radius_y).any(axis=1).mean())
        found["recall"] = float((radius_x >= d_xy.T).any(axis=1).mean())
        found["density"] = float((d_xy <= radius_y).sum(axis=1).mean() / 5)
        found["coverage"] = float((d_xy.min(axis=0) <= radius_y).mean())
        directions = normalize(rng.standard_normal((128, d)))
        quantiles = np.linspace(0, 1, 1000)
        found["wasserstein.sliced"] = float(
            np.mean(
                [
                    np.abs(np.quantile(x @ u, quantiles) - np.quantile(text @ u, quantiles)).mean()
                    for u in directions
                ]
            )
        )
        eigenvalues = np.linalg.eigvalsh(x.T @ x / n)
        eigenvalues = eigenvalues[eigenvalues > 0]
        found["vendi"] = float(np.exp(-(eigenvalues * np.log(eigenvalues)).sum()))
        two = NearestNeighbors(n_neighbors=3).fit(xs).kneighbors(xs)[0]
        found["dimension.twonn"] = float(1 / np.log(two[:, 2] / two[:, 1]).mean())
        return found

    first, second = table(before), table(after)
    yield {name: [first[name], second[name]] for name in first}


def run(n: int = 100_000, d: int = 512) -> list[str]:
    """Lines of the benchmark's table."""
    own, controlled, other = (
        charge("benchmarks.measures:ours", n, d, False),
        charge("benchmarks.measures:ours", n, d, True),
        charge("benchmarks.measures:peer", n, d),
    )
    shared = [name for name in other.record if name in own.record]
    lines = [
        f"`compare`'s table, {n:,} × {d} against {CLASSES:,} class texts, before and after "
        f"({len(own.record)} measures; "
        f"the peer computes {len(shared)} of them, bootstraps 9, has no controls and no other intervals)",
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
