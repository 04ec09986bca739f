"""A watched training: the same to the bit, recorded as a study, its collapse named."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

from repscope.errors import DependencyError, ExistsError, InputError, ModelError, VectorError
from repscope.learning.callbacks import adapters
from repscope.learning.callbacks.collapse import CollapseRule, Openness, openness
from repscope.learning.callbacks.gradients import gradient_flow
from repscope.learning.callbacks.readings import knn_accuracy, read_rows
from repscope.learning.callbacks.watch import Watch
from repscope.measure.geometry.calibration import gaussian_bands
from repscope.study import Study
from repscope.verbs.drift.drift import drift_study
from repscope.verbs.training.training import training

RNG = np.random.default_rng(0)


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 4))


def train(model, steps, watch=None, autocast=False):
    """A few steps whose batches, dropout and noise come from every global generator."""
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    model.train()
    model[1].eval()  # frozen statistics of one layer: a mode of its own
    for step in range(steps):
        x = torch.randn(12, 8) + random.random() + np.random.rand()  # noqa: NPY002
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            # Autocast keeps weights that it casts: here the probe is the first to use them.
            if watch and autocast:
                watch(step)
            loss = model(x).float().square().mean()
        loss.backward()
        if watch and not autocast:
            watch(step, loss=loss)
        optimiser.step()
    return [one.clone() for one in model.state_dict().values()], torch.rand(1), random.random()


@pytest.mark.parametrize("autocast", [False, True])
def test_a_watched_training_is_the_same_to_the_bit(tmp_path, autocast):
    plain = train(net(), 7, autocast=autocast)
    model = net()

    def probe(module):
        # A probe that draws, and a buffer that is moved: none of it may be seen in the training.
        module[1].running_mean += 0.1 * torch.rand(16) * random.random() * np.random.rand()  # noqa: NPY002
        module(torch.randn(10, 8))

    watch = Watch(tmp_path / "run", model, probe, every=2, gradients=not autocast)
    watched = train(model, 7, watch, autocast)
    for before, after in zip(plain[0], watched[0], strict=True):
        assert torch.equal(before, after)
    assert plain[1:] == watched[1:]
    assert [module.training for module in model] == [True, False, True, True, True]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    # The probe itself was the same in every reading but for the weights: its draws are seeded.
    assert len(Study(tmp_path / "run")) == 4


def test_a_probe_that_raises_leaves_the_model_as_it_was(tmp_path):
    model = net().train()
    before = [one.clone() for one in model.state_dict().values()]

    def probe(module):
        module[1].running_mean.zero_().add_(3)
        raise RuntimeError("no more memory")

    with pytest.raises(RuntimeError, match="no more memory"):
        Watch(tmp_path / "run", model, probe)(0)
    assert all(map(torch.equal, before, model.state_dict().values()))
    assert all(module.training for module in model.modules())


def test_what_was_recorded_is_a_study_and_a_log(tmp_path):
    digits = load_digits()
    pixels, labels = torch.tensor(digits.data[:120] / 16, dtype=torch.float32), digits.target[:120]
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    watch = Watch(tmp_path / "run", model, pixels, "0", every=10, labels=labels, batch_size=50)
    for step in range(31):
        loss = nn.functional.cross_entropy(model(pixels), torch.tensor(labels))
        optimiser.zero_grad()
        loss.backward()
        assert watch(step, loss=loss) is None
        if step == 30:
            own = model[0](pixels).detach().numpy()
            mean = float(model[2].weight.grad.abs().sum() + model[2].bias.grad.abs().sum()) / 330
        optimiser.step()
    study = Study(tmp_path / "run")
    assert study.stages == {"0": ["0_000000", "0_000010", "0_000020", "0_000030"]}
    assert study["0_000030"].vectors[:] == pytest.approx(own, abs=1e-6)
    assert list(study["0_000030"].column("label")) == labels.tolist()
    lines = [json.loads(line) for line in watch.log.read_text().splitlines()]
    assert [one["step"] for one in lines] == [0, 10, 20, 30]
    assert lines[-1]["loss"] == pytest.approx(loss.item())
    assert lines[-1]["grad.mean/2"] == pytest.approx(mean)
    assert lines[-1]["grad.max/2"] >= mean
    assert lines[-1]["knn.accuracy"] > 0.7
    found = drift_study(study.path, ["0"], resamples=100)
    assert [one["position"] for one in found.to_json()["stages"]] == [0, 10, 20, 30]
    log = training(watch.log)
    assert {"rank.entropy", "rank.rankme", "rank.participation", "rank.stable", "uniformity"} <= {
        one.name for one in log.series
    }
    assert [one.word for one in log.gradients] == ["", ""]
    assert log.gradients[1].largest == pytest.approx(max(one["grad.max/2"] for one in lines))


def test_inside_a_fused_block(tmp_path):
    model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    watch = Watch(tmp_path / "run", model, torch.randn(5, 3, 8), "linear1", pool="mean", gradients=False)
    assert watch(0) is None
    assert Study(tmp_path / "run")["linear1_000000"].vectors.shape == (5, 16)


def test_several_points_and_ids(tmp_path):
    model, pixels = net(), torch.randn(6, 8)
    watch = Watch(
        tmp_path / "run",
        model,
        {"input": pixels},
        {"hidden": "0", "end": "4"},
        every=1,
        ids=list("abcdef"),
        gradients=False,
    )
    for step in range(2):
        watch(step)
    study = Study(tmp_path / "run")
    assert study["end_000001"].vectors[:] == pytest.approx(model.eval()(pixels).detach().numpy())
    assert study.stages == {"hidden": ["hidden_000000", "hidden_000001"], "end": ["end_000000", "end_000001"]}
    assert study["end_000001"].ids.tolist() == list("abcdef")
    assert study["hidden_000000"].provenance["watch"] == {"point": "hidden", "step": 0}
    reading = json.loads(watch.log.read_text().splitlines()[0])
    assert {"hidden/rank.entropy", "end/collapse.spread"} <= reading.keys()


def test_a_training_that_goes_on_replaces_what_lies_ahead(tmp_path):
    model, probe = net(), torch.randn(6, 8)
    options = {"every": 10, "gradients": False}
    watch = Watch(tmp_path / "run", model, probe, **options)
    for step in range(0, 41, 10):
        watch(step)
    with pytest.raises(ExistsError, match="resume=True"):
        Watch(tmp_path / "run", model, probe, **options)
    watch.log.write_bytes(watch.log.read_bytes() + b'{"step": 50, "ra')
    again = Watch(tmp_path / "run", model, probe, resume=True, **options)
    with torch.no_grad():
        model[4].weight.mul_(2)
    again(20)
    study = Study(tmp_path / "run")
    assert study.stages["model"] == study.sets == ["model_000000", "model_000010", "model_000020"]
    (back,) = {(one.step, one.resumed_at) for one in training(again.log).restarts}
    assert back == (40, 20)
    again(30)
    with pytest.raises(InputError, match="a step after 30"):
        again(10)


@given(
    n=st.sampled_from([64, 200]), d=st.sampled_from([16, 768]), scale=st.sampled_from([1e-12, 0.01, 1.0, 1e6])
)
@settings(max_examples=12, deadline=None)
def test_a_healthy_cloud_is_healthy_at_any_scale_and_size(n, d, scale):
    x = np.random.default_rng(n + d).standard_normal((n, d)) + 1.0
    now, scaled = openness(x), openness(x * scale)
    assert scaled.spread == pytest.approx(now.spread)
    assert scaled.directions == pytest.approx(now.directions, abs=1e-6)
    assert now.directions == pytest.approx(1, abs=0.1)
    rule = CollapseRule("x", patience=1)
    assert rule.see(0, now) is None
    assert rule.see(1, scaled) is None
    assert rule.see(2, openness((x * scale).astype(np.float32))) is None


def test_openness_against_closed_forms():
    # Two equal directions of variance 2/3, and a mean of length 1: squares of length 2 on average.
    square = np.array([[1, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1]], float)
    now = openness(square)
    assert now.spread == pytest.approx(4 / 3 / 2)
    gaussian = np.mean(gaussian_bands(4, 3)["rank.entropy"])
    assert now.directions == pytest.approx((2 - 1) / (gaussian - 1))
    assert openness(np.ones((5, 3))) == openness(np.zeros((5, 3))) == Openness("point", 0, None)
    with pytest.raises(VectorError):
        openness(np.ones((1, 3)))


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (lambda x: np.ones_like(x) + 1e-9 * x, "a point"),
        (lambda x: 1e-3 * np.ones_like(x) + 1e-9 * x, "a point"),
        (lambda x: np.outer(x[:, 0], np.ones(x.shape[1])), "a line"),
        (lambda x: np.outer(x[:, 0], np.ones(x.shape[1])) + 1e-4 * x, "a line"),
        (np.zeros_like, "a point"),
    ],
)
def test_collapse_is_seen_without_a_history_too(rows, word):
    x = RNG.standard_normal((64, 768))
    rule = CollapseRule("z")
    assert rule.see(10, openness(rows(x))) is None
    found = rule.see(20, openness(rows(x)))
    assert found is not None
    assert (found.step, found.at) == (10, "z")
    assert word in str(found)
    after = CollapseRule("z")
    assert [after.see(step, openness(x)) for step in range(5)] == [None] * 5
    assert (
        after.see(5, openness(rows(x)))
        is after.see(6, openness(x))
        is after.see(7, openness(rows(x)))
        is None
    )
    assert after.see(8, openness(rows(x))).step == 7


class Siamese(nn.Module):
    """Two views of a digit, one predicted from the other: with a stop-gradient and an average, or without."""

    def __init__(self, healthy: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.healthy = healthy
        self.encoder, self.target = (
            nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.LayerNorm(32)) for _ in range(2)
        )
        self.target.load_state_dict(self.encoder.state_dict())
        self.predictor = nn.Linear(32, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second = (x * (torch.rand_like(x) < 0.6) for _ in range(2))
        predicted = self.predictor(self.encoder(first))
        if not self.healthy:
            return nn.functional.mse_loss(predicted, self.encoder(second))
        with torch.no_grad():
            target = self.target(second)
            for own, moving in zip(self.encoder.parameters(), self.target.parameters(), strict=True):
                moving.lerp_(own, 0.01)
        return nn.functional.mse_loss(predicted, target)


@pytest.mark.parametrize("healthy", [True, False])
def test_a_collapse_is_named_with_its_step_and_a_healthy_training_goes_on(tmp_path, caplog, healthy):
    digits = load_digits()
    pixels = torch.tensor(digits.data / 16, dtype=torch.float32)
    model = Siamese(healthy)
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    watch = Watch(
        tmp_path / "run",
        model,
        lambda module: module.encoder(pixels[:256]),
        "encoder",
        every=20,
        labels=digits.target[:256],
    )
    generator = torch.Generator().manual_seed(0)
    for step in range(201):
        loss = model(pixels[torch.randint(len(pixels), (128,), generator=generator)])
        optimiser.zero_grad()
        loss.backward()
        if watch(step, loss=loss):
            break
        optimiser.step()
    first, *_, last = [json.loads(line) for line in watch.log.read_text().splitlines()]
    if healthy:
        assert watch.collapse is None
        assert last["step"] == 200
        assert last["knn.accuracy"] > 0.7
        return
    assert watch.collapse is not None
    assert 0 < watch.collapse.step < step < 200
    assert caplog.messages == [str(watch.collapse)]
    # Seen by other numbers too, which the rule does not read.
    assert last["cosine.mean"] > first["cosine.mean"]
    assert last["uniformity"] > first["uniformity"]


def test_rows_that_are_not_finite_are_said_at_once(tmp_path, caplog):
    model = nn.Linear(4, 3)
    watch = Watch(tmp_path / "run", model, torch.ones(5, 4), every=1, gradients=False)
    watch(0)
    with torch.no_grad():
        model.bias[0] = float("nan")
    found = watch(1)
    assert "NaN or Inf" in caplog.text
    assert found is not None
    assert found.step == 1
    assert json.loads(watch.log.read_text().splitlines()[1]) == {"step": 1, "rows.finite": 0.0}
    assert Study(tmp_path / "run").sets == ["model_000000"]


def test_gradients_layer_by_layer():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 1, bias=False)))
    assert gradient_flow(model) == {}
    model[0].weight.grad = torch.tensor([[1.0, -2.0], [3.0, 0.0]])
    model[0].bias.grad = torch.tensor([-6.0, 0.0])
    model[1][1].weight.grad = torch.full((1, 2), float("inf"))
    flow = gradient_flow(model)
    assert flow == {"0": (2.0, 6.0), "1.1": (float("inf"), float("inf"))}
    sparse = nn.Embedding(4, 2, sparse=True)
    sparse(torch.tensor([1, 1])).sum().backward()
    assert gradient_flow(sparse) == {"(model)": (0.5, 2.0)}


def test_knn_accuracy_against_scikit_learn():
    digits = load_digits()
    x, labels = digits.data[:150].astype(np.float32), digits.target[:150].astype(np.int64)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    hits = []
    for row in range(len(x)):
        rest = np.arange(len(x)) != row
        peer = KNeighborsClassifier(20, weights=lambda away: np.exp(-(away**2) / 2 / 0.07))
        hits.append(peer.fit(unit[rest], labels[rest]).predict(unit[[row]])[0] == labels[row])
    assert knn_accuracy(x, labels) == pytest.approx(np.mean(hits))
    with pytest.raises(InputError, match="a label for each row"):
        knn_accuracy(x, labels[:3])


def test_readings_of_zero_rows_leave_out_what_is_undefined():
    rows = np.vstack([np.zeros(3), np.eye(3)])
    found = read_rows(rows, np.array([0, 1, 1, 0]))
    assert "rank.entropy" in found
    assert not {"uniformity", "cosine.mean", "knn.accuracy"} & found.keys()


def test_a_probe_of_another_form_and_models_that_cannot_be_watched(tmp_path, caplog):
    model = net()
    for probe in (None, [torch.ones(3, 8), torch.ones(4, 8)], torch.tensor(1.0), [], ["a"]):
        with pytest.raises(InputError, match="for the probe"):
            Watch(tmp_path / "run", model, probe)
    with pytest.raises(ModelError, match="names a module"):
        Watch(tmp_path / "run", model, torch.ones(3, 8), "decoder")
    with pytest.raises(InputError, match="1 or more"):
        Watch(tmp_path / "run", model, torch.ones(3, 8), every=0)
    with pytest.raises(InputError, match="a label for each of the 3 rows"):
        Watch(tmp_path / "run", model, torch.ones(3, 8), labels=[1, 2])(0)
    watch = Watch(tmp_path / "other", model, torch.randn(3, 8), every=1)
    watch(0)
    watch(1)
    assert caplog.text.count("no gradients at step") == 1
    with pytest.raises(DependencyError, match="pip install"):
        adapters._base(("no_such_package",), "Callback", "pip install it")
