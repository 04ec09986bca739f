"""Samplers: against the library's numbers, and against closed forms for Gaussian data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from repscope.errors import InputError, UnknownNameError
from repscope.transform.diffusion.denoisers.unet1d import Unet1D, UnetShape
from repscope.transform.diffusion.process import q_sample, target_of, to_x0_and_noise
from repscope.transform.diffusion.samplers import Predict, Sampling
from repscope.transform.diffusion.schedules import Schedule
from repscope.transform.diffusion.weights import OBJECTIVES

Fill = Callable[[torch.nn.Module], torch.nn.Module]
Numbers = dict[str, np.ndarray]
SCALES = np.array([0.3, 1.0, 3.0])
CENTRE = np.array([0.5, -1.0, 2.0])


@pytest.fixture(scope="module")
def predict(filled: Fill) -> Predict:
    network = filled(Unet1D(16, UnetShape.of(8, (1, 2))))

    def said(x: torch.Tensor, t: int) -> torch.Tensor:
        with torch.no_grad():
            return network(x, torch.full((len(x),), t))

    return said


def drawn_in_turn(noise: np.ndarray) -> Callable[[int], torch.Tensor]:
    """Noise for one step after another, as the library drew it: the first is where it starts."""
    rest = iter(noise[1:])
    return lambda t: torch.from_numpy(next(rest))


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(("eta", "clip"), [(0.0, 1.0), (0.0, None), (1.0, 1.0), (1.0, None)])
def test_ddim_is_the_librarys(
    schedule: str,
    objective: str,
    *,
    eta: float,
    clip: float | None,
    numbers: Numbers,
    predict: Predict,
) -> None:
    expected = numbers[f"ddim/{schedule}/{objective}/{eta:g}/{'clip' if clip else 'free'}"]
    sampling = Sampling(Schedule(schedule, 50), objective, 50, 7, eta=eta, clip=clip)
    found = sampling.run(predict, torch.from_numpy(numbers["noise"][0]), drawn_in_turn(numbers["noise"]))
    # Unclipped noise predictions are divided by √ᾱ, which is small at the end of the schedule.
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-5 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_ddpm_is_the_librarys(schedule: str, objective: str, numbers: Numbers, predict: Predict) -> None:
    sampling = Sampling(Schedule(schedule, 50), objective, 50, 50, sampler="ddpm", clip=1.0)
    found = sampling.run(predict, torch.from_numpy(numbers["noise"][0]), drawn_in_turn(numbers["noise"]))
    np.testing.assert_allclose(found.numpy(), numbers[f"ddpm/{schedule}/{objective}"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_forward_is_the_librarys(schedule: str, numbers: Numbers) -> None:
    x, t, noise = (torch.from_numpy(numbers[name]) for name in ("x", "t", "noise"))
    found = q_sample(Schedule(schedule, 50), x, t, noise[0])
    np.testing.assert_allclose(found.numpy(), numbers[f"q_sample/{schedule}"], atol=1e-6)


def rows(n: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, 3)))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_objectives_say_the_same(objective: str) -> None:
    schedule, x0, noise = Schedule("cosine", 100), rows(5), rows(5, 1)
    for t in (0, 40, 98):
        steps = torch.full((5,), t)
        x = q_sample(schedule, x0, steps, noise)
        said = target_of(schedule, objective, x0, steps, noise)
        back, found = to_x0_and_noise(objective, said, x, schedule.alpha(t))
        np.testing.assert_allclose(back, x0, atol=1e-9)
        np.testing.assert_allclose(found, noise, atol=1e-6)


def exact_denoiser(schedule: Schedule, objective: str) -> Predict:
    """The best denoiser of N(CENTRE, diag(SCALES²)), in closed form."""

    def said(x: torch.Tensor, t: int) -> torch.Tensor:
        alpha = schedule.alpha(t)
        gain = alpha**0.5 * SCALES**2 / (alpha * SCALES**2 + 1 - alpha)
        x0 = torch.from_numpy(CENTRE) + torch.from_numpy(gain) * (x - alpha**0.5 * torch.from_numpy(CENTRE))
        noise = (x - alpha**0.5 * x0) / (1 - alpha) ** 0.5
        return target_of(schedule, objective, x0, torch.full((len(x),), t), noise)

    return said


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("sampler", ["ddim", "ddpm"])
def test_the_exact_denoiser_gives_the_known_distribution(objective: str, sampler: str) -> None:
    schedule = Schedule("cosine", 400)
    sampling = Sampling(schedule, objective, 400, 400, sampler=sampler)
    start = rows(4000)
    generator = np.random.default_rng(2)
    found = sampling.run(
        exact_denoiser(schedule, objective),
        start,
        lambda t: torch.from_numpy(generator.standard_normal(start.shape)),
    ).numpy()
    np.testing.assert_allclose(found.mean(0), CENTRE, atol=4 * SCALES.max() / 4000**0.5)
    np.testing.assert_allclose(found.std(0) / SCALES, 1, atol=0.06)


def test_ddim_follows_the_probability_flow() -> None:
    """Without noise, each coordinate keeps its rank, so a row lands at its own quantile."""
    schedule = Schedule("cosine", 1000)
    start = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None].expand(9, 3)
    found = Sampling(schedule, "pred_x0", 1000, 1000).run(exact_denoiser(schedule, "pred_x0"), start)
    np.testing.assert_allclose(found, CENTRE + start.numpy() * SCALES, rtol=0.03, atol=0.02)


def test_ddim_and_its_reverse() -> None:
    """With S = t* each step is undone by the same step in the other direction."""
    schedule = Schedule("cosine", 1000)
    denoiser = exact_denoiser(schedule, "pred_noise")
    x0 = torch.from_numpy(CENTRE) + rows(20) * torch.from_numpy(SCALES)
    x = x0
    for t in range(-1, 599):
        now, then = schedule.alpha(t), schedule.alpha(t + 1)
        if t < 0:
            # At data itself the first noise is the one that t = 0 will predict; a fixed point.
            guess = x
            for _ in range(50):
                guess = then**0.5 * x + (1 - then) ** 0.5 * denoiser(guess, 0)
            x = guess
            continue
        clean, noise = to_x0_and_noise("pred_noise", denoiser(x, t), x, now)
        x = then**0.5 * clean + (1 - then) ** 0.5 * noise
    back = Sampling(schedule, "pred_noise", 600, 600).run(denoiser, x)
    np.testing.assert_allclose(back, x0, atol=0.05)


def test_times_are_upstreams() -> None:
    schedule = Schedule("cosine", 1000)
    times = Sampling(schedule, "pred_x0", 600, 5).times()
    assert times == [(599, 479), (479, 359), (359, 239), (239, 119), (119, -1)]
    assert Sampling(schedule, "pred_x0", 3, 3).times() == [(2, 1), (1, 0), (0, -1)]


@pytest.mark.parametrize("entry", [1, 2, 7, 333, 1000])
def test_times_fall_strictly(entry: int) -> None:
    for steps in {1, min(2, entry), max(1, entry // 2), max(1, entry - 1), entry}:
        times = Sampling(Schedule("cosine", 1000), "pred_x0", entry, steps).times()
        assert len(times) == steps
        assert times[0][0] == entry - 1
        assert times[-1][1] == -1
        assert all(t > following for t, following in times)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"entry_time": 1001}, "entry time from 1 to 1,000"),
        ({"entry_time": 0}, "entry time"),
        ({"entry_time": 2.5}, "entry time"),
        ({"steps": 601}, "1 to 600 sampling steps"),
        ({"steps": 0}, "sampling steps"),
        ({"eta": 1.5}, "eta"),
        ({"clip": 0.0}, "positive clip"),
    ],
)
def test_bad_parameters(wrong: dict[str, float], match: str) -> None:
    with pytest.raises(InputError, match=match):
        Sampling(
            **{
                "schedule": Schedule("cosine", 1000),
                "objective": "pred_x0",
                "entry_time": 600,
                "steps": 5,
                **wrong,
            }
        )


def test_unknown_sampler() -> None:
    with pytest.raises(UnknownNameError, match="ddim, ddpm"):
        Sampling(Schedule("cosine", 1000), "pred_x0", 600, 5, sampler="euler")


def test_noise_that_is_needed() -> None:
    sampling = Sampling(Schedule("cosine", 100), "pred_x0", 50, 5, sampler="ddpm")
    with pytest.raises(InputError, match="noise for a sampler"):
        sampling.run(lambda x, t: x, torch.zeros(2, 3))
