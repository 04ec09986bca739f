"""``repscope segment``: runs are fair, repeat, resume, and are compared picture by picture."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import ExistsError, FormatError, InputError, MissingError, ModelError
from repscope.measure.core.estimate import Difference
from repscope.segmentation.features import Backbone
from repscope.segmentation.runs import open_run
from repscope.testing.scenes import write_scenes
from repscope.verbs.segment.compare import compare, verdict_of
from repscope.verbs.segment.train import train

NET = """
import torch
from torch import nn

def maps():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 12, 5, 2, 2), nn.BatchNorm2d(12), nn.ReLU())

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 6, 8, 8)
    def forward(self, pixels):
        tokens = self.patches(pixels).flatten(2).transpose(1, 2)
        return torch.cat([tokens[:, :1], tokens], 1)

class Pooled(Tokens):
    def forward(self, pixels):
        return super().forward(pixels).mean(1)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segment")
    write_scenes(folder / "data", 15, side=32)
    (folder / "net.py").write_text(NET)
    return folder


@pytest.fixture
def run(place):
    def start(name, **more):
        options = {"size": 32, "epochs": 3, "batch_size": 4, "codebook": 8, "bottleneck": 4, "lr": 0.01}
        asked = {"backbone": f"{place}/net.py:maps", **options, **more}
        return train(place / "data", out=place / name, **asked)

    return start


def test_runs_without_and_with_an_idle_quantiser_are_one(place, run):
    none, same = run("none"), run("identity", quantizer="identity")
    weights = [load_file(place / name / "model.safetensors") for name in ("none", "identity")]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    losses = [open_run(place / name)[0].losses for name in ("none", "identity")]
    assert losses[0] == losses[1]
    assert (none.steps, none.images, same.first_loss) == (9, 9, none.first_loss)
    assert none.last_loss < none.first_loss
    again = run("again")
    assert again.last_loss == none.last_loss
    assert (place / "again/model.safetensors").read_bytes() == (place / "none/model.safetensors").read_bytes()


def test_a_killed_run_goes_on_to_the_same_weights(place, run):
    run("whole", quantizer="vq")
    calls = []

    def die(now):
        calls.append(now)
        if now.what == "train" and now.done == 8:
            raise KeyboardInterrupt

    with pytest.raises(BaseException, match=r"|KeyboardInterrupt"):
        run("killed", quantizer="vq", progress=die)
    assert not (place / "killed/model.safetensors").exists()
    run("killed", quantizer="vq")
    weights = [load_file(place / name / "model.safetensors") for name in ("whole", "killed")]
    for name in weights[0]:
        assert torch.equal(weights[0][name], weights[1][name]), name
    assert open_run(place / "killed")[0].losses == open_run(place / "whole")[0].losses
    with pytest.raises(ExistsError, match="--overwrite"):
        run("killed", quantizer="vq", epochs=4)


def test_the_backbone_is_frozen(place):
    backbone = Backbone(f"{place}/net.py:maps", 32, weights=None, device="cpu", seed=0)
    before = {name: value.clone() for name, value in backbone.model.module.state_dict().items()}
    assert not any(weight.requires_grad for weight in backbone.model.module.parameters())
    maps = backbone.features(np.random.default_rng(0).random((4, 3, 32, 32), np.float32))
    assert maps.shape == (4, 12, 16, 16)
    assert not backbone.model.module.training
    for name, value in backbone.model.module.state_dict().items():
        assert torch.equal(value, before[name])
    tokens = Backbone(f"{place}/net.py:Tokens", 32, weights=None, device="cpu", seed=0)
    assert tokens.features(np.zeros((2, 3, 32, 32), np.float32)).shape == (2, 6, 4, 4)
    with pytest.raises(ModelError, match=r"a map \[B, C, h, w\]"):
        Backbone(f"{place}/net.py:Pooled", 32, weights=None, device="cpu", seed=0).features(
            np.zeros((2, 3, 32, 32), np.float32)
        )


def test_two_runs_are_compared_picture_by_picture(place, run, monkeypatch):
    monkeypatch.chdir(place)
    run("a", cache=place / "kept")
    run("b", quantizer="rvq", quantizers=2, cache=place / "kept")
    assert len(list((place / "kept").iterdir())) == 1
    ran = CliRunner().invoke(
        app, ["segment", "compare", "a", "b", "--out", "o", "--figures", "png", "--json"]
    )
    assert ran.exit_code == 0, ran.output
    record = json.loads(ran.stdout)
    assert record == json.loads(Path("o/metrics.json").read_text())
    assert record["schema"] == "repscope.segmentation/1"
    assert [one["id"] for one in record["images"]] == ["0004", "0009", "0014"]
    ious = np.array([one["iou"] for one in record["images"]])
    assert record["difference"]["value"] == pytest.approx(np.diff(ious, axis=1).mean())
    assert record["verdict"] in ("equal", "better", "worse", "inconclusive")
    assert record["runs"][0]["codes"] is None
    about = record["runs"][1]
    assert (about["codes"]["codes"], about["codes"]["bits_per_place"]) == (16, 6)
    # 12 channels of 32 bits a place, against two codes of three bits, two codebooks of 8 × 4 and 12 × 4 + 12.
    places, fixed = 256, 32 * (2 * 8 * 4 + 12 * 4 + 12)
    assert about["compression"]["codes"] == 12 * 32 / 6
    assert about["compression"]["with_codebook"] == pytest.approx(
        12 * 32 * places * 3 / (6 * places * 3 + fixed)
    )
    assert about["compression"]["break_even_items"] == 1
    names = {path.stem for path in Path("o").glob("*.png")}
    assert names == {
        "best_results_test", "worst_results_test", "most_gained", "most_lost", "scatter", "classes",
    }  # fmt: skip
    itself = compare(place / "a", place / "a")
    assert itself.verdict == "equal"
    assert itself.notes[-1] == "both runs have the same weights"
    assert itself.similarity["cka"] == pytest.approx(1)


def test_runs_of_two_data_sets_are_not_compared(place, run, tmp_path):
    run("one")
    write_scenes(tmp_path / "other", 15, seed=50, side=32)
    options = {"backbone": f"{place}/net.py:maps", "size": 32, "epochs": 1}
    train(tmp_path / "other", out=tmp_path / "r", **options)
    with pytest.raises(InputError, match="same data"):
        compare(place / "one", tmp_path / "r")
    with pytest.raises(InputError, match="--data"):
        compare(place / "one", place / "one", data=tmp_path / "other")
    smoke = train(tmp_path / "other", out=tmp_path / "s", **options, subset_size=2, limit_steps=1)
    assert (smoke.images, smoke.steps) == (2, 1)


class Executes:
    def __reduce__(self):
        return os.mkdir, ("executed",)


def test_what_is_no_run_of_ours_is_refused_and_nothing_executed(place, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingError, match="segment train"):
        compare(tmp_path, tmp_path)
    run("mine")
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((place / "mine" / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Executes()))
    with pytest.raises(FormatError, match="a run of ours"):
        compare(tmp_path, tmp_path)
    (tmp_path / "config.json").write_text('{"schema": "other"}')
    with pytest.raises(FormatError, match="another schema"):
        open_run(tmp_path)
    assert not Path("executed").exists()


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        ((-0.01, 0.01), "equal"),
        ((0.001, 0.015), "equal"),
        ((0.01, 0.1), "better"),
        ((-0.3, -0.001), "worse"),
        ((-0.1, 0.1), "inconclusive"),
        ((None, None), "inconclusive"),
    ],
)
def test_the_verdict_follows_interval_and_margin(interval, word):
    assert verdict_of(Difference(0.0, *interval), 0.02) == word


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--backbone", "net.py:maps"], "--out"),
        (["--backbone", "net.py:maps", "--out", "x", "--ignore", "a"], "--ignore 255"),
        (["--backbone", "none.py:maps", "--out", "x"], "none.py"),
        (["--backbone", "net.py:maps", "--out", "x", "--classes", "a,b", "--size", "32"], "0000"),
    ],
)
def test_mistakes_are_errors(place, monkeypatch, options, says):
    monkeypatch.chdir(place)
    ran = CliRunner().invoke(app, ["segment", "train", "data", *options])
    assert ran.exit_code in (1, 2)
    assert says in ran.output
    assert "Traceback" not in ran.output
