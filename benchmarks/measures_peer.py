"""The table's measures as a careful user writes them, without repscope: library calls, plain NumPy, loops.

Same definitions, same rows: the caps are repscope's own constants, and samples are drawn by the same recipe
(``numpy.random.default_rng(seed).choice`` without replacement), so that both sides do the same work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.measures_data import CLASSES, data
from repscope.measure.alignment import clustering, hubs, hypersphere, mixed, separability
from repscope.measure.comparison.compare_arrays import BANDWIDTH_ROWS
from repscope.measure.core import sampled
from repscope.measure.core.resample import RESAMPLES
from repscope.measure.core.stage import NEIGHBOUR_ROWS
from repscope.measure.distribution import frechet_limit, kernels, manifold
from repscope.measure.distribution import sliced as slicing
from repscope.measure.geometry.dimension import DISCARD

Array = np.ndarray
SEED = 0


def draw(n: int, most: int, seed: int = SEED) -> Array:
    """All rows, or ``most`` of them."""
    return np.arange(n) if n <= most else np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def peer(n: int, d: int) -> Iterator[dict[str, Any]]:
    """Everything for both stages, charged from the first yield to the second."""
    from sklearn.metrics import pairwise_distances
    from sklearn.preprocessing import normalize

    before, after, texts, labels, images = data(n, d)
    yield {}
    text = normalize(texts)
    # One ruler for both stages.
    pool = np.vstack([normalize(before[:BANDWIDTH_ROWS]), text[:BANDWIDTH_ROWS]])
    pool = pool[draw(len(pool), kernels.BANDWIDTH_ROWS)].astype(np.float64)
    distances = pairwise_distances(pool)
    sigma = float(np.median(distances[np.triu_indices(len(pool), 1)]))
    found = []
    for raw in (before, after):
        x = normalize(raw)
        table = {
            **_matches(x, text, labels, images, raw),
            **_moments(x, text, raw),
            **_pairs(x, text, sigma),
            **_fits(x, text, labels, images),
            **_mixed(x, text, labels),
        }
        table |= _limit(x, text, images, table["frechet"])
        table["gap.rmg"] = _relative_gap(table["cosine.true"], table["spread.cosine"], text)
        found.append(table)
    yield {name: [found[0][name], found[1][name]] for name in found[0]}


def _bootstrap(values: Array, images: Array) -> list[float]:
    """One bootstrap a measure, over images, as in every tutorial."""
    rng = np.random.default_rng(SEED)
    sums, counts = np.bincount(images, values), np.bincount(images)
    means = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        drawn = rng.integers(0, len(sums), len(sums))
        means[i] = sums[drawn].sum() / counts[drawn].sum()
    return np.quantile(means, [0.025, 0.975]).tolist()


def _matches(x: Array, text: Array, labels: Array, images: Array, raw: Array) -> dict[str, float]:
    import torch
    from scipy.stats import skew
    from torchmetrics.functional.pairwise import pairwise_cosine_similarity

    n, found = len(x), {}
    cosines = pairwise_cosine_similarity(torch.from_numpy(x), torch.from_numpy(text)).numpy()
    order = np.argsort(-cosines, axis=1)
    rank = np.argmax(order == labels[:, None], axis=1) + 1
    true = cosines[np.arange(n), labels]
    other = cosines.copy()
    other[np.arange(n), labels] = -np.inf
    per_item = {
        "cosine.true": true, "cosine.max": cosines.max(axis=1), "top1.true": rank <= 1,
        "top5.true": rank <= 5, "mrr.true": 1 / rank, "margin.true": true - other.max(axis=1),
        "recall@1": rank <= 1, "recall@5": rank <= 5, "recall@10": rank <= 10,
        "alignment": ((x - text[labels]) ** 2).sum(axis=1), "norm.mean": np.linalg.norm(raw, axis=1),
    }  # fmt: skip
    for name, values in per_item.items():
        found[name] = float(np.mean(values, dtype=np.float64))
        _bootstrap(np.asarray(values, float), images)
    back = np.argsort(-cosines.T, axis=1)[:, :10]
    own = labels[back] == np.arange(CLASSES)[:, None]
    used = np.unique(labels)
    for k in (1, 5, 10):
        found[f"recall@{k}.reverse"] = float(own[used, :k].any(axis=1).mean())
    found["hub.share"] = float(np.bincount(order[:, 0]).max() / n)
    found["hub.skew"] = float(skew(np.bincount(order[:, : hubs.K].ravel(), minlength=CLASSES)))
    return found


def _moments(x: Array, text: Array, raw: Array) -> dict[str, float]:
    n, found = len(x), {}
    found["gap.l2"] = float(np.linalg.norm(x.mean(axis=0) - text.mean(axis=0)))
    found["norm.sd"] = float(np.linalg.norm(raw, axis=1).std(ddof=1))
    found["spread.total"] = float(raw.var(axis=0, ddof=1).sum())
    found["spread.cosine"] = float(x.var(axis=0, ddof=1, dtype=np.float64).sum())
    found["cosine.mean"] = 1 - found["spread.cosine"]
    found["std.min"] = float(x.std(axis=0, ddof=1).min())
    s = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    p = s / s.sum()
    found["rank.entropy"] = float(np.exp(-(p * np.log(p)).sum()))
    found["rank.participation"] = float((s**2).sum() ** 2 / (s**4).sum())
    found["rank.stable"] = float((s**2).sum() / s[0] ** 2)
    s = np.linalg.svd(x, compute_uv=False)
    p = s / s.sum() + 1e-7
    found["rank.rankme"] = float(np.exp(-(p * np.log(p)).sum()))
    along = x @ np.linalg.eigh(x.T @ x)[1]
    sums = np.concatenate([np.exp(along).sum(axis=0), np.exp(-along).sum(axis=0)])
    found["isotropy"] = float(sums.min() / sums.max())
    p = np.linalg.eigvalsh(x.T @ x / n)
    p = p[p > 0]
    found["vendi"] = float(np.exp(-(p * np.log(p)).sum()))
    found["frechet"] = _frechet(x, text)
    return found


def _frechet(x: Array, y: Array) -> float:
    cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    shared = np.sqrt(np.linalg.eigvals(cov_x @ cov_y).astype(complex)).sum().real
    shift = ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
    return float(shift + np.trace(cov_x) + np.trace(cov_y) - 2 * shared)


def _limit(x: Array, text: Array, images: Array, whole: float) -> dict[str, float]:
    """The limit N → ∞ of the Fréchet distance, where rows are enough for one."""
    if min(len(x), len(text)) <= 3 * x.shape[1]:
        return {}
    rng = np.random.default_rng(SEED)
    halves = []
    for _ in range(frechet_limit.SPLITS):
        item, row = rng.permutation(images.max() + 1)[images] % 2, rng.permutation(len(text)) % 2
        halves += [_frechet(x[item == half], text[row == half]) for half in (0, 1)]
    return {"frechet.infinity": 2 * whole - float(np.mean(halves))}


def _pairs(x: Array, text: Array, sigma: float) -> dict[str, float]:
    """What costs pairs of rows, on samples."""
    from sklearn.metrics import pairwise_distances
    from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel
    from sklearn.neighbors import NearestNeighbors

    found = {}
    rows = x[draw(len(x), hypersphere.MAX_ROWS)]
    squares = pairwise_distances(rows, metric="sqeuclidean")
    np.fill_diagonal(squares, np.inf)
    found["uniformity"] = float(np.log(np.exp(-2 * squares).sum() / len(rows) / (len(rows) - 1)))

    xs = x[draw(len(x), sampled.MAX_ROWS)].astype(np.float64)
    ys = text[draw(len(text), sampled.MAX_ROWS, SEED + 1)].astype(np.float64)
    for name, kernel in (("mmd", lambda a, b: rbf_kernel(a, b, 0.5 / sigma**2)), ("kid", polynomial_kernel)):
        within = [(k.sum() - np.trace(k)) / len(k) / (len(k) - 1) for k in (kernel(xs, xs), kernel(ys, ys))]
        found[name] = float(sum(within) - 2 * kernel(xs, ys).mean())
    d_xx, d_yy, d_xy = pairwise_distances(xs), pairwise_distances(ys), pairwise_distances(xs, ys)
    means = [one.sum() / len(one) / (len(one) - 1) for one in (d_xx, d_yy)]
    found["energy"] = float(2 * d_xy.mean() - sum(means))
    radius_x, radius_y = (np.sort(one, axis=1)[:, manifold.K] for one in (d_xx, d_yy))
    found["precision"] = float((d_xy <= radius_y).any(axis=1).mean())
    found["recall"] = float((radius_x >= d_xy.T).any(axis=1).mean())
    found["density"] = float((d_xy <= radius_y).sum(axis=1).mean() / manifold.K)
    found["coverage"] = float((d_xy <= radius_y).any(axis=0).mean())

    xs = x[draw(len(x), slicing.MAX_ROWS)].astype(np.float64)
    ys = text[draw(len(text), slicing.MAX_ROWS, SEED + 1)].astype(np.float64)
    # Both quantile functions on one grid: exact where one size divides the other.
    grid = np.arange(max(len(xs), len(ys)))
    rng = np.random.default_rng(SEED)
    costs = []
    for _ in range(slicing.DIRECTIONS):
        u = rng.standard_normal(x.shape[1])
        u /= np.linalg.norm(u)
        a, b = np.sort(xs @ u), np.sort(ys @ u)
        costs.append(((a[grid * len(a) // len(grid)] - b[grid * len(b) // len(grid)]) ** 2).mean())
    found["wasserstein.sliced"] = float(np.sqrt(np.mean(costs)))

    rows = x[draw(len(x), NEIGHBOUR_ROWS)]
    two = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(rows).kneighbors(rows)[0]
    ratio = np.sort(np.log(two[:, 2] / two[:, 1]))
    kept = int(len(ratio) * (1 - DISCARD))
    empirical = -np.log1p(-np.arange(1, kept + 1) / len(ratio))
    found["dimension.twonn"] = float(ratio[:kept] @ empirical / (ratio[:kept] @ ratio[:kept]))
    return found


def _fits(x: Array, text: Array, labels: Array, images: Array) -> dict[str, float]:
    from sklearn.cluster import KMeans
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score, v_measure_score
    from sklearn.model_selection import StratifiedGroupKFold

    found = {}
    rows, others = draw(len(x), separability.MAX_ROWS), draw(len(text), separability.MAX_ROWS)
    both = np.vstack([x[rows], text[others]]).astype(np.float64)
    side = np.r_[np.ones(len(rows), bool), np.zeros(len(others), bool)]
    groups = np.r_[images[rows], images.max() + 1 + np.arange(len(others))]
    wins, pairs = 0.0, 0
    folds = StratifiedGroupKFold(separability.FOLDS, shuffle=True, random_state=SEED)
    for train, test in folds.split(both, side, groups):
        centre = both[train].mean(axis=0)
        scale = np.sqrt(((both[train] - centre) ** 2).sum(axis=1).mean())
        model = LogisticRegression(C=separability.INVERSE_PENALTY, max_iter=1000, class_weight="balanced")
        model.fit((both[train] - centre) / scale, side[train])
        here = side[test].sum() * (~side[test]).sum()
        wins += here * roc_auc_score(side[test], model.decision_function((both[test] - centre) / scale))
        pairs += here
    found["gap.auc"] = float(max(wins / pairs, 0.5))

    keys = draw(CLASSES, clustering.MAX_KEYS)
    rows, others = np.flatnonzero(np.isin(labels, keys)), keys
    rows = rows[draw(len(rows), clustering.MAX_ROWS)]
    model = KMeans(len(keys), n_init=clustering.N_INIT, random_state=SEED)
    clusters = model.fit_predict(np.vstack([x[rows], text[others]]))
    found["cluster.v"] = float(v_measure_score(np.r_[labels[rows], others], clusters))
    return found


def _mixed(x: Array, text: Array, labels: Array) -> dict[str, float]:
    from sklearn.neighbors import NearestNeighbors

    k = mixed.K
    union, keys = np.vstack([x, text]), np.r_[labels, np.arange(CLASSES)]
    queries = draw(len(x), mixed.MAX_QUERIES)
    near = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(union).kneighbors(x[queries])[1][:, 1:]
    good = keys[near] == labels[queries, None]
    relevant = np.bincount(keys)[labels[queries]] - 1
    discount = 1 / np.log2(np.arange(2, k + 2))
    gains = [
        float((g * discount).sum() / discount[: min(k, r)].sum()) for g, r in zip(good, relevant, strict=True)
    ]
    return {
        f"mixed.recall@{k}": float((good.sum(axis=1) / relevant).mean()),
        f"mixed.ndcg@{k}": float(np.mean(gains)),
    }


def _relative_gap(true: float, spread: float, text: Array) -> float:
    within = (spread + text.var(axis=0, ddof=1).sum()) / 2
    return float((1 - true) / (1 - true + within))
