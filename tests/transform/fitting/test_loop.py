"""The training loop against loops written out, and what stops it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from helpers.training import Noisy, network, problem
from repscope.errors import ModelError
from repscope.text.progress import Progress
from repscope.transform.fitting import Batch, Draws, TrainingRows, TrainOptions, train
from repscope.transform.fitting.draws import Order
from repscope.transform.inputs import Rows


class Plain:
    """Mean square error."""

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        assert batch.target is not None
        return (network(batch.source) - batch.target).square().mean()


def weights(module: nn.Module) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in module.parameters()])


def test_the_loop_is_adam_on_the_batches_of_the_seed() -> None:
    """Against the few lines that everybody writes, with clipping, warm-up and weight decay."""
    rows = problem()
    options = TrainOptions(
        steps=30, batch_size=16, learning_rate=0.01, weight_decay=0.1, warmup=5, clip_norm=0.5, seed=7
    )
    trained = train(network(dropout=0), Plain(), rows, options)
    other = network(dropout=0)
    adam = torch.optim.AdamW(other.parameters(), betas=(0.9, 0.99), weight_decay=0.1)
    order, losses = Order(np.arange(60), 7), []
    for step in range(30):
        adam.param_groups[0]["lr"] = 0.01 * min(1.0, (step + 1) / 5)
        batch = rows.batch(order.at(16 * step, 16), None, "cpu")
        loss = Plain().loss(other, batch, Draws(0, 16))
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(other.parameters(), 0.5)
        adam.step()
        losses.append(float(loss.detach()))
    assert trained.losses == pytest.approx(losses, rel=1e-5)
    assert torch.allclose(weights(trained.network), weights(other), atol=1e-6)
    assert trained.losses[-1] < 0.7 * trained.losses[0]
    assert (trained.steps, trained.best_step, trained.stopped, trained.resumed_from) == (30, 30, "steps", 0)
    assert trained.ema is None
    assert trained.averaged is trained.network
    assert not trained.network.training


def test_accumulated_passes_are_one_large_batch() -> None:
    large = train(network(dropout=0), Plain(), problem(), TrainOptions(steps=20, batch_size=12))
    small = train(network(dropout=0), Plain(), problem(), TrainOptions(steps=20, batch_size=4, accumulate=3))
    assert small.losses == pytest.approx(large.losses, rel=1e-5)
    assert torch.allclose(weights(small.network), weights(large.network), atol=1e-5)


def test_a_seed_repeats_and_leaves_torch_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second, third = (
        train(network(), Noisy(), problem(), TrainOptions(steps=15, batch_size=8, seed=seed)).losses
        for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert first.tolist() == second.tolist()
    assert first.tolist() != third.tolist()


def test_the_average_follows_the_weights() -> None:
    options = TrainOptions(steps=40, batch_size=16, learning_rate=0.01, ema=0.9, ema_every=2)
    trained = train(network(), Noisy(), problem(), options)
    assert trained.ema is trained.averaged
    assert trained.ema is not None
    start, raw, mean = weights(network()), weights(trained.network), weights(trained.ema)
    assert 0 < float((mean - raw).norm()) < 0.5 * float((start - raw).norm())


@pytest.mark.parametrize("amp", ["bf16", "fp16"])
def test_mixed_precision_learns_the_same(amp: str) -> None:
    options = {"steps": 60, "batch_size": 16, "learning_rate": 0.01}
    exact = train(network(dropout=0), Plain(), problem(), TrainOptions.of(options))
    mixed = train(network(dropout=0), Plain(), problem(), TrainOptions.of({**options, "amp": amp}))
    assert mixed.losses.tolist() != exact.losses.tolist()
    assert mixed.losses[-1] == pytest.approx(exact.losses[-1], rel=0.1)
    assert all(weight.dtype == torch.float32 for weight in mixed.network.parameters())


class Overfits:
    """Rows held out get worse from step 20 on."""

    def __init__(self) -> None:
        self.steps = 0

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        assert isinstance(network, nn.Linear)
        if network.training:
            self.steps += 1
            return (network.weight - 100.0).square().mean()
        return torch.tensor(float(abs(self.steps - 20)))


def test_the_best_weights_are_kept_and_the_rest_is_not_made() -> None:
    rows = TrainingRows(None, Rows(np.ones((10, 1), np.float32), "t"))
    seen: list[float] = []

    def watch(progress: Progress) -> None:
        seen.append(float(layer.weight.detach()[0, 0]))

    layer = nn.Linear(1, 1)
    options = TrainOptions(steps=100, batch_size=2, validation=0.3, validate_every=5, patience=3)
    trained = train(layer, Overfits(), rows, options, progress=watch)
    assert trained.stopped == "patience"
    assert trained.best_step == 20
    assert trained.steps == len(trained.losses) == 35
    assert trained.validation == {step: float(abs(step - 20)) for step in range(0, 36, 5)}
    assert float(layer.weight.detach()[0, 0]) == seen[19] != seen[-1]


def test_the_validation_loss_is_that_of_all_rows_held_out() -> None:
    """With the same noise each time, in batches of which the last is smaller."""
    rows = problem()
    options = TrainOptions(steps=2, batch_size=5, learning_rate=1e-12, validation=0.2, validate_every=1)
    trained = train(network(), Noisy(), rows, options)
    assert trained.validation[0] == pytest.approx(trained.validation[2], rel=1e-6)
    plain = train(network(dropout=0), Plain(), rows, options)
    from repscope.transform.fitting import hold_out

    batch = rows.batch(hold_out(np.arange(60), 0.2, 0)[1], None, "cpu")
    with torch.no_grad():
        expected = Plain().loss(network(dropout=0), batch, Draws(0, 12))
    assert plain.validation[0] == pytest.approx(float(expected), rel=1e-5)


def test_progress_tells_rate_and_time_left() -> None:
    told: list[Progress] = []
    options = TrainOptions(steps=6, batch_size=4, validation=0.2, validate_every=3)
    trained = train(network(), Noisy(), problem(), options, progress=told.append)
    assert [one.done for one in told] == [1, 2, 3, 4, 5, 6]
    assert [one.numbers["loss"] for one in told] == trained.losses.tolist()
    assert all(one.numbers["rate"] > 0 and one.total == 6 for one in told)
    assert [one.seconds_left for one in told] == pytest.approx(
        [(6 - one.done) / one.numbers["rate"] for one in told]
    )
    assert [one.numbers["validation"] for one in told] == [
        trained.validation[step] for step in (0, 0, 3, 3, 3, 6)
    ]


class Breaks:
    """A loss that is not a number, or whose gradient is none, from some step on."""

    def __init__(self, at: int, what: str) -> None:
        self._left, self._what = at, what

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        loss = Plain().loss(network, batch, draws)
        self._left -= 1
        if self._left:
            return loss
        if self._what == "gradient":
            # The slope of a square root at 0 is infinite; times 0 it is not a number.
            return loss + (loss - loss).sqrt()
        return loss * {"nan": math.nan, "inf": math.inf}[self._what]


@pytest.mark.parametrize(
    ("what", "expected", "got"),
    [("nan", "loss", "nan"), ("inf", "loss", "inf"), ("gradient", "gradient", "nan")],
)
def test_a_loss_that_is_no_number_stops(tmp_path: Path, what: str, expected: str, got: str) -> None:
    options = TrainOptions(steps=50, batch_size=8, checkpoints=tmp_path, checkpoint_every=10)
    with pytest.raises(ModelError) as caught:
        train(network(dropout=0), Breaks(25, what), problem(), options)
    assert caught.value.expected == f"a finite {expected}"
    assert caught.value.got == f"{got} at step 25 of 50"
    last = tmp_path / "step-00000020.safetensors"
    assert f"the last good checkpoint is {last}" in caught.value.do
    assert last.is_file()
    # It is a good one: an objective that does not break goes on from it to the end.
    resumed = train(network(dropout=0), Plain(), problem(), options)
    assert resumed.resumed_from == 20
    assert (
        resumed.losses.tolist()
        == train(network(dropout=0), Plain(), problem(), TrainOptions(steps=50, batch_size=8)).losses.tolist()
    )


def test_a_loss_that_is_no_number_before_any_checkpoint() -> None:
    with pytest.raises(ModelError, match=r"nan at step 1 of 50.*no checkpoint was written yet"):
        train(network(dropout=0), Breaks(1, "nan"), problem(), TrainOptions(steps=50, batch_size=8))


def test_weights_that_are_no_numbers_are_never_written(tmp_path: Path) -> None:
    layer = nn.Linear(5, 5)
    options = TrainOptions(steps=20, batch_size=8, checkpoints=tmp_path, checkpoint_every=5)

    def spoil(progress: Progress) -> None:
        if progress.done == 9:
            with torch.no_grad():
                # Beyond what the loss sees: a weight that no row uses.
                layer.bias[0] = math.inf

    class Blind:
        def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
            assert isinstance(network, nn.Linear)
            assert batch.source is not None
            return (batch.source @ network.weight).square().mean()

    with pytest.raises(ModelError, match=r"a finite set of weights; got nan at step 10 of 20.*00000005"):
        train(layer, Blind(), problem(), options, progress=spoil)
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == ["step-00000005.safetensors"]
