"""``repscope landscape`` as a person and as a script meet it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import ExistsError, InputError, ModelError
from repscope.verbs.landscape.landscape import landscape

FILE = """
import torch
from torch import nn

def build():
    print("noise")
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1))
    x = torch.linspace(-1, 1, 40).reshape(10, 4)
    return net, lambda net: (net(x)[:, 0] - x[:, 0]).square().mean()

def alone():
    return nn.Linear(1, 1)

def steep():
    net = nn.Linear(2, 2)
    return net, lambda net: (30 * net.weight).exp().sum()

def fails():
    return nn.Linear(2, 2), lambda net: 1 / 0
"""


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(FILE)


def run(*arguments):
    return CliRunner().invoke(app, ["landscape", *arguments])


def test_everything_is_written_and_a_second_run_reads_it():
    ran = run("--model", "net.py:build", "--grid", "5", "--out", "o", "--figures", "png", "--json")
    assert ran.exit_code == 0, ran.output
    record = json.loads(ran.stdout)
    assert record == json.loads(Path("o/landscape.json").read_text())
    assert record["schema"] == "repscope.landscape/1"
    assert (record["grid"], len(record["losses"]), len(record["losses"][0])) == (5, 5, 5)
    assert record["centre"] == record["losses"][2][2]
    assert record["x"][2] == record["y"][2] == 0
    assert any("BatchNorm keeps" in note for note in record["notes"])
    assert {path.name for path in Path("o").iterdir()} == {
        "landscape.json", "cells.jsonl", "contours.png", "surface.png",
    }  # fmt: skip
    again = run("--model", "net.py:build", "--grid", "5", "--out", "o", "--figures", "png", "--json")
    assert json.loads(again.stdout) == record
    other = run("--model", "net.py:build", "--grid", "7", "--out", "o")
    assert other.exit_code == 1
    assert "--overwrite" in other.output


def test_the_path_of_a_training(tmp_path):
    def build():
        torch.manual_seed(0)
        net = nn.Linear(3, 2)
        x = torch.eye(3)
        return net, lambda net: (net(x) - 1).square().mean()

    net, loss = build()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.3)
    for step in range(6):
        torch.save(net.state_dict(), f"{step}.pt")
        optimiser.zero_grad()
        loss(net).backward()
        optimiser.step()
    found = landscape((net, loss), grid=7, directions="pca", checkpoints=[f"{step}.pt" for step in range(6)])
    assert found.path.shape == (6, 2)
    assert sum(found.explained) > 0.9
    assert found.centre == float(loss(net).detach())
    # Losses fall along the path, which the surface agrees with.
    assert found.losses.max() > found.centre
    folder = found.save(tmp_path / "o", formats=("png",))
    assert (folder / "contours.png").exists()
    assert found.replay == ""


def test_steep_losses_are_drawn_on_a_logarithm():
    ran = run("--model", "net.py:steep", "--grid", "5", "--span", "2", "--out", "o", "--figures", "png")
    assert ran.exit_code == 0, ran.output
    assert Path("o/contours.png").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--model", "net.py:build", "--grid", "4"], "--grid 25"),
        (["--model", "net.py:alone"], "(module, loss)"),
        (["--model", "net.py:fails"], "division by zero"),
        (["--model", "net.py:none"], "none"),
        (["--model", "net.py:build", "--directions", "pca"], "--checkpoints"),
        (["--model", "net.py:build", "--checkpoints", "a.pt"], "--checkpoints"),
        (["--model", "net.py:build", "--weights", "none.pt"], "none.pt"),
        ([], "--model"),
    ],
)
def test_mistakes_are_errors(options, says):
    ran = run(*options)
    assert ran.exit_code in (1, 2)
    assert says in ran.output
    assert "Traceback" not in ran.output


def test_torchscript_is_refused():
    with pytest.warns(DeprecationWarning, match="script"):
        scripted = torch.jit.script(nn.Linear(2, 2))
    with pytest.raises(ModelError, match="TorchScript"):
        landscape((scripted, lambda net: net.weight.sum()), grid=3)


def test_what_is_frozen_stays_and_is_said():
    net = nn.ModuleDict({"encoder": nn.Linear(3, 3), "target": nn.Linear(3, 3).requires_grad_(False)})
    before, seen = net["target"].weight.clone(), []

    def loss(net):
        seen.append(torch.equal(net["target"].weight, before))
        return (net["encoder"].weight - net["target"].weight).square().sum()

    found = landscape((net, loss), grid=3)
    assert all(seen)
    assert found.losses.min() < found.losses.max()
    assert "2 frozen parameters (no gradient) stay where they are" in found.notes
    # A model that was loaded to be looked at has no gradients at all, and moves.
    alone = nn.Linear(3, 3).requires_grad_(False)
    assert np.ptp(landscape((alone, lambda net: net.weight.square().sum()), grid=3).losses) > 0


def test_cells_of_another_loss_are_not_continued(tmp_path):
    net = nn.Linear(3, 3)
    landscape((net, lambda net: net.weight.sum()), grid=3, out=tmp_path)
    with pytest.raises(ExistsError, match="another"):
        landscape((net, lambda net: net.weight.square().sum()), grid=3, out=tmp_path)


def test_a_loss_without_a_number_is_an_error():
    with pytest.raises(InputError, match="none in 9 cells"):
        landscape((nn.Linear(3, 3), lambda net: net.weight.sum() * float("nan")), grid=3)
