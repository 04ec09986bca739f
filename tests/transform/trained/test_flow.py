"""Rectified flow: what it does to a distribution, its couplings, and its way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from repscope.errors import InputError, LinkError, ModelError
from repscope.testing.pairs import paired_modalities
from repscope.transform.trained.flow import RectifiedFlow, _cheapest

SMALL: dict[str, Any] = {"hidden": 32, "depth": 1, "steps": 100, "batch_size": 32}


def unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_matching_is_scipys_on_squared_distances() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(20, 3)), 2 * rng.normal(size=(20, 3)) + 1
    expected = linear_sum_assignment(cdist(first, second, "sqeuclidean"))[1]
    assert _cheapest(torch.from_numpy(first), torch.from_numpy(second)).tolist() == expected.tolist()


def test_without_pairs_rows_arrive_where_targets_are() -> None:
    """Two clouds whose covariances differ: after the flow mean and covariance are the target's."""
    rng = np.random.default_rng(0)
    stretch = np.asarray([0.05, 0.2, 0.1, 0.02])
    source = rng.normal(size=(1500, 4)) * stretch + [1, 0, 0, 0]
    target = rng.normal(size=(1200, 4)) * stretch[::-1] + [0, 1, 0, 0]
    flow = RectifiedFlow(**{**SMALL, "steps": 200, "batch_size": 128}).fit(source[:1000], target)
    moved, right = flow.transform(source[1000:]), unit(target) * np.linalg.norm(target, axis=1).mean()
    start = unit(source[1000:])
    assert moved.mean(axis=0) == pytest.approx(right.mean(axis=0), abs=0.03)
    before = np.linalg.norm(np.cov(start.T) - np.cov(right.T))
    after = np.linalg.norm(np.cov(moved.T) - np.cov(right.T))
    assert after < 0.3 * before
    assert flow.warnings_ == ()


@pytest.mark.parametrize("solver", ["euler", "heun"])
def test_there_is_a_way_back(solver: str) -> None:
    made = paired_modalities(300, 8, shared=6, nuisance=0.0, turned=0.2, seed=1)
    flow = RectifiedFlow(**SMALL, solver=solver).fit(made.images, made.texts)
    images = unit(made.images) * np.linalg.norm(made.images, axis=1).mean()
    there = flow.transform(images)
    assert np.abs(there - images).max() > 0.1
    assert flow.inverse_transform(there) == pytest.approx(images, abs=1e-6)
    exact = flow.inverse_transform(there)
    assert flow.transform(exact) == pytest.approx(there, abs=1e-10)
    single = flow.inverse_transform(there.astype(np.float32))
    assert single.dtype == np.float32
    assert single == pytest.approx(images, abs=1e-3)


def test_no_way_back_is_an_error_and_not_a_guess() -> None:
    """Pairs that all lead to two places: one step lays rows on top of each other."""
    rng = np.random.default_rng(0)
    source = rng.normal(size=(300, 3))
    target = np.asarray([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    codes = (source[:, 0] > 0).astype(int)
    flow = RectifiedFlow(**{**SMALL, "steps": 200}, sampling_steps=1, solver="euler", learning_rate=1e-2)
    flow.fit(source, target, pairs=(np.arange(300), codes))
    with pytest.raises(ModelError, match="a flow whose steps can be undone"):
        flow.inverse_transform(rng.normal(size=(20, 3)))


def test_couplings() -> None:
    made = paired_modalities(300, 8, shared=6, nuisance=0.5, gap=1.0, seed=1)
    fit, held = slice(0, 250), slice(250, 300)
    right = unit(made.texts[held])
    found: dict[str, Any] = {}
    for coupling, on in (
        ("auto", "row"),
        ("paired", "row"),
        ("ot", "row"),
        ("auto", None),
        ("independent", None),
    ):
        flow = RectifiedFlow(**SMALL, coupling=coupling).fit(made.images[fit], made.texts[fit], on=on)
        found[f"{coupling} {on}"] = flow.transform(made.images[held])
    assert np.array_equal(found["auto row"], found["paired row"])
    paired, unpaired = ((unit(found[name]) * right).sum(axis=1).mean() for name in ("auto row", "auto None"))
    assert paired > unpaired + 0.2
    assert not np.allclose(found["auto None"], found["independent None"])
    with pytest.raises(LinkError, match="for coupling='paired'"):
        RectifiedFlow(**SMALL, coupling="paired").fit(made.images, made.texts)


def test_steps_and_solvers_converge() -> None:
    """The same velocity, integrated finely, is one curve."""
    made = paired_modalities(200, 6, shared=4, nuisance=0.0, turned=0.2, seed=1)
    flow = RectifiedFlow(**SMALL).fit(made.images, made.texts)
    module = flow.as_module().double()
    rows = torch.from_numpy(made.images[:50])
    results = {}
    for solver, count in (("euler", 10), ("euler", 40), ("heun", 10), ("heun", 40), ("heun", 400)):
        module.solver, module.sampling_steps = solver, count
        results[solver, count] = module(rows).detach()
    truth = results["heun", 400]
    errors = {key: float((found - truth).square().mean().sqrt()) for key, found in results.items()}
    assert errors["euler", 40] < 0.4 * errors["euler", 10]
    assert errors["heun", 40] < 0.2 * errors["heun", 10]
    assert errors["heun", 10] < errors["euler", 10]


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("coupling", "nearest", "coupling: auto or paired or ot or independent"),
        ("solver", "rk4", "solver: euler or heun"),
        ("sampling_steps", 0, "sampling_steps: a whole number of at least 1"),
    ],
)
def test_bad_parameters(name: str, value: Any, match: str) -> None:
    made = paired_modalities(30, 4, shared=2)
    with pytest.raises(InputError, match=match):
        RectifiedFlow(**{name: value}).fit(made.images, made.texts)
