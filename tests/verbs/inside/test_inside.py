"""``repscope inside``: parts by what was given, one page with figures, numbers and commands."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import InputError
from repscope.testing.jepa import SmallJepa, digit_images
from repscope.verbs.inside.inside import inside

FILE = """
from repscope.testing.jepa import Encoder, SmallJepa
from torch import nn

def encoder():
    return Encoder()

def pair():
    net = nn.Linear(3, 2)
    return net, lambda net: net.weight.square().sum()
"""


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(FILE)
    Path("photos").mkdir()
    for number, image in enumerate(digit_images()[:12]):
        Image.fromarray((255 * image.transpose(1, 2, 0)).astype(np.uint8)).save(f"photos/{number:02d}.png")
    Path("log.csv").write_text("step,loss\n" + "\n".join(f"{k},{1 / (k + 1)}" for k in range(20)))


def test_one_page_with_what_was_given():
    ran = CliRunner().invoke(
        app,
        [
            *("inside", "photos", "--all", "--model", "net.py:encoder", "--logs", "log.csv"),
            *(
                "--landscape",
                "net.py:pair",
                "--cells",
                "3",
                "--grid",
                "4,4",
                "--samples",
                "8",
                "--limit",
                "8",
            ),
            *("--sampler", "random", "--out", "o", "--figures", "png", "--json"),
        ],
    )
    assert ran.exit_code == 0, ran.output
    record = json.loads(ran.stdout)
    assert record == json.loads(Path("o/metrics.json").read_text())
    assert record["schema"] == "repscope.inside/1"
    assert list(record["parts"]) == ["attention", "features", "masks", "training", "landscape"]
    assert record["left_out"] == {"predictions": "a source of images and --predictor FILE.py:callable"}
    assert record["parts"]["masks"]["schema"] == "repscope.masks/1"
    for name, figures in record["figures"].items():
        for figure in figures:
            assert Path(f"o/figures/{name}-{figure}.png").is_file()
    page = Path("o/report.html").read_text()
    assert "repscope masks --sampler random" in page
    assert "25% are seen" in page
    with Path("o/metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    masked = next(row for row in rows if row["part"] == "masks" and row["name"] == "measures.masked.ratio")
    assert float(masked["value"]) == pytest.approx(0.75)


def test_a_predictor_is_read_beside_its_encoder():
    torch.manual_seed(0)
    model = SmallJepa()
    found = inside("photos", parts=["predictions"], predictor=model, limit=8, show=1)
    (part,) = found.parts
    assert part.name == "predictions"
    assert any("Level 0" in sentence for sentence in part.said)
    assert found.replay == ""


def test_mistakes_are_errors():
    with pytest.raises(InputError, match="--logs LOG"):
        inside(parts=["training"])
    with pytest.raises(InputError, match="parts among"):
        inside(parts=["thoughts"])
    ran = CliRunner().invoke(app, ["inside", "--parts", "thoughts"])
    assert ran.exit_code == 1
    assert "attention" in ran.output
