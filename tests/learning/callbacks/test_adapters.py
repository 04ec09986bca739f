"""The callbacks of Lightning and transformers, in real trainers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from repscope.learning.callbacks.watch import Watch
from repscope.study import Study

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.long]
X = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))


class Collapsing(nn.Module):
    """Predicts nothing but its own output's square: weights and biases go to a point."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Linear(8, 6)

    def forward(self, x: torch.Tensor, **_: object) -> dict[str, torch.Tensor]:
        z = self.encoder(x)
        return {"loss": (z - 1).square().mean(), "z": z}


def steps_of(study):
    return [int(name.rpartition("_")[2]) for name in Study(study).sets]


@pytest.mark.parametrize("stop", [False, True])
def test_lightning(tmp_path, monkeypatch, stop):
    lightning = pytest.importorskip("lightning.pytorch")
    monkeypatch.chdir(tmp_path)

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = Collapsing()

        def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
            return self.model(batch[0])["loss"]

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), 1.0)

    def fit(callbacks: list[object]) -> Module:
        lightning.seed_everything(0, verbose=False)
        module = Module()
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X), 16, shuffle=True)
        lightning.Trainer(
            max_epochs=10,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[one(module) for one in callbacks],
        ).fit(module, loader)
        return module

    made = []

    def callback(module: Module) -> object:
        made.append(Watch(tmp_path / "run", module, lambda one: one.model(X), "model.encoder", every=6))
        return made[0].lightning(stop_on_collapse=stop)

    watched = fit([callback])
    first = json.loads(made[0].log.read_text().splitlines()[0])
    assert first["grad.max/model.encoder"] > 0
    assert made[0].collapse is not None
    if stop:
        assert steps_of(tmp_path / "run")[-1] < 40
        assert made[0].collapse.step < steps_of(tmp_path / "run")[-1]
    else:
        assert steps_of(tmp_path / "run") == [0, 6, 12, 18, 24, 30, 36, 40]
        plain = fit([])
        assert torch.equal(watched.model.encoder.weight, plain.model.encoder.weight)


@pytest.mark.parametrize("stop", [False, True])
def test_transformers(tmp_path, stop):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    model = Collapsing()
    watch = Watch(tmp_path / "run", model, {"x": X}, {"z": ":output.z"}, every=6)
    rows = [{"x": one} for one in X]
    trainer = transformers.Trainer(
        model,
        transformers.TrainingArguments(
            str(tmp_path / "hf"),
            num_train_epochs=10,
            per_device_train_batch_size=16,
            learning_rate=1.0,
            lr_scheduler_type="constant",
            optim="sgd",
            use_cpu=True,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            seed=0,
        ),
        train_dataset=rows,
        callbacks=[watch.transformers(stop_on_collapse=stop)],
    )
    trainer.train()
    assert watch.collapse is not None
    steps = steps_of(tmp_path / "run")
    if stop:
        assert steps[-1] < 40
        assert trainer.state.global_step == steps[-1]
    else:
        assert steps == [0, 6, 12, 18, 24, 30, 36, 40]
    line = json.loads(watch.log.read_text().splitlines()[0])
    assert np.isfinite(line["grad.mean/encoder"])


def test_the_events_of_transformers_without_its_trainer(tmp_path):
    """Its own handler, state and control, called in the order of ``Trainer`` (which needs accelerate)."""
    trainer = pytest.importorskip("transformers.trainer_callback")
    model = Collapsing()
    optimiser = torch.optim.SGD(model.parameters(), 1.0)
    watch = Watch(tmp_path / "run", model, {"x": X}, {"z": ":output.z"}, every=6)
    callbacks = [watch.transformers(stop_on_collapse=True)]
    handler = trainer.CallbackHandler(callbacks, model, None, optimiser, None)
    state, control = trainer.TrainerState(), trainer.TrainerControl()
    for step in range(40):
        control = handler.on_step_begin(None, state, control)
        model(X)["loss"].backward()
        control = handler.on_pre_optimizer_step(None, state, control)
        optimiser.step()
        control = handler.on_optimizer_step(None, state, control)
        optimiser.zero_grad()
        state.global_step = step + 1
        control = handler.on_step_end(None, state, control)
        if control.should_training_stop:
            break
    handler.on_train_end(None, state, control)
    assert watch.collapse is not None
    steps = steps_of(tmp_path / "run")
    assert steps[:2] == [0, 6]
    assert steps[-1] == state.global_step < 40
    lines = [json.loads(line) for line in watch.log.read_text().splitlines()]
    assert np.isfinite(lines[0]["grad.mean/encoder"])
    assert "grad.mean/encoder" not in lines[-1]
