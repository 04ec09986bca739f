"""Two layers of a real network on real images, in one pass: extracted, compared, mapped, reported."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.study import Study

MODEL = Path(__file__).resolve().parents[3] / "examples" / "models" / "resnet_cifar.py"
CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def run(*arguments: object):
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exit_code == 0, result.stderr
    return result


@pytest.mark.long
def test_the_last_block_of_resnet20_aligns_features_with_the_classifier(shared_data, tmp_path):
    import torch

    weights = shared_data / "weights" / "cifar10_resnet" / "resnet20-12fca82f.th"
    study = tmp_path / "study"
    run(
        "extract", shared_data / "images" / "cifar10_jpeg" / "dev", "--study", study,
        "--model", f"{MODEL}:resnet20", "--weights", weights, "--device", "cpu", "--quiet",
        "--capture", "layer3.1=block_2", "--capture", "layer3.2=block_3", "--capture", "linear=logits",
        "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225",
    )  # fmt: skip
    opened = Study(study)
    assert np.mean(
        np.array(CIFAR)[opened["logits"].vectors.argmax(axis=1)] == opened["logits"].column("label")
    ) == pytest.approx(0.804, abs=0.0015)

    state = torch.load(weights, weights_only=True, map_location="cpu")["state_dict"]
    opened.add("classifier", state["module.linear.weight"], {"id": CIFAR, "label": CIFAR})
    out = tmp_path / "out"
    run(
        "compare", study, "block_2", "block_3", "--reference", "classifier", "--on", "label",
        "--method", "tsne", "--out", out, "--figures", "png", "--quiet",
    )  # fmt: skip
    record = json.loads((out / "metrics.json").read_text())
    rows = {row["name"]: row for row in record["measures"]}
    assert record["n"] == 1000
    assert record["verdict"]["word"] == "aligned"
    # The classifier reads block 3: its directions tell the classes apart there, less so a block earlier.
    assert rows["top1.true"]["after"]["value"] > 0.7
    assert rows["top1.true"]["before"]["value"] < 0.6
    cka = next(row for row in record["similarity"] if row["name"] == "cka.debiased")
    assert cka["value"]["value"] > cka["null"]["high"]
    assert (out / "figures" / "map.png").stat().st_size > 10_000
    page = (out / "report.html").read_text()
    assert "data:image/jpeg" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
