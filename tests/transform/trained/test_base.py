"""What all trained bridges promise: each is better than identity, repeats, is saved, is a module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch.utils.flop_counter import FlopCounterMode

from repscope.errors import InputError, LinkError, StudyError, UnknownNameError, VectorError
from repscope.testing.pairs import PairedModalities, paired_modalities
from repscope.text.progress import Progress
from repscope.transform.inputs import Rows
from repscope.transform.trained.base import TrainedBridge
from repscope.transform.trained.brownian import BrownianBridge
from repscope.transform.trained.contrastive import Contrastive
from repscope.transform.trained.flow import RectifiedFlow
from repscope.transform.trained.regression import RegressionMLP

CLASSES: list[type[TrainedBridge]] = [Contrastive, RegressionMLP, RectifiedFlow, BrownianBridge]
SMALL: dict[str, Any] = {"hidden": 16, "depth": 1, "steps": 8, "batch_size": 16}
EVERY = pytest.mark.parametrize("cls", CLASSES)


@pytest.fixture(scope="module")
def pairs() -> PairedModalities:
    return paired_modalities(400, 12, shared=6, nuisance=1.0, gap=1.0, seed=1)


def small(cls: type[TrainedBridge], pairs: PairedModalities, **more: Any) -> TrainedBridge:
    bridge = cls(**{**SMALL, **more})
    return bridge.fit(pairs.images[:100].astype(np.float32), pairs.texts[:100].astype(np.float32), on="row")


def cosines(a: Any, b: Any) -> Any:
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def top1(a: Any, b: Any) -> float:
    a, b = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (a, b))
    return float(((a @ b.T).argmax(axis=1) == np.arange(len(a))).mean())


@EVERY
def test_better_than_identity_and_mean_shift_on_rows_held_out(
    cls: type[TrainedBridge], pairs: PairedModalities
) -> None:
    images, texts = pairs.images, pairs.texts
    bridge = cls(steps=150, batch_size=64, hidden=64).fit(images[:320], texts[:320], on="row")
    moved, right = bridge.transform(images[320:]), texts[320:]
    shifted = images[320:] - images[:320].mean(axis=0) + texts[:320].mean(axis=0)
    for before in (images[320:], shifted):
        assert top1(moved, right) > top1(before, right) + 0.2
        assert cosines(moved, right).mean() > cosines(before, right).mean() + 0.1
    assert bridge.validation_[bridge.best_step_] < 0.5 * bridge.validation_[0]
    # Raw rows of the target: not centred, and of its lengths.
    assert np.linalg.norm(moved, axis=1).mean() == pytest.approx(
        np.linalg.norm(right, axis=1).mean(), rel=0.3
    )
    assert bridge.warnings_ == ()


@EVERY
def test_untrained_it_is_the_mean_shift_of_unit_rows(
    cls: type[TrainedBridge], pairs: PairedModalities
) -> None:
    images, texts = pairs.images[:60], pairs.texts[:60]
    bridge = cls(**{**SMALL, "steps": 1, "learning_rate": 1e-12}).fit(images, texts, on="row")
    units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (images, texts)]
    expected = units[0] - units[0].mean(axis=0) + units[1].mean(axis=0)
    expected *= np.linalg.norm(texts, axis=1).mean()
    assert bridge.transform(images) == pytest.approx(expected, abs=1e-5)


def test_a_training_that_gains_nothing_is_undone_and_said(pairs: PairedModalities) -> None:
    """Rows that are in place already can only be moved away."""
    images = pairs.images[:60]
    there = images + 1e-4 * np.random.default_rng(0).normal(size=images.shape)
    bridge = RegressionMLP(**{**SMALL, "learning_rate": 0.1}).fit(images, there, on="row")
    assert bridge.best_step_ == 0
    assert bridge.validation_[8] > 100 * bridge.validation_[0]
    assert bridge.warnings_ == (
        "regression-mlp gained nothing on the rows held out: the weights before training were kept",
    )
    lengths = np.linalg.norm(images, axis=1, keepdims=True)
    assert bridge.transform(images) == pytest.approx(images / lengths * lengths.mean(), abs=1e-3)


@EVERY
def test_a_seed_repeats_it(cls: type[TrainedBridge], pairs: PairedModalities) -> None:
    first, again = small(cls, pairs, random_state=3), small(cls, pairs, random_state=3)
    other = small(cls, pairs, random_state=4)
    images = pairs.images[100:]
    assert np.array_equal(first.transform(images), again.transform(images))
    assert not np.allclose(first.transform(images), other.transform(images))
    assert first.losses_.tolist() == again.losses_.tolist()
    assert first.training_seconds_ > 0
    copied = clone(first)
    assert copied.get_params() == first.get_params()
    with pytest.raises(StudyError, match="call fit first"):
        copied.transform(images)


@EVERY
def test_saved_and_loaded_it_is_the_same_to_the_bit(
    cls: type[TrainedBridge], pairs: PairedModalities, tmp_path: Path
) -> None:
    bridge = small(cls, pairs, options={"ema": 0.9, "betas": [0.8, 0.9]})
    loaded = cls.from_pretrained(bridge.save_pretrained(tmp_path / "b"))
    for images in (pairs.images[100:], pairs.images[100:].astype(np.float32)):
        assert np.array_equal(loaded.transform(images), bridge.transform(images))
    for name in (
        "validation_",
        "best_step_",
        "training_seconds_",
        "n_parameters",
        "flops_per_row",
        "warnings_",
    ):
        assert getattr(loaded, name) == getattr(bridge, name)
    assert loaded.losses_.tolist() == bridge.losses_.tolist()
    assert loaded.get_params() == bridge.get_params()
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["config.json", "model.safetensors"]


def test_equal_bridges_have_equal_files_of_weights(pairs: PairedModalities, tmp_path: Path) -> None:
    """Seconds of the clock are in config.json alone; bridges with theirs among the weights still load."""
    made = [small(RegressionMLP, pairs, random_state=3) for _ in range(2)]
    made[1].training_seconds_ += 1.0
    files = [bridge.save_pretrained(tmp_path / str(at)) for at, bridge in enumerate(made)]
    first, second = ((file / "model.safetensors").read_bytes() for file in files)
    assert first == second
    older = RegressionMLP.from_pretrained(files[0])
    older.provenance_ = {}
    older._restore({**made[0]._state(), "record.summary": np.array([7.0, 2.5])})
    assert (older.best_step_, older.training_seconds_) == (7, 2.5)


@EVERY
def test_the_module_is_the_transform(cls: type[TrainedBridge], pairs: PairedModalities) -> None:
    bridge = small(cls, pairs)
    images = pairs.images[100:140].astype(np.float32)
    module = bridge.as_module()
    assert not module.training
    given = torch.from_numpy(images)
    moved = module(given)
    assert moved.dtype == torch.float32
    assert moved.detach().numpy() == pytest.approx(bridge.transform(images), abs=1e-6)
    for size in (1, 7):
        parts = torch.cat([module(part) for part in given.split(size)])
        assert torch.allclose(parts, moved, atol=1e-5)
    assert module(given.half()).dtype == torch.float16
    double = module.double()(given.double()).detach().numpy()
    assert double == pytest.approx(bridge.transform(images.astype(np.float64)), abs=1e-12)
    # In a model's forward gradients pass through it; the bridge itself stays as it was.
    given.requires_grad_(True)
    module.float()(given).square().sum().backward()
    assert given.grad is not None
    assert float(given.grad.norm()) > 0
    before = bridge.transform(images)
    with torch.no_grad():
        for weight in module.parameters():
            weight.zero_()
    assert np.array_equal(bridge.transform(images), before)


@EVERY
def test_cost_is_what_torch_counts(cls: type[TrainedBridge], pairs: PairedModalities) -> None:
    bridge = small(cls, pairs)
    module = bridge.as_module()
    with FlopCounterMode(display=False) as counter:
        module(torch.from_numpy(pairs.images[:5]).float())
    assert counter.get_total_flops() == 5 * bridge.flops_per_row
    assert bridge.n_parameters == sum(t.numel() for t in module.state_dict().values())


@EVERY
def test_rows_do_not_influence_each_other(cls: type[TrainedBridge], pairs: PairedModalities) -> None:
    bridge = small(cls, pairs)
    images = pairs.images[100:130]
    assert bridge.transform(images[::-1]) == pytest.approx(bridge.transform(images)[::-1], abs=1e-9)
    assert bridge.transform(images[3:4]) == pytest.approx(bridge.transform(images)[3:4], abs=1e-9)
    assert bridge.transform(images).dtype == np.float64
    assert bridge.transform(images.astype(np.float32)).dtype == np.float32


@EVERY
def test_too_few_pairs_are_said_to_be(cls: type[TrainedBridge], pairs: PairedModalities) -> None:
    images, texts = pairs.images[:23], pairs.texts[:23]
    bridge = cls(**{**SMALL, "validation": 0.0}).fit(images, texts, on="row")
    assert bridge.warnings_ == (
        f"23 independent pairs for 12 dimensions, fewer than 2 for each: what {cls.name} learnt cannot be "
        "trusted beyond them",
    )
    assert bridge.validation_ == {}
    # Crops of one image are one: 100 rows of 10 images are 10.
    clusters = np.arange(100) // 10
    grouped = cls(**SMALL).fit(pairs.images[:100], pairs.texts[:100], on="row", clusters=clusters)
    assert grouped.warnings_[0].startswith("10 independent pairs")


@EVERY
def test_bad_input(cls: type[TrainedBridge], pairs: PairedModalities, tmp_path: Path) -> None:
    images, texts = pairs.images[:40], pairs.texts[:40]

    def refused(kind: type[Exception], match: str, rows: Any = images, to: Any = texts, **more: Any) -> None:
        with pytest.raises(kind, match=match):
            cls(**{**SMALL, **more}).fit(rows, to, on="row")

    refused(InputError, "hidden: a whole number of at least 1; got 0", hidden=0)
    refused(InputError, "steps: a whole number of at least 1; got 0", steps=0)
    refused(InputError, "learning_rate: a finite number above 0", learning_rate=-1.0)
    refused(UnknownNameError, "got lr; do: correct the names", options={"lr": 1})
    refused(InputError, "steps in options; do: set the parameter", options={"steps": 9})
    zeros = images.copy()
    zeros[3] = 0
    refused(VectorError, r"rows of source with a direction; got only zeros in 1 rows \(3\)", rows=zeros)
    refused(VectorError, "target in more than one direction", to=np.ones_like(texts))
    refused(VectorError, "NaN or Inf", rows=np.where(images == images[0, 0], np.nan, images))
    refused(VectorError, "at least 2", rows=images[:1], to=texts[:1])
    bridge = small(cls, pairs)
    with pytest.raises(VectorError, match="rows of width 12"):
        bridge.transform(images[:, :5])
    with pytest.raises(VectorError, match="only zeros in 1 rows"):
        bridge.transform(zeros)
    with pytest.raises(InputError, match="a target for"):
        cls(**SMALL).fit(images)
    if cls.learns_from == "paired":
        with pytest.raises(LinkError, match="rows of source and target that belong together"):
            cls(**SMALL).fit(images, texts)


def test_checkpoints_progress_and_resumption_through_a_bridge(
    tmp_path: Path, pairs: PairedModalities
) -> None:
    told: list[Progress] = []
    options = {"checkpoints": str(tmp_path / "c"), "checkpoint_every": 4}
    rows = Rows(pairs.images[:100], "s").take(np.arange(100)), pairs.texts[:100]
    bridge = RegressionMLP(**SMALL, options=options).watch(told.append).fit(*rows, on="row")
    assert [one.done for one in told] == list(range(1, 9))
    assert (tmp_path / "c" / "step-00000008.safetensors").is_file()
    (tmp_path / "c" / "step-00000008.safetensors").unlink()
    told.clear()
    again = RegressionMLP(**SMALL, options=options).watch(told.append).fit(*rows, on="row")
    assert [one.done for one in told] == [5, 6, 7, 8]
    assert np.array_equal(again.transform(rows[0]), bridge.transform(rows[0]))
    with pytest.raises(StudyError, match=r"settings\.loss \"cosine\" instead of \"mse\""):
        RegressionMLP(**SMALL, loss="cosine", options=options).fit(*rows, on="row")
