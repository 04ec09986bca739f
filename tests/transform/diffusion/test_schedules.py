"""Schedules and loss weights: closed forms, the library's tables, and bad names."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError, UnknownNameError
from repscope.transform.diffusion.schedules import BUFFERS, SCHEDULES, Schedule
from repscope.transform.diffusion.weights import OBJECTIVES, loss_weights

Numbers = dict[str, np.ndarray]


@pytest.mark.parametrize("name", ["cosine", "linear"])
@pytest.mark.parametrize("table", [name for name in BUFFERS if name != "loss_weight"])
def test_tables_are_the_librarys(name: str, table: str, numbers: Numbers) -> None:
    found = Schedule(name, 50).tables()[table]
    np.testing.assert_allclose(found, numbers[f"buffer/{name}/{table}/pred_x0"], rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["cosine", "linear"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_snr_weights_are_the_librarys(name: str, objective: str, numbers: Numbers) -> None:
    found = loss_weights(Schedule(name, 50), objective, "snr")
    np.testing.assert_allclose(found, numbers[f"buffer/{name}/loss_weight/{objective}"], rtol=2e-6)


def test_sigmoid_is_the_librarys(numbers: Numbers) -> None:
    np.testing.assert_allclose(
        Schedule("sigmoid", 50).betas, numbers["betas/sigmoid"], rtol=1e-6
    )  # its times are float32


def test_cosine_is_a_squared_cosine_where_no_beta_is_clipped() -> None:
    t = np.arange(1, 1001) / 1000
    curve = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2 / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    np.testing.assert_allclose(Schedule("cosine", 1000).alphas_cumprod[:-1], curve[:-1], rtol=1e-10)


def test_linear_ends_at_the_papers_betas() -> None:
    betas = Schedule("linear", 1000).betas
    assert betas[0] == pytest.approx(1e-4)
    assert betas[-1] == pytest.approx(0.02)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("timesteps", [21, 100, 1000])
def test_noise_only_grows(name: str, timesteps: int) -> None:
    schedule = Schedule(name, timesteps)
    assert np.all(np.diff(schedule.alphas_cumprod) < 0)
    assert np.all((schedule.betas > 0) & (schedule.betas < 1))
    assert schedule.alphas_cumprod[-1] < 0.01


def test_unclipped_snr_spends_its_weight_where_nothing_is_to_do() -> None:
    """Upstream's weights: 73 % of their sum is at the first 10 of 1000 steps."""
    schedule = Schedule("cosine", 1000)
    weight = loss_weights(schedule, "pred_x0", "snr")
    assert weight[:10].sum() / weight.sum() == pytest.approx(0.73, abs=0.005)
    clipped = loss_weights(schedule, "pred_x0", "min-snr")
    assert clipped[:10].sum() / clipped.sum() < 0.03
    assert clipped.max() == 5


@pytest.mark.parametrize("weighting", ["snr", "min-snr", "truncated-snr", "snr+1"])
def test_a_weighting_means_the_same_for_every_objective(weighting: str) -> None:
    """Errors of x̂₀, ε̂ and v̂ that are one error cost the same."""
    schedule = Schedule("cosine", 100)
    snr = schedule.snr
    x0 = loss_weights(schedule, "pred_x0", weighting)
    np.testing.assert_allclose(loss_weights(schedule, "pred_noise", weighting) * snr, x0)
    np.testing.assert_allclose(loss_weights(schedule, "pred_v", weighting) * (snr + 1), x0)


def test_known_weights() -> None:
    schedule = Schedule("cosine", 100)
    np.testing.assert_array_equal(loss_weights(schedule, "pred_v", "none"), np.ones(100))
    np.testing.assert_allclose(loss_weights(schedule, "pred_v", "snr+1"), 1)
    np.testing.assert_allclose(loss_weights(schedule, "pred_noise", "snr"), 1)
    assert loss_weights(schedule, "pred_x0", "truncated-snr").min() == 1
    assert loss_weights(schedule, "pred_x0", "min-snr", gamma=2.0).max() == 2


@pytest.mark.parametrize("timesteps", [1, 0, -3, 2.5, True])
def test_impossible_number_of_steps(timesteps: float) -> None:
    with pytest.raises(InputError, match="time steps"):
        Schedule("cosine", timesteps)  # type: ignore[arg-type]  # the point


def test_too_few_steps_for_linear() -> None:
    with pytest.raises(InputError, match="a beta reaches 1"):
        Schedule("linear", 20)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="linear, cosine, sigmoid"):
        Schedule("quadratic", 100)
    with pytest.raises(UnknownNameError, match="min-snr"):
        loss_weights(Schedule("cosine", 100), "pred_x0", "p2")
    with pytest.raises(UnknownNameError, match="pred_v"):
        loss_weights(Schedule("cosine", 100), "pred_score", "snr")
    with pytest.raises(InputError, match="positive gamma"):
        loss_weights(Schedule("cosine", 100), "pred_x0", "min-snr", gamma=0)
