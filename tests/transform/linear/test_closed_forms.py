"""What holds for every closed form: clones, blocks, order of rows, files, modules, bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

import repscope as rs
from repscope.errors import InputError, LinkError, StudyError, VectorError
from repscope.transform.base import Bridge
from repscope.transform.inputs import Rows

NAMES = [
    "normalise",
    "identity",
    "mean-shift",
    "hub-shift",
    "coral",
    "whitening",
    "gaussian-ot",
    "procrustes",
    "ridge",
    "residual-ridge",
    "cca",
]
OTHERS: dict[str, list[dict[str, Any]]] = {
    "normalise": [{"scale": 3, "keep_length": True}, {"output": "target"}],
    "mean-shift": [{"unit": True}],
    "whitening": [{"kind": "pca"}, {"kind": "diagonal", "shrinkage": 0.1}],
    "procrustes": [{"scaling": True, "centring": False}],
    "ridge": [{"penalty": "gcv"}, {"penalty": 2.0}],
    "cca": [{"n_components": 3, "weight": "none"}],
}
CASES = [(name, options) for name in NAMES for options in [{}, *OTHERS.get(name, [])]]
N, D = 90, 8


def two_sets(dtype: type = np.float64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, D)) @ rng.standard_normal((D, D)) + 1
    y = x @ rng.standard_normal((D, D)) + rng.standard_normal((N, D)) - 2
    return x.astype(dtype), y.astype(dtype)


def fitted(name: str, options: dict[str, Any], x: Any, y: Any) -> Bridge:
    cls = rs.bridges.get(name)
    return cls(**options).fit(x, y, on="row" if cls.learns_from == "paired" else None)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are read seven at a time, and pairs five."""
    monkeypatch.setattr("repscope.study.vectors.BLOCK_BYTES", 7 * 4 * D)
    for module in ("statistics", "cca"):
        monkeypatch.setattr(f"repscope.transform.linear.{module}.PAIR_ROWS", 5)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_block_size_does_not_matter(
    name: str, options: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    x, y = two_sets()
    whole = fitted(name, options, x, y).transform(x)
    request.getfixturevalue("small_blocks")
    assert [len(block) for block in Rows(x, "x").blocks()] == [7] * 12 + [6]
    np.testing.assert_allclose(fitted(name, options, x, y).transform(x), whole, atol=1e-9)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_order_of_rows_does_not_matter(name: str, options: dict[str, Any]) -> None:
    x, y = two_sets()
    order = np.random.default_rng(1).permutation(N)
    if name in ("ridge", "residual-ridge"):
        # The folds of their cross-validation are drawn by row.
        options = {"penalty": 1.0, **({"centring": 1.0} if name == "residual-ridge" else {})}
    first, second = fitted(name, options, x, y), fitted(name, options, x[order], y[order])
    np.testing.assert_allclose(second.transform(x), first.transform(x), atol=1e-9)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_rows_do_not_influence_each_other(name: str, options: dict[str, Any]) -> None:
    x, y = two_sets()
    bridge = fitted(name, options, x, y)
    whole = bridge.transform(x)
    np.testing.assert_allclose(
        np.concatenate([bridge.transform(x[:1]), bridge.transform(x[1:])]), whole, atol=1e-12
    )
    np.testing.assert_allclose(np.concatenate(list(bridge.transform_blocks(x, 13))), whole, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_saved_bridges_are_bit_equal(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    x, y = two_sets()
    bridge = fitted(name, options, x, y)
    again = rs.bridges.load(bridge.save_pretrained(tmp_path / "bridge"))
    assert type(again) is type(bridge)
    assert again.get_params() == bridge.get_params()
    np.testing.assert_array_equal(again.transform(x), bridge.transform(x))
    assert (again.n_parameters, again.flops_per_row) == (bridge.n_parameters, bridge.flops_per_row)
    if bridge.invertible:
        moved = bridge.transform(x)
        np.testing.assert_array_equal(again.inverse_transform(moved), bridge.inverse_transform(moved))


@pytest.mark.parametrize(("name", "options"), CASES)
def test_clones_are_unfitted_and_fit_alike(name: str, options: dict[str, Any]) -> None:
    x, y = two_sets()
    bridge = fitted(name, options, x, y)
    copy = clone(bridge)
    assert copy.get_params() == bridge.get_params()
    with pytest.raises(NotFittedError):
        check_is_fitted(copy)
    check_is_fitted(bridge)
    again = copy.fit(x, y, on="row" if bridge.learns_from == "paired" else None)
    np.testing.assert_array_equal(again.transform(x), bridge.transform(x))
    assert copy.set_params(**bridge.get_params()) is copy


@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_module_equals_the_transform(name: str, options: dict[str, Any]) -> None:
    x, y = two_sets(np.float32)
    bridge = fitted(name, options, x, y)
    module = bridge.as_module()
    given_ = torch.from_numpy(x)
    moved = module(given_)
    np.testing.assert_allclose(moved.numpy(), bridge.transform(x), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        torch.cat([module(given_[:1]), module(given_[1:])]), moved, rtol=1e-5, atol=1e-5
    )
    assert module(given_.double()).dtype == torch.float64
    assert module.to(torch.float64)(given_.double()).dtype == torch.float64
    assert module.to(torch.bfloat16)(given_.bfloat16()).dtype == torch.bfloat16
    assert not list(module.parameters())
    assert module(given_.reshape(3, 30, D)).shape == (3, 30, bridge.n_features_out_)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_the_rows(name: str) -> None:
    x, y = two_sets(np.float32)
    rows = torch.from_numpy(x).requires_grad_()
    fitted(name, {}, x, y).as_module()(rows).square().sum().backward()
    assert rows.grad is not None
    assert torch.isfinite(rows.grad).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("dtype", "expected"), [("float64", "float64"), ("float32", "float32"), ("float16", "float32")]
)
def test_dtypes(name: str, dtype: str, expected: str) -> None:
    x, y = two_sets()
    bridge = fitted(name, {}, x, y)
    moved = bridge.transform(x.astype(dtype))
    assert moved.dtype == expected
    np.testing.assert_allclose(
        moved, bridge.transform(x), atol={"float64": 0, "float32": 1e-4, "float16": 0.3}[dtype]
    )


@pytest.mark.parametrize("name", NAMES)
def test_sets_tensors_and_memory_maps(name: str, tmp_path: Path) -> None:
    x, y = two_sets(np.float32)
    expected = fitted(name, {}, x, y).transform(x)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(fitted(name, {}, mapped, y).transform(mapped), expected)
    tensors = fitted(name, {}, torch.from_numpy(x), torch.from_numpy(y))
    np.testing.assert_array_equal(tensors.transform(torch.from_numpy(x)), expected)
    first, second = rs.EmbeddingSet("x", x), rs.EmbeddingSet("y", y)
    cls = rs.bridges.get(name)
    sets = cls().fit(first, second, on="id" if cls.learns_from == "paired" else None)
    np.testing.assert_allclose(sets.transform(first), expected, atol=1e-5)
    assert x.tobytes() == np.load(tmp_path / "x.npy").tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_bad_vectors(name: str) -> None:
    x, y = two_sets()
    bad = x.copy()
    bad[4, 2] = np.nan
    with pytest.raises(VectorError, match="NaN or Inf in row 4"):
        fitted(name, {}, bad, y)
    bridge = fitted(name, {}, x, y)
    with pytest.raises(VectorError, match="NaN or Inf in row 4"):
        bridge.transform(bad)
    with pytest.raises(VectorError, match=f"rows of width {D} for {name}"):
        bridge.transform(x[:, :3])
    with pytest.raises(VectorError, match="an N×D array"):
        bridge.transform(x[0])
    with pytest.raises(VectorError, match="floating vectors"):
        bridge.transform(x.astype(int))


@pytest.mark.parametrize("name", NAMES)
def test_widths_that_differ(name: str) -> None:
    x, y = two_sets()
    if name in ("ridge", "cca"):
        assert fitted(name, {}, x, y[:, :5]).transform(x).shape == (N, 5)
        return
    with pytest.raises(VectorError, match=f"one width for {name}"):
        fitted(name, {}, x, y[:, :5])


@pytest.mark.parametrize("name", NAMES)
def test_states_that_forbid_it(name: str) -> None:
    x, y = two_sets()
    bridge = rs.bridges.get(name)()
    for act in (bridge.transform, bridge.inverse_transform if bridge.invertible else bridge.transform):
        with pytest.raises(StudyError, match=f"a fitted {name}"):
            act(x)
    with pytest.raises(StudyError, match="call fit first"):
        bridge.as_module()
    if bridge.learns_from in ("unpaired", "paired"):
        with pytest.raises(InputError, match=f"a target for {name}"):
            bridge.fit(x)
    if not bridge.invertible:
        with pytest.raises(InputError, match="an invertible method"):
            fitted(name, {}, x, y).inverse_transform(y)


def test_a_failed_fit_leaves_nothing_that_looks_fitted() -> None:
    x, y = two_sets()
    bridge = fitted("coral", {}, x, y)
    bridge.set_params(shrinkage=7)
    with pytest.raises(InputError):
        bridge.fit(x, y)
    with pytest.raises(StudyError, match="a fitted coral"):
        bridge.transform(x)


def test_mean_shift_by_hand() -> None:
    x, y = two_sets()
    np.testing.assert_allclose(
        fitted("mean-shift", {}, x, y).transform(x), x - x.mean(0) + y.mean(0), atol=1e-12
    )

    def unit(z: np.ndarray) -> np.ndarray:
        return z / np.linalg.norm(z, axis=1, keepdims=True)

    bridge = fitted("mean-shift", {"unit": True}, x, y)
    expected = unit(x) - unit(x).mean(0) + unit(y).mean(0)
    np.testing.assert_allclose(bridge.transform(x), expected, atol=1e-12)
    np.testing.assert_allclose(bridge.inverse_transform(expected), unit(x), atol=1e-12)
    assert fitted("mean-shift", {}, x[:1], y).warnings_ == ("1 row of source: its mean is that row",)


def test_identity_is_a_copy() -> None:
    x, y = two_sets()
    bridge = fitted("identity", {}, x, y)
    moved = bridge.transform(x)
    np.testing.assert_array_equal(moved, x)
    moved[:] = 0
    assert x.any()
    assert (bridge.n_parameters, bridge.flops_per_row) == (0, 0)


def test_costs() -> None:
    x, y = two_sets()
    bridge = fitted("gaussian-ot", {}, x, y)
    assert (bridge.n_parameters, bridge.flops_per_row) == (D * D + 2 * D, 2 * D * D + 2 * D)
    wide = fitted("ridge", {}, x, y[:, :5])
    assert (wide.n_parameters, wide.flops_per_row) == (D * 5 + D + 5, 2 * D * 5 + D + 5)


@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(["mean-shift", "coral", "gaussian-ot", "procrustes"]), seed=st.integers(0, 500))
def test_there_and_back(name: str, seed: int) -> None:
    x, y = two_sets(seed=seed)
    bridge = fitted(name, {}, x, y)
    np.testing.assert_allclose(bridge.inverse_transform(bridge.transform(x)), x, rtol=1e-6, atol=1e-6)


def test_pairs_of_sets_need_a_key() -> None:
    x, y = two_sets()
    first = rs.EmbeddingSet(
        "x", x, {"id": [f"i{k}" for k in range(N)], "label": [str(k % 9) for k in range(N)]}
    )
    second = rs.EmbeddingSet(
        "y", y[:9], {"id": [f"t{k}" for k in range(9)], "label": [str(k) for k in range(9)]}
    )
    with pytest.raises(LinkError, match="sets without a link"):
        rs.bridges.get("ridge")().fit(first, second)
    bridge = rs.bridges.get("ridge")(penalty=1.0).fit(first, second, on="label")
    by_hand = rs.bridges.get("ridge")(penalty=1.0).fit(x, y[np.arange(N) % 9], on="row")
    np.testing.assert_allclose(bridge.transform(x), by_hand.transform(x), atol=1e-4)
