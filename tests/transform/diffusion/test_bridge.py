"""The diffusion bridge: what it learns, what it must not be praised for, and how it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from sklearn.base import clone

from repscope.errors import InputError, ModelError, StudyError, UnknownNameError, VectorError
from repscope.measure.comparison.compare_arrays import compare_arrays
from repscope.testing.pairs import paired_modalities
from repscope.transform.diffusion.bridge import DiffusionBridge
from repscope.transform.diffusion.module import ChainFrame, DiffusionModule
from repscope.transform.linear.normalise import Chain
from repscope.transform.trained.frame import Side

QUICK: dict[str, Any] = {"hidden": 64, "depth": 1, "learning_rate": 3e-3, "batch_size": 64}
PAIRS = paired_modalities(600, 16, classes=10, turned=0.0, seed=0)
IMAGES, TEXTS = PAIRS.images.astype(np.float32), PAIRS.texts.astype(np.float32)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def fitted() -> DiffusionBridge:
    return DiffusionBridge(**QUICK, steps=300, entry_time=600).fit(IMAGES, TEXTS)


def test_rows_land_among_the_target(fitted: DiffusionBridge) -> None:
    """Nearer to real target rows than the rows were, and the loss on rows held out fell."""
    moved = fitted.transform(IMAGES[:200])
    before = (unit(IMAGES[:200]) @ unit(TEXTS).T).max(axis=1).mean()
    after = (unit(moved) @ unit(TEXTS).T).max(axis=1).mean()
    assert after > 0.9 > before + 0.3
    assert min(fitted.validation_.values()) < 0.3 * fitted.validation_[0]
    assert fitted.losses_.shape == (300,)


@pytest.mark.parametrize("mean", ["source", "target"])
def test_trained_on_the_source_is_never_called_aligned(mean: Literal["source", "target"]) -> None:
    """EZ-HOI's fault (with its text mean for both sides, and with each side's own).

    It learns the distribution of the rows that are moved, so it cannot pull towards the target's.
    """
    pairs = paired_modalities(900, 16, classes=10, turned=0.0, seed=1)
    images, texts = pairs.images.astype(np.float32), pairs.texts.astype(np.float32)
    fit, held = np.arange(600), np.arange(600, 900)
    bridge = DiffusionBridge(**QUICK, steps=200, train_on="source", mean=mean, weights="raw", entry_time=600)
    bridge.fit(images[fit], texts[fit])
    assert any("EZ-HOI" in one for one in bridge.warnings_)
    found = compare_arrays(
        images[held],
        bridge.transform(images[held]),
        pairs.class_texts.astype(np.float32),
        item_keys=pairs.labels[held],
        controls=False,
        resamples=200,
    )
    assert found.verdict.word in ("collapsed", "damaged")


def test_its_chain_is_the_numpy_chain() -> None:
    source, target = (rows.astype(np.float64) for rows in (IMAGES, TEXTS))
    means = [unit(rows).mean(axis=0) for rows in (source, target)]
    frame = ChainFrame(Side(means[0], 1.0, 1.0), Side(means[1], 1.0, 1.0), 5.0)
    entered = frame.enter(torch.from_numpy(IMAGES))
    np.testing.assert_allclose(entered, Chain(means[0]).enter(source), atol=1e-5)
    there = frame.enter_target(torch.from_numpy(TEXTS))
    np.testing.assert_allclose(frame.leave(there), unit(TEXTS), atol=1e-6)
    np.testing.assert_allclose(frame.leave(there), Chain(means[1]).leave(there.double().numpy()), atol=1e-6)
    np.testing.assert_allclose(frame.leave_source(entered), unit(IMAGES), atol=1e-6)


def exact(bridge: DiffusionBridge, covariance: np.ndarray) -> DiffusionModule:
    """The bridge's module with the best denoiser of N(0, covariance) in place of its own."""
    module = bridge.as_module()
    schedule = module.sampling.schedule

    class Exact(torch.nn.Module):
        def forward(self, x: torch.Tensor, t: torch.Tensor, classes: object = None) -> torch.Tensor:
            alpha = schedule.alpha(int(t[0]))
            total = alpha * covariance + (1 - alpha) * np.eye(len(covariance))
            gain = alpha**0.5 * np.linalg.solve(total, covariance)
            return x @ torch.as_tensor(gain, dtype=x.dtype)

    module.denoiser = Exact()  # type: ignore[assignment]  # as good as one
    return module


def test_with_the_exact_denoiser_of_gaussian_rows() -> None:
    """DDIM from t* = T scales each axis by its spread: the known map of Gaussian data."""
    bridge = DiffusionBridge(**QUICK, steps=1, entry_time=1000, sampling_steps=1000, validation=0.0)
    bridge.fit(IMAGES, TEXTS)
    spread = np.linspace(0.5, 2.0, 16)
    module = exact(bridge, np.diag(spread**2))
    rows = torch.from_numpy(IMAGES[:8])
    with torch.no_grad():
        moved = module(rows)
        entered = module.frame.enter(rows).double().numpy()
        back = module.frame.back(moved).double().numpy()
    np.testing.assert_allclose(unit(back), unit(entered * spread), atol=0.02)


def test_any_batch_gives_the_same_rows(fitted: DiffusionBridge) -> None:
    for sampling in ({}, {"entry_noise": True}, {"sampler": "ddpm"}, {"eta": 1.0}):
        bridge = clone(fitted).set_params(**sampling)
        bridge.__dict__.update({k: v for k, v in fitted.__dict__.items() if k.endswith("_") or k[0] == "_"})
        whole = bridge.transform(IMAGES[:40])
        parts = np.concatenate([bridge.transform(IMAGES[i : i + 1]) for i in range(40)])
        np.testing.assert_allclose(whole, parts, atol=2e-5)
        backwards = bridge.transform(IMAGES[:40][::-1])[::-1]
        np.testing.assert_allclose(whole, backwards, atol=2e-5)


def test_noise_is_of_the_seed(fitted: DiffusionBridge) -> None:
    kept = fitted.get_params()
    try:
        fitted.set_params(entry_noise=True)
        first, again = fitted.transform(IMAGES[:5]), fitted.transform(IMAGES[:5])
        fitted.set_params(random_state=1)
        other = fitted.transform(IMAGES[:5])
    finally:
        fitted.set_params(**kept)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_same_seed_same_bridge() -> None:
    one, other = (DiffusionBridge(**QUICK, steps=5).fit(IMAGES, TEXTS) for _ in range(2))
    np.testing.assert_array_equal(one.losses_, other.losses_)
    np.testing.assert_array_equal(one.transform(IMAGES[:9]), other.transform(IMAGES[:9]))


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    def trained(steps: int, folder: str) -> DiffusionBridge:
        options = {
            "schedule": "constant", "warmup": 0, "validate_every": 2, "checkpoint_every": 2,
            "checkpoints": str(tmp_path / folder),
        }  # fmt: skip
        return DiffusionBridge(**QUICK, steps=steps, options=options).fit(IMAGES, TEXTS)

    whole = trained(8, "whole")
    trained(4, "parts")
    resumed = trained(8, "parts")
    np.testing.assert_array_equal(resumed.losses_, whole.losses_)
    assert resumed.validation_ == whole.validation_
    np.testing.assert_array_equal(resumed.transform(IMAGES[:5]), whole.transform(IMAGES[:5]))
    with pytest.raises(StudyError):
        DiffusionBridge(
            **QUICK, steps=8, objective="pred_v", options={"checkpoints": str(tmp_path / "parts")}
        ).fit(IMAGES, TEXTS)


@pytest.mark.parametrize("denoiser", ["mlp", "dit", "unet1d"])
@pytest.mark.parametrize("objective", ["pred_x0", "pred_noise", "pred_v"])
def test_saved_and_loaded(denoiser: str, objective: str, tmp_path: Path) -> None:
    bridge = DiffusionBridge(
        denoiser, hidden=16, depth=1, objective=objective, init_dim=8, dim_mults=(1, 2),  # type: ignore[arg-type]
        chunk=5, steps=2, batch_size=8,
    ).fit(IMAGES, TEXTS)  # fmt: skip
    moved = bridge.transform(IMAGES[:6])
    assert moved.shape == (6, 16)
    assert np.isfinite(moved).all()
    again = DiffusionBridge.from_pretrained(bridge.save_pretrained(tmp_path / "bridge"))
    assert again.get_params() == bridge.get_params()
    np.testing.assert_array_equal(again.transform(IMAGES[:6]), moved)
    np.testing.assert_array_equal(again.losses_, bridge.losses_)
    assert again.flops_per_row == bridge.flops_per_row > 0
    assert again.n_parameters == bridge.n_parameters > 16


def test_module_follows_dtype_and_lets_gradients_through(fitted: DiffusionBridge) -> None:
    module = fitted.as_module()
    rows = torch.from_numpy(IMAGES[:4]).requires_grad_()
    moved = module(rows)
    np.testing.assert_allclose(moved.detach(), fitted.transform(IMAGES[:4]), atol=1e-6)
    moved.sum().backward()
    assert rows.grad is not None
    assert torch.isfinite(rows.grad).all()
    half = module.to(torch.bfloat16)(rows.detach().to(torch.bfloat16))
    assert half.dtype == torch.bfloat16
    cosine = torch.cosine_similarity(half.float(), moved.detach(), dim=1)
    assert cosine.min() > 0.98
    wide = fitted.transform(IMAGES[:4].astype(np.float64))
    assert wide.dtype == np.float64
    np.testing.assert_allclose(wide, moved.detach(), atol=1e-4)


def test_entry_may_change_after_the_fit(fitted: DiffusionBridge) -> None:
    kept = fitted.get_params()
    try:
        moved = []
        for entry in (1, 1000):
            fitted.set_params(entry_time=entry, sampling_steps=1)
            moved.append(fitted.transform(IMAGES[:50]))
        # At the first step there is nothing to remove, so rows stay; at the last, nothing of them is left.
        module = fitted.as_module()
        stay = unit(module.frame.back(torch.from_numpy(moved[0])).numpy())
        entered = unit(module.frame.enter(torch.from_numpy(IMAGES[:50])).numpy())
        assert (stay * entered).sum(axis=1).mean() > 0.6
        fitted.set_params(entry_time=1001)
        with pytest.raises(InputError, match="entry time from 1 to 1,000"):
            fitted.transform(IMAGES[:5])
    finally:
        fitted.set_params(**kept)


def test_rescale_keeps_the_length_that_the_denoiser_sees() -> None:
    seen: list[torch.Tensor] = []
    bridge = DiffusionBridge(**QUICK, steps=1, rescale=True, validation=0.0).fit(IMAGES, TEXTS)
    module = bridge.as_module()
    module.denoiser.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    module(torch.from_numpy(IMAGES[:3]))
    assert len(seen) == 5
    for x in seen:
        np.testing.assert_allclose(x.detach().norm(dim=1), 5, rtol=1e-5)


def test_guided_by_class(tmp_path: Path) -> None:
    """Told a class, rows go nearer to its rows; guidance goes further; untold they do not know."""
    bridge = DiffusionBridge(**QUICK, steps=300, entry_time=900, sampling_steps=10)
    bridge.fit(IMAGES, TEXTS, classes=PAIRS.labels + 100)
    wanted = (PAIRS.labels[:100] + 1) % 10
    texts = unit(PAIRS.class_texts)

    def near(moved: np.ndarray) -> float:
        return float((unit(moved) * texts[wanted]).sum(axis=1).mean())

    untold, told = near(bridge.transform(IMAGES[:100])), near(bridge.transform(IMAGES[:100], wanted + 100))
    assert told > untold + 0.05
    bridge.set_params(guidance=1.0)
    assert near(bridge.transform(IMAGES[:100], wanted + 100)) > told
    again = DiffusionBridge.from_pretrained(bridge.save_pretrained(tmp_path / "bridge"))
    np.testing.assert_array_equal(again.classes_, np.arange(100, 110))
    np.testing.assert_array_equal(
        again.transform(IMAGES[:9], wanted[:9] + 100), bridge.transform(IMAGES[:9], wanted[:9] + 100)
    )
    with pytest.raises(InputError, match="fitted with"):
        bridge.transform(IMAGES[:1], [5])
    with pytest.raises(VectorError, match="3 classes"):
        bridge.transform(IMAGES[:3], [100])


def test_classes_must_have_been_told(fitted: DiffusionBridge) -> None:
    with pytest.raises(InputError, match="a bridge fitted with classes"):
        fitted.transform(IMAGES[:1], [0])
    with pytest.raises(InputError, match="classes to guide by"):
        DiffusionBridge(guidance=1.0).fit(IMAGES, TEXTS)
    with pytest.raises(VectorError, match="one integer class for each of 600 rows of the target"):
        DiffusionBridge().fit(IMAGES, TEXTS, classes=[1, 2])
    with pytest.raises(InputError, match="unet1d"):
        DiffusionBridge("unet1d").fit(IMAGES, TEXTS, classes=PAIRS.labels)


def test_raw_weights_differ_from_the_average() -> None:
    moved = [
        DiffusionBridge(**QUICK, steps=20, weights=weights, validation=0.0)  # type: ignore[arg-type]
        .fit(IMAGES, TEXTS)
        .transform(IMAGES[:5])
        for weights in ("ema", "raw")
    ]
    assert np.abs(moved[0] - moved[1]).max() > 1e-4


def test_few_rows_are_said() -> None:
    bridge = DiffusionBridge(**QUICK, steps=1).fit(IMAGES, TEXTS[:20])
    assert any("20 rows for 16 dimensions" in one for one in bridge.warnings_)


@pytest.mark.parametrize(
    "wrong",
    [
        {"denoiser": "unet"}, {"objective": "score"}, {"schedule": "sqrt"}, {"sampler": "euler"},
        {"loss_weight": "p2"}, {"train_on": "both"}, {"mean": "none"}, {"weights": "best"},
    ],
)  # fmt: skip
def test_unknown_names(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError, match=next(iter(wrong.values()))):
        DiffusionBridge(**{**QUICK, **wrong}).fit(IMAGES, TEXTS)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"entry_time": 1001}, "entry time"), ({"entry_time": 4}, "sampling steps"),
        ({"timesteps": 0}, "time steps"), ({"hidden": 0}, "hidden"), ({"depth": 1.5}, "depth"),
        ({"gamma": -1.0}, "gamma"), ({"scale": 0.0}, "scale"), ({"guidance": -1.0}, "guidance"),
        ({"class_dropout": 2.0}, "class_dropout"), ({"steps": 0}, "steps"), ({"ema": 1.0}, "ema"),
        ({"options": {"ema": 0.9}}, "ema in options"), ({"clip": -1.0}, "clip"), ({"eta": 2.0}, "eta"),
        ({"learning_rate": -1.0}, "learning_rate"), ({"denoiser": "unet1d", "init_dim": 0}, "init_dim"),
    ],
)  # fmt: skip
def test_bad_parameters(wrong: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        DiffusionBridge(**{**QUICK, **wrong}).fit(IMAGES, TEXTS)


def test_a_loss_that_is_not_finite_stops_and_says_the_step() -> None:
    bridge = DiffusionBridge(
        **{**QUICK, "learning_rate": 1e30}, steps=50, options={"warmup": 0, "clip_norm": None}
    )
    with pytest.raises(ModelError, match="step"):
        bridge.fit(IMAGES, TEXTS)
    with pytest.raises(StudyError, match="fitted ddpm"):
        bridge.transform(IMAGES)


def test_bad_rows(fitted: DiffusionBridge) -> None:
    with pytest.raises(VectorError, match="width 16"):
        fitted.transform(IMAGES[:, :8])
    with pytest.raises(VectorError, match="zeros"):
        fitted.transform(np.zeros((2, 16), np.float32))
    with pytest.raises(InputError, match="target for ddpm"):
        DiffusionBridge().fit(IMAGES)
    with pytest.raises(VectorError, match="one width"):
        DiffusionBridge().fit(IMAGES, TEXTS[:, :8])
