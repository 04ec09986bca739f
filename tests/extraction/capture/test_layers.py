from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tests.extraction.conftest import Tiny
from torch import Tensor, nn
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import ModelError
from repscope.extraction import Preprocessing
from repscope.extraction.capture.layers import list_layers
from repscope.extraction.models.load import load_model
from repscope.study import Study
from repscope.verbs.extract.extract import extract
from repscope.verbs.layers.layers import layers

GREY = Image.new("RGB", (16, 16))


class Odd(nn.Module):
    """Outputs that cannot be rows, or only with a word more."""

    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Embedding(4, 3)
        self.counts = Counts()
        self.first = First()
        self.deep = nn.Conv3d(3, 2, (1, 1, 1))
        self.shared = nn.Linear(3, 3)
        self.alias = self.shared

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        places: Tensor = self.place(torch.arange(4))
        pooled = self.counts(x).float() + self.first(x)[1]
        self.deep(x[:, :, None])
        return {"logits": self.shared(pooled), "places": places}


class Counts(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x.mean((2, 3)) > 0).long()


class First(nn.Module):
    def forward(self, x: Tensor) -> tuple[None, Tensor]:
        return None, x.mean((2, 3))


def test_every_module_with_its_shape_parameters_and_whether_it_can_be_captured(tiny: Tiny) -> None:
    tiny.train()
    before = {name: value.clone() for name, value in tiny.state_dict().items()}
    found = list_layers(load_model(tiny), GREY)
    assert tiny.training
    assert all(torch.equal(value, before[name]) for name, value in tiny.state_dict().items())
    assert not any(module._forward_hooks for module in tiny.modules())
    assert found.inputs == {"image": "[B, 3, 16, 16] float32"}
    layers = {layer.path: layer for layer in found.layers}
    assert list(layers) == [name for name, _ in tiny.named_modules()]
    assert layers[""].parameters == sum(one.numel() for one in tiny.parameters())
    assert (layers["stem"].output, layers["stem"].capture) == ("[B, 4, 4, 4] float32", "map")
    assert (layers["tokens"].output, layers["tokens"].capture) == ("[B, 16, 4] float32", "tokens")
    assert (layers["head"].output, layers["head"].capture) == ("[B, 2] float32", "row")
    assert layers["head"].why == ""
    assert layers["twice"].calls == 2
    assert "twice@0 to @1" in layers["twice"].why
    assert layers["unused"].capture == ""
    assert "does not run" in layers["unused"].why


def test_what_cannot_be_captured_says_why() -> None:
    layers = {layer.path: layer for layer in list_layers(load_model(Odd()), GREY).layers}
    assert layers["place"].why == "its first axis is not the batch"
    assert layers["counts"].why == "it gives no floating tensor first"
    assert layers["first"].why == "it gives no floating tensor first"
    assert layers["deep"].why == "it is no vector for an item"
    assert layers[""].why == "it gives no floating tensor first"
    # One module under two names runs once, and either path captures it.
    assert layers["shared"].calls + layers["alias"].calls == 2


def test_what_the_list_allows_is_what_extract_does(tiny: Tiny, images: Path, tmp_path: Path) -> None:
    layers = list_layers(load_model(tiny), GREY).layers
    able = [one for one in layers if one.capture and not one.why]
    points = [f"{one.path}{':mean' if one.capture == 'tokens' else ''}=set_{i}" for i, one in enumerate(able)]
    extract(images, tiny, study=tmp_path / "s", capture=points, batch_size=4)
    assert len(Study.open(tmp_path / "s").sets) == len(able) == 7
    for one in layers:
        if not one.capture or one.why:
            with pytest.raises(ModelError):
                extract(images, tiny, study=tmp_path / "s", capture=[f"{one.path}=bad"])


def test_a_module_called_twice_in_a_run(tiny: Tiny, images: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"2 calls.*twice@0:output to twice@1:output"):
        extract(images, tiny, study=tmp_path / "s", capture=["twice=x"])
    extract(images, tiny, study=tmp_path / "s", capture=["twice@0=first", "twice@1=second"])
    assert Study.open(tmp_path / "s")["first"].n == 10


def test_a_model_that_does_not_run_is_the_users_error(tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_text("from torch import nn\ndef build():\n    return nn.Sequential(nn.Linear(7, 2))\n")
    with pytest.raises(ModelError, match=r"Tensor\[5, 3, 224, 224\]"):
        layers(f"{file}:build")


def test_preprocessing_of_the_callers_decides_the_size(model_file: Path) -> None:
    loaded = load_model(f"{model_file}:build", takes=None, given=Preprocessing(crop=(8, 12)))
    assert list_layers(loaded, GREY).inputs == {"image": "[B, 3, 8, 12] float32"}


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["layers", *map(str, arguments)])


def test_the_command(model_file: Path) -> None:
    shown = run(f"{model_file}:build", "--crop", "32")
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert lines[0] == "image input  [B, 3, 32, 32] float32"
    assert lines[1].split()[:4] == ["(the", "model)", "Tiny", "240"]
    assert any(line.startswith("adapter") and line.endswith("yes") for line in lines)
    assert any(line.startswith("unused") and "no: it does not run" in line for line in lines)
    record = json.loads(run(f"{model_file}:build", "--crop", "32", "--json").stdout)
    assert record["schema"] == "repscope.layers/1"
    assert record["parameters"] == 240
    assert record["layers"][1] == {
        "path": "stem",
        "kind": "Conv2d",
        "parameters": 196,
        "tower": "image",
        "calls": 1,
        "output": "[B, 4, 8, 8] float32",
        "capture": "map",
        "why": "",
    }
    wrong = run(f"{model_file}:built")
    assert wrong.exit_code == 1
    assert "choose one of build" in wrong.output
