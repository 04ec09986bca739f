"""Maps: one fit for all sets, exact repeats, recorded caps, behaviour on clusters, missing packages."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from repscope.errors import DependencyError, InputError, UnknownNameError, VectorError
from repscope.maps import Projection, project
from repscope.maps.fit import Method
from repscope.maps.reduce import _start, principal

METHODS: tuple[Method, ...] = ("tsne", "umap", "pca")
CLUSTERS = 6


def clusters(n: int, seed: int, d: int = 20) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    centres = np.random.default_rng(0).standard_normal((CLUSTERS, d))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLUSTERS, n)
    return (centres[labels] + 0.3 * rng.standard_normal((n, d))).astype(np.float32), labels


@pytest.fixture(scope="module")
def sets() -> dict[str, NDArray[Any]]:
    return {"before": clusters(150, 1)[0], "after": clusters(150, 2)[0] * 5, "text": clusters(20, 3)[0]}


@pytest.fixture(scope="module")
def maps(sets: dict[str, NDArray[Any]]) -> dict[str, Projection]:
    return {method: project(sets, method=method) for method in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_every_set_has_its_points(maps: dict[str, Projection], method: Method) -> None:
    shown = maps[method]
    assert {name: points.shape for name, points in shown.coordinates.items()} == {
        "before": (150, 2),
        "after": (150, 2),
        "text": (20, 2),
    }
    assert shown.joint.shape == (320, 2)
    assert shown.joint.dtype == np.float64
    assert np.isfinite(shown.joint).all()
    assert np.array_equal(shown.rows["text"], np.arange(20))
    assert shown.point_scores is not None
    assert shown.point_scores["text"].shape == (20,)
    assert shown.parameters["metric"] == "cosine"


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_repeats_bit_for_bit(
    sets: dict[str, NDArray[Any]], maps: dict[str, Projection], method: Method
) -> None:
    again = project(sets, method=method)
    assert np.array_equal(again.joint, maps[method].joint)
    assert str(again.faithfulness) == str(maps[method].faithfulness)
    other = project(sets, method=method, seed=1)
    assert np.array_equal(other.joint, maps[method].joint) == (method == "pca")


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_clusters_stay_together_across_sets(method: Method) -> None:
    """As openTSNE tests itself: labels of one set are read off the map from the points of another."""
    x, labels = clusters(150, 1)
    y, other_labels = clusters(100, 2)
    shown = project({"x": x, "y": y}, method=method)
    reader = KNeighborsClassifier(5)
    start = _start(np.concatenate([x, y]).astype(np.float64), "random", 0)
    before = reader.fit(start[:150], labels).score(start[150:], other_labels)
    after = reader.fit(shown.coordinates["x"], labels).score(shown.coordinates["y"], other_labels)
    assert before < 0.5
    assert after > 0.95
    assert (shown.faithfulness.trustworthiness or 0) > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_copies_in_two_sets_lie_together(method: Method) -> None:
    """An identity transform must look like one: the fit is joint."""
    x, _ = clusters(120, 4)
    shown = project({"before": x, "after": x.copy()}, method=method)
    apart = np.linalg.norm(shown.coordinates["before"] - shown.coordinates["after"], axis=1)
    radius = np.linalg.norm(shown.joint - shown.joint.mean(axis=0), axis=1).mean()
    # UMAP holds points of a pair at min_dist from each other.
    assert np.median(apart) < (0.1 if method == "umap" else 0.02) * radius


def test_pca_equals_scikit_learn() -> None:
    for n, d in ((60, 8), (8, 60), (30, 30)):
        x = np.random.default_rng(n).standard_normal((n, d)) * np.arange(1, d + 1)
        shown = project({"x": x}, method="pca", unit=False)
        peer = PCA(2, svd_solver="full").fit(x)
        expected = peer.transform(x)
        signs = np.sign((shown.joint * expected).sum(axis=0))
        assert shown.joint == pytest.approx(expected * signs, abs=1e-9 * d)
        assert shown.explained_variance == pytest.approx(peer.explained_variance_ratio_, abs=1e-12)
        assert (peer.components_ * signs[:, None]).max() == pytest.approx(np.abs(peer.components_).max())


def test_pca_of_unit_rows_ignores_length() -> None:
    x, _ = clusters(50, 5)
    lengths = np.random.default_rng(0).uniform(0.1, 10, (50, 1))
    one, other = project({"x": x}, method="pca"), project({"x": x * lengths}, method="pca")
    assert one.joint == pytest.approx(other.joint, abs=1e-6)
    assert project({"x": x * lengths}, method="pca", unit=False).joint != pytest.approx(one.joint, abs=0.1)


def test_pca_does_not_depend_on_the_order_of_rows() -> None:
    x, _ = clusters(80, 6)
    order = np.random.default_rng(0).permutation(80)
    one, other = project({"x": x}, method="pca"), project({"x": x[order]}, method="pca")
    assert other.joint == pytest.approx(one.joint[order], abs=1e-9)


def test_pca_of_a_plane_is_perfect() -> None:
    rng = np.random.default_rng(7)
    plane = rng.standard_normal((100, 2)) @ np.linalg.qr(rng.standard_normal((16, 2)))[0].T
    shown = project({"x": plane}, method="pca", unit=False)
    assert shown.faithfulness.trustworthiness == 1.0
    assert shown.faithfulness.continuity == 1.0
    assert shown.faithfulness.neighbours_kept == 1.0
    assert sum(shown.explained_variance or ()) == pytest.approx(1.0)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_pca_takes_any_number_of_rows(n: int) -> None:
    shown = project({"x": np.random.default_rng(0).standard_normal((n, 5))}, method="pca")
    assert shown.joint.shape == (n, 2)
    assert np.isfinite(shown.joint).all()
    assert (shown.explained_variance is None) == (n == 1)
    if n == 2:
        assert (shown.joint[:, 1] == 0).all()


def test_pca_of_one_column_and_of_no_variance() -> None:
    one = project({"x": np.array([[1.0], [2.0], [4.0]])}, method="pca", unit=False)
    assert one.joint[:, 0] == pytest.approx([-4 / 3, -1 / 3, 5 / 3])
    assert (one.joint[:, 1] == 0).all()
    assert one.explained_variance == pytest.approx((1.0, 0.0), abs=1e-15)
    still = project({"x": np.full((9, 4), 0.1)}, method="pca")
    assert (still.joint == 0).all()
    assert still.explained_variance is None
    assert str(still) == "PCA"


@pytest.mark.parametrize("method", METHODS)
def test_a_total_collapse_can_be_mapped(method: Method) -> None:
    shown = project({"x": np.ones((20, 4))}, method=method)
    assert np.isfinite(shown.joint).all()
    assert shown.faithfulness.trustworthiness == 1.0
    assert shown.faithfulness.distance_correlation is None


@pytest.mark.parametrize("n", [7, 15, 60])
def test_caps_are_recorded(n: int) -> None:
    x = clusters(n, 8)[0]
    parameters = project({"x": x}).parameters
    assert parameters["perplexity"] == pytest.approx(min(30, (n - 1) / 3))
    assert parameters["perplexity_asked"] == 30
    parameters = project({"x": x}, method="umap").parameters
    assert parameters["n_neighbors"] == min(15, n - 1)
    assert parameters["n_neighbors_asked"] == 15


def test_large_sets_are_sampled_the_same_way() -> None:
    x, y = clusters(300, 9)[0], clusters(300, 10)[0]
    shown = project({"before": x, "after": y, "text": x[:30]}, method="pca", max_rows=100, seed=3)
    assert len(shown.rows["before"]) == 100
    assert np.array_equal(shown.rows["before"], shown.rows["after"])
    assert (np.diff(shown.rows["before"]) > 0).all()
    assert len(shown.rows["text"]) == 30
    same = project(
        {"before": x[shown.rows["before"]], "after": y[shown.rows["after"]], "text": x[:30]}, method="pca"
    )
    assert np.array_equal(same.joint, shown.joint)
    assert not np.array_equal(project({"x": x}, method="pca", max_rows=100).rows["x"], shown.rows["before"])


def test_perplexity_widens_the_view() -> None:
    x = clusters(120, 11)[0]
    narrow, wide = project({"x": x}, perplexity=3), project({"x": x}, perplexity=35)
    assert narrow.parameters["neighbours"] == 9
    assert wide.parameters["neighbours"] == 105
    assert (wide.faithfulness.distance_correlation or 0) > (narrow.faithfulness.distance_correlation or 1)


def test_records_print_and_serialise(maps: dict[str, Projection]) -> None:
    assert str(maps["tsne"]) == "t-SNE, perplexity 30, seed 0"
    assert str(maps["umap"]) == "UMAP, 15 neighbours, min_dist 0.1, seed 0"
    assert str(maps["pca"]).startswith("PCA, ")
    record = maps["tsne"].to_json()
    assert record["rows"] == {"before": 150, "after": 150, "text": 20}
    assert record["software"].startswith("openTSNE ")
    assert record["faithfulness"]["k"] == 15


@pytest.mark.parametrize(
    ("method", "package", "needed"), [("tsne", "openTSNE", "openTSNE"), ("umap", "umap", "umap-learn")]
)
@pytest.mark.parametrize("broken", [ModuleNotFoundError("No module named"), AttributeError("np.float_")])
def test_a_missing_or_broken_package_is_an_error(
    monkeypatch: pytest.MonkeyPatch, method: Method, package: str, needed: str, broken: Exception
) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == package:
            raise broken
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(DependencyError) as caught:
        project({"x": clusters(20, 0)[0]}, method=method)
    assert needed in caught.value.expected
    assert caught.value.do == "pip install 'repscope[maps]'"
    assert project({"x": clusters(20, 0)[0]}, method="pca").method == "pca"


def test_bad_input() -> None:
    x = clusters(30, 12)[0]
    with pytest.raises(UnknownNameError, match="choose one of tsne, umap, pca"):
        project({"x": x}, method="isomap")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="a start"):
        project({"x": x}, start="spectral")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one set"):
        project({}, method="pca")
    with pytest.raises(VectorError, match="x of 20, y of 19"):
        project({"x": x, "y": x[:, 1:]}, method="pca")
    with pytest.raises(VectorError, match="zero vectors in row 3"):
        project({"x": np.where(np.arange(30)[:, None] == 3, 0, x)}, method="pca")
    with pytest.raises(VectorError, match="NaN or Inf in row 3"):
        project({"x": np.where(np.arange(30)[:, None] == 3, np.nan, x)}, method="pca", unit=False)
    with pytest.raises(InputError, match="at least 7 rows for t-SNE; got 6"):
        project({"x": x[:6]})
    with pytest.raises(InputError, match="at least 7 rows for UMAP"):
        project({"x": x[:6]}, method="umap")
    with pytest.raises(InputError, match="perplexity of at least 2"):
        project({"x": x}, perplexity=1)
    with pytest.raises(InputError, match="min_dist"):
        project({"x": x}, method="umap", min_dist=2)
    with pytest.raises(InputError, match="max_rows"):
        project({"x": x}, method="pca", max_rows=0)


def test_the_start_is_jittered_principal_components() -> None:
    x = clusters(50, 13)[0].astype(np.float64)
    start = _start(x, "pca", 0)
    assert start[:, 0].std() == pytest.approx(1e-4, rel=0.05)
    assert np.corrcoef(start[:, 1], principal(x)[0][:, 1])[0, 1] > 0.99
    assert len(np.unique(_start(np.ones((9, 3)), "pca", 0), axis=0)) == 9


def test_real_embeddings(shared_data: Any) -> None:
    """CLIP's images and captions lie apart: any joint map of them must show the modality gap."""
    image, text = np.load(shared_data / "embeddings/modality_gap/features_clip.npy")
    shown = project({"image": image, "text": text}, method="pca")
    first = shown.coordinates["image"][:, 0], shown.coordinates["text"][:, 0]
    assert max(first[0].min(), first[1].min()) > min(first[0].max(), first[1].max())
    assert shown.explained_variance is not None
    assert shown.explained_variance[0] == pytest.approx(0.28, abs=0.01)
