"""Real weights on real images: the preprocessing is right when the accuracy is."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.extraction import Preprocessing
from repscope.study import Study
from repscope.verbs.extract.extract import extract

MODELS = Path(__file__).resolve().parents[2] / "examples" / "models"
IMAGENET: dict[str, Any] = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def test_resnet20_on_cifar10(shared_data: Path, tmp_path: Path) -> None:
    weights = shared_data / "weights" / "cifar10_resnet" / "resnet20-12fca82f.th"
    done = extract(
        shared_data / "images" / "cifar10_jpeg" / "dev",
        f"{MODELS}/resnet_cifar.py:resnet20",
        study=tmp_path / "s",
        weights=weights,
        capture={"features": "linear:input", "logits": "linear", "maps": "layer3"},
        preprocess=Preprocessing(**IMAGENET),
        device="cpu",
        batch_size=100,
    )
    assert done.sets[0].n == 1000
    study = Study.open(tmp_path / "s")
    logits, features = study["logits"], study["features"]
    right = np.array(CIFAR)[logits.vectors.argmax(1)] == logits.column("label")
    assert right.mean() == pytest.approx(0.804, abs=0.0015)
    assert features.d == 64
    # The average of the last map is what goes into the classifier.
    assert np.allclose(features.vectors, study["maps"].vectors, atol=1e-5)
    assert features.provenance["model"]["weights"]["stripped"] == "module."
    assert features.provenance["model"]["weights"]["sha256"].startswith(weights.stem.split("-")[1])


@pytest.mark.parametrize(("name", "d"), [("squeezenet1_1", 512), ("mobilenet_v2", 1280)])
def test_torchvision_weights_on_coco(shared_data: Path, tmp_path: Path, name: str, d: int) -> None:
    folder = "mobilenet" if name == "mobilenet_v2" else name
    file = {"squeezenet1_1": "squeezenet.py", "mobilenet_v2": "mobilenet_v2.py"}[name]
    coco = shared_data / "captions" / "coco_val_open"
    extract(
        coco / "images",
        f"{MODELS}/{file}:{name}",
        study=tmp_path / "s",
        weights=shared_data / "weights" / folder / f"{name}.torchvision.fp16.safetensors",
        capture={"features": "features", "early": "features.3", "logits": ""},
        preprocess=Preprocessing(resize=256, crop=(224, 224), **IMAGENET),
        device="cpu",
        batch_size=12,
    )
    study = Study.open(tmp_path / "s")
    assert study["features"].n == 36
    assert study["features"].d == d
    assert study["logits"].d == 1000
    labels = shared_data / "weights" / "mobilenet" / "imagenet_labels_1001.txt"
    names = labels.read_text().splitlines()[1:]
    top5 = {
        Path(one).stem: {names[k] for k in np.argsort(-row)[:5]}
        for one, row in zip(study["logits"].ids, study["logits"].vectors, strict=True)
    }
    # Captions and classes are different words; these images show what ImageNet has a class for.
    with (coco / "manifest.csv").open() as lines:
        captions = {Path(row["image"]).stem: row["caption1"].lower() for row in csv.DictReader(lines)}
    assert "grizzly" in captions["000000000285"]
    assert any("bear" in one for one in top5["000000000285"])
    assert "ski" in captions["000000000785"]
    assert any("ski" in one for one in top5["000000000785"])
